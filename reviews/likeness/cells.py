"""Reviews added up by situation, and kept few: a page weighs cells, not reviews, however many reviews there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviews.likeness.attributes import Attribute, Code, Codes
from reviews.likeness.estimates import Cell, Learned

MOST_CELLS = 256  # situations of a product
MOST_CATEGORY_CELLS = 1000
COARSER = (2, 4, 8)  # numeric levels joined when there are too many situations


@dataclass(frozen=True, slots=True)
class Opinion:
    """One published review that answers the fit question. `option` is an index, `helpful` in (0, 1)."""

    review_id: int
    codes: Codes
    option: int
    mass: float
    helpful: float


def relevant(codes: Codes, learned: Learned) -> Codes:
    """The codes with those left out that make no difference: people who differ only there are the same."""
    return tuple(
        None if bandwidth is None else code for code, bandwidth in zip(codes, learned.bandwidths, strict=True)
    )


def group(opinions: Iterable[Opinion], learned: Learned) -> dict[Codes, list[Opinion]]:
    """Opinions by relevant situation, in an order that does not depend on theirs."""
    groups: dict[Codes, list[Opinion]] = {}
    for opinion in sorted(opinions, key=lambda opinion: opinion.review_id):
        groups.setdefault(relevant(opinion.codes, learned), []).append(opinion)
    return dict(sorted(groups.items(), key=lambda item: sort_key(item[0])))


def sort_key(codes: Codes) -> tuple[int, ...]:
    return tuple(-1 if code is None else code for code in codes)


def cell_of(codes: Codes, opinions: Sequence[Opinion], options: int) -> Cell:
    """One cell of opinions that share a situation."""
    masses = [0.0] * options
    for opinion in opinions:
        masses[opinion.option] += opinion.mass
    return Cell(codes, tuple(masses), sum(opinion.mass**2 for opinion in opinions))


def merge(cells: Iterable[Cell]) -> list[Cell]:
    """Cells of one situation made one. Their expectations are not kept."""
    merged: dict[Codes, Cell] = {}
    for cell in cells:
        known = merged.get(cell.codes)
        if known is None:
            merged[cell.codes] = Cell(cell.codes, cell.masses, cell.square)
        else:
            masses = tuple(one + other for one, other in zip(known.masses, cell.masses, strict=True))
            merged[cell.codes] = Cell(cell.codes, masses, known.square + cell.square)
    return [merged[codes] for codes in sorted(merged, key=sort_key)]


def few(attributes: Sequence[Attribute], codes: Iterable[Codes], most: int) -> dict[Codes, Codes]:
    """For each situation the one it is added to, so that at most `most` remain.

    Numeric levels are joined first; then the situations that come last in the order given lose what is known of them.
    """
    found = list(dict.fromkeys(codes))
    places = {code: code for code in found}
    for step in COARSER:
        if len(set(places.values())) <= most:
            return places
        places = {code: _coarse(attributes, code, step) for code in found}
    kept = list(dict.fromkeys(places.values()))
    if len(kept) <= most:
        return places
    unknown: Codes = (None,) * len(attributes)
    stay = set(kept[: most - 1])
    return {code: place if place in stay else unknown for code, place in places.items()}


def _coarse(attributes: Sequence[Attribute], codes: Codes, step: int) -> Codes:
    def coarse(attribute: Attribute, code: Code) -> Code:
        if code is None or attribute.kind != "numeric":
            return code
        return code // step * step + step // 2

    return tuple(coarse(attribute, code) for attribute, code in zip(attributes, codes, strict=True))


def add_up(
    opinions: Iterable[Opinion], *, attributes: Sequence[Attribute], learned: Learned, options: int
) -> list[tuple[Cell, list[Opinion]]]:
    """A product's reviews as at most MOST_CELLS cells, each with the reviews in it."""
    groups = group(opinions, learned)
    largest = sorted(groups, key=lambda codes: len(groups[codes]), reverse=True)
    places = few(attributes, largest, MOST_CELLS)
    joined: dict[Codes, list[Opinion]] = {}
    for codes, members in groups.items():
        joined.setdefault(places[codes], []).extend(members)
    return [(cell_of(codes, members, options), members) for codes, members in joined.items()]


def add_up_category(cells: Iterable[Cell], *, attributes: Sequence[Attribute]) -> list[Cell]:
    """The cells of a category's products as at most MOST_CATEGORY_CELLS."""
    merged = merge(cells)
    largest = sorted(merged, key=lambda cell: sum(cell.masses), reverse=True)
    places = few(attributes, (cell.codes for cell in largest), MOST_CATEGORY_CELLS)
    return merge(cell._replace(codes=places[cell.codes]) for cell in merged)
