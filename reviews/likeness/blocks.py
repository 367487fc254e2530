"""Reviews of one category, every one compared with every other, each forecast from all others. By numpy.

The same formulae as in `estimates`, for all reviews at once; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reviews.likeness.attributes import Attribute, Scale, distance
from reviews.likeness.sampling import Answer

Floats = NDArray[np.float64]
Table = NDArray[np.float32]


class Sums(NamedTuple):
    """What all pseudo-counts share, for one choice of bandwidths; rows are reviews, left out of their own row."""

    base: Floats
    here: Floats
    near: Floats
    rest: Floats
    rest_expected: Floats


class Space:
    """Squared distances of all codes of each attribute, and how often each code occurs."""

    def __init__(
        self, attributes: Sequence[Attribute], scales: Sequence[Scale], answers: Sequence[Answer]
    ) -> None:
        self.places: list[dict[int, int]] = []
        self.squares: list[Floats] = []
        self.shares: list[Floats] = []
        for place, (attribute, scale) in enumerate(zip(attributes, scales, strict=True)):
            seen = sorted({code for answer in answers if (code := answer.codes[place]) is not None})
            where = {code: index for index, code in enumerate(seen)}
            counts = np.zeros(len(seen))
            for answer in answers:
                if (code := answer.codes[place]) is not None:
                    counts[where[code]] += 1
            self.places.append(where)
            self.squares.append(
                np.array([[distance(attribute, scale, a, b) ** 2 for b in seen] for a in seen]).reshape(
                    len(seen), len(seen)
                )
            )
            self.shares.append(counts / max(1.0, counts.sum()))

    def blank(self, place: int, bandwidth: float | None) -> float:
        """The mean likeness of two people in one attribute."""
        if bandwidth is None or not len(self.shares[place]):
            return 1.0
        near = np.exp(-self.squares[place] / (2 * bandwidth**2))
        return float(self.shares[place] @ near @ self.shares[place])

    def table(self, place: int, bandwidth: float) -> Table:
        """Likeness of any two codes; the last row and column stand for unknown."""
        size = len(self.shares[place])
        table = np.full((size + 1, size + 1), self.blank(place, bandwidth), dtype=np.float32)
        table[:size, :size] = np.exp(-self.squares[place] / (2 * bandwidth**2))
        return table

    def index(self, place: int, answers: Sequence[Answer]) -> NDArray[np.intp]:
        """Rows of `table` for these reviews."""
        where, unknown = self.places[place], len(self.places[place])
        return np.array(
            [unknown if (code := answer.codes[place]) is None else where[code] for answer in answers],
            dtype=np.intp,
        )


class Block:
    """Reviews of one category, every one compared with every other."""

    def __init__(self, space: Space, answers: Sequence[Answer], everywhere: Floats) -> None:
        self.space, self.everywhere = space, everywhere
        self.size = len(answers)
        self.codes = [space.index(place, answers) for place in range(len(space.squares))]
        self.options = np.array([answer.option for answer in answers], dtype=np.intp)
        mass = np.array([answer.mass for answer in answers])
        self.mass = mass
        self.given = np.eye(len(everywhere))[self.options] * mass[:, None]
        products = np.array([answer.product for answer in answers], dtype=np.int64)
        self.products = products
        self.same = products[:, None] == products[None, :]
        self.fellows = self.same.astype(np.float32)
        np.fill_diagonal(self.fellows, 0)
        self.all_of_product = self.same.astype(np.float64) @ self.given

    def likeness(self, bandwidths: Sequence[float | None], without: int | None = None) -> Table:
        """How like each other any two reviews' authors are, as n x n."""
        found: Table = np.ones((self.size, self.size), dtype=np.float32)
        for place, bandwidth in enumerate(bandwidths):
            if bandwidth is not None and place != without:
                found *= self.one_likeness(place, bandwidth)
        return found

    def one_likeness(self, place: int, bandwidth: float) -> Table:
        """The same by one attribute alone."""
        return self.space.table(place, bandwidth)[self.codes[place][:, None], self.codes[place][None, :]]

    def members(self) -> list[NDArray[np.intp]]:
        """The rows of each product that has two or more."""
        order = np.argsort(self.products, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(self.products[order])) + 1)
        return [group for group in groups if len(group) > 1]

    def sums(self, likeness: Table, m_all: float) -> Sums:
        """See `estimates.estimate`: the same, for each review from all others."""
        base = rows_of(self.given.sum(0) - self.all_of_product + m_all * self.everywhere)
        near_all = likeness @ self.given
        of_product = likeness * self.fellows
        near = of_product @ self.given
        own = self.given * np.diagonal(likeness)[:, None]
        here = near_all - near - own + m_all * base
        expected = rows_of(here) * self.mass[:, None]
        return Sums(
            base=base,
            here=here,
            near=near,
            rest=self.fellows @ self.given - near,
            rest_expected=self.fellows @ expected - of_product @ expected,
        )

    def losses(self, sums: Sums, m_category: float, m_product: float) -> Floats:
        """Log-loss of each review, left out."""
        alphas = alphas_of(sums, m_category, m_product)
        chosen = alphas[np.arange(self.size), self.options]
        losses: Floats = -np.log(chosen / alphas.sum(1))
        return losses


def rows_of(values: Floats) -> Floats:
    shares: Floats = values / values.sum(1, keepdims=True)
    return shares


def alphas_of(sums: Sums, m_category: float, m_product: float) -> Floats:
    tilt = (sums.rest + m_category * sums.base) / (sums.rest_expected + m_category * sums.base)
    alphas: Floats = np.maximum(sums.near, 0) + m_product * rows_of(
        rows_of(sums.here) * np.maximum(tilt, 1e-9)
    )
    return alphas
