"""The order of reviews for one reader: by likeness and helpfulness, and never praise or criticism alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FIRST = 5  # the reviews that most readers see


@dataclass(frozen=True, slots=True)
class Candidate:
    """A review that may be shown. `about` is the caller's own."""

    review_id: int
    weight: float
    helpful: float
    is_good: bool  # it says that the product fitted
    about: Any = None


def similar_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    """By weight × helpfulness, newer first among equals; when both sides exist, both are in the first five.

    Praise and criticism are treated alike: whichever side is missing gets the fifth place.
    """
    ordered = sorted(
        candidates, key=lambda one: (one.weight * one.helpful, one.weight, one.review_id), reverse=True
    )
    sides = {one.is_good for one in ordered[:FIRST]}
    if len(sides) != 1:
        return ordered
    missing = [one for one in ordered[FIRST:] if one.is_good not in sides]
    if not missing:
        return ordered
    kept = [one for one in ordered if one is not missing[0]]
    return [*kept[: FIRST - 1], missing[0], *kept[FIRST - 1 :]]
