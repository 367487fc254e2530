"""What people in a product's situations report of the category's other products. For many cells at once, by numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reviews.likeness.attributes import Attribute, Code, Scale
from reviews.likeness.estimates import Cell, Learned, closeness

Floats = NDArray[np.float64]


def expect(
    products: Sequence[Sequence[Cell]],
    *,
    category: Sequence[Cell],
    everywhere: Sequence[float],
    attributes: Sequence[Attribute],
    scales: Sequence[Scale],
    learned: Learned,
) -> list[list[Cell]]:
    """The products' cells with `expected` filled in; see `estimates.estimate` for the formula."""
    near = _Nearness(attributes, scales, learned)
    sums = np.array([cell.masses for cell in category]).reshape(len(category), len(everywhere))
    filled = []
    for cells in products:
        own = np.array([cell.masses for cell in cells]).reshape(len(cells), len(everywhere))
        base = np.maximum(sums.sum(0) - own.sum(0), 0) + learned.m_all * np.array(everywhere)
        base /= base.sum()
        others = np.maximum(near(cells, category) @ sums - near(cells, cells) @ own, 0)
        shares = others + learned.m_all * base
        shares = shares / shares.sum(1, keepdims=True) * own.sum(1, keepdims=True)
        filled.append(
            [cell._replace(expected=tuple(row)) for cell, row in zip(cells, shares.tolist(), strict=True)]
        )
    return filled


class _Nearness:
    """Likeness of cells to cells; it remembers how like two codes of an attribute are."""

    def __init__(self, attributes: Sequence[Attribute], scales: Sequence[Scale], learned: Learned) -> None:
        self.sides = [
            (place, attribute, scale, bandwidth, blank)
            for place, (attribute, scale, bandwidth, blank) in enumerate(
                zip(attributes, scales, learned.bandwidths, learned.blanks, strict=True)
            )
            if bandwidth is not None
        ]
        self.known: dict[tuple[int, Code, Code], float] = {}

    def __call__(self, rows: Sequence[Cell], columns: Sequence[Cell]) -> Floats:
        found = np.ones((len(rows), len(columns)))
        for place, attribute, scale, bandwidth, blank in self.sides:
            mine, row_index = _distinct(rows, place)
            theirs, column_index = _distinct(columns, place)
            table = np.array(
                [[self._one(place, attribute, scale, bandwidth, blank, a, b) for b in theirs] for a in mine]
            )
            found *= table[row_index[:, None], column_index[None, :]]
        return found

    def _one(
        self, place: int, attribute: Attribute, scale: Scale, bandwidth: float, blank: float, a: Code, b: Code
    ) -> float:
        key = (place, a, b)
        if key not in self.known:
            self.known[key] = closeness(attribute, scale, bandwidth, blank, a, b)
        return self.known[key]


def _distinct(cells: Sequence[Cell], place: int) -> tuple[list[Code], NDArray[np.intp]]:
    codes = list(dict.fromkeys(cell.codes[place] for cell in cells))
    where = {code: index for index, code in enumerate(codes)}
    return codes, np.array([where[cell.codes[place]] for cell in cells], dtype=np.intp)
