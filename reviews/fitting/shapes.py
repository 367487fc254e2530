"""What was learned, to JSON and back. The JSON fields of `reviews.models` hold these shapes and no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from reviews.likeness.attributes import Attribute, Scale
from reviews.likeness.estimates import Cell, Learned, Width, nothing_learned
from reviews.models import FitCategory, FitTopic


def attributes_of(topic: FitTopic) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(row["key"], row["label"], row["kind"], tuple(row["options"])) for row in topic.attributes
    )


def plain_attributes(attributes: Iterable[Attribute]) -> list[dict[str, Any]]:
    return [asdict(attribute) | {"options": list(attribute.options)} for attribute in attributes]


def scales_of(topic: FitTopic) -> tuple[Scale, ...]:
    return tuple(Scale(tuple(row["cuts"]), tuple(row["places"])) for row in topic.scales)


def plain_scales(scales: Iterable[Scale]) -> list[dict[str, list[float]]]:
    return [{"cuts": list(scale.cuts), "places": list(scale.places)} for scale in scales]


def learned_of(topic: FitTopic, category: FitCategory | None) -> Learned:
    """What holds in a category: its own, else the topic's, else that nothing was learned yet."""
    row = (category.learned if category else None) or topic.learned
    if not row:
        return nothing_learned(len(topic.attributes), len(topic.options))
    return Learned(
        bandwidths=tuple(row["bandwidths"]),
        blanks=tuple(row["blanks"]),
        widths=tuple(Width(*width) for width in row["widths"]),
        m_all=row["m_all"],
        m_category=row["m_category"],
        m_product=row["m_product"],
    )


def plain_learned(learned: Learned) -> dict[str, Any]:
    return asdict(learned) | {"widths": [list(width) for width in learned.widths]}


def cells_of(rows: Iterable[Sequence[Any]]) -> list[Cell]:
    return [
        Cell(tuple(codes), tuple(masses), square, tuple(expected)) for codes, masses, square, expected in rows
    ]


def plain_cells(cells: Iterable[Cell]) -> list[list[Any]]:
    return [
        [
            list(cell.codes),
            [round(mass, 4) for mass in cell.masses],
            round(cell.square, 4),
            [round(mass, 4) for mass in cell.expected],
        ]
        for cell in cells
    ]
