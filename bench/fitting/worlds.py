"""Shops whose truth is known: how a product fits a person follows from both, plus chance.

Behind each answer stands one number: the product's own leaning plus, where situations matter, slopes on two of four
attributes (shared by a category, varied by product), plus noise; it is cut into small, right and large. The counts of
reviews are heavy-tailed, so that many products have few.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reviews.likeness.attributes import Attribute

Floats = NDArray[np.float64]
OPTIONS = ("small", "right", "large")
NOISE, EDGE = 0.7, 0.75
READERS = 10  # a product

NUMERIC = tuple(Attribute(f"x{place}", f"x{place}", "numeric") for place in range(4))
MIXED = (
    Attribute("width", "Width", "ordinal", ("1", "2", "3", "4", "5")),
    Attribute("use", "Use", "nominal", ("a", "b", "c", "d")),
    Attribute("terrain", "Terrain", "set", ("road", "trail", "sand")),
    Attribute("weight", "Weight", "numeric"),
)


@dataclass(frozen=True)
class World:
    """Reviews as (product, situation, option), and readers with what is true for them."""

    attributes: tuple[Attribute, ...]
    categories: list[str]  # by product
    products: list[int]
    situations: list[dict[str, Any]]
    chosen: NDArray[np.intp]
    reader_products: list[int]
    readers: list[dict[str, Any]]
    truth: Floats  # a row a reader, a column an option


def numeric_world(*, seed: int, each: float, matters: bool, products: int = 200) -> World:
    """Four numbers; the first two matter, or none."""
    chance = np.random.default_rng(seed)
    slopes = np.array([1.2, 1.2, 0, 0]) if matters else np.zeros(4)
    people = _people(chance, products, each)
    x = [chance.random((len(owners), 4)) for owners in people]

    def told(rows: Floats) -> list[dict[str, Any]]:
        return [{f"x{place}": float(value) for place, value in enumerate(row)} for row in rows]

    return _world(chance, NUMERIC, people, [rows - 0.5 for rows in x], slopes, [told(rows) for rows in x])


def mixed_world(
    *, seed: int, each: float, matters: bool = True, products: int = 200, silent: float = 0.15
) -> World:
    """One attribute of each kind; width and use matter. Reviewers leave `silent` of the answers out; readers none."""
    chance = np.random.default_rng(seed)
    slopes = np.array([1.4, 1.0, 0, 0]) if matters else np.zeros(4)
    people = _people(chance, products, each)
    of_use = chance.normal(0, 0.5, 4)
    given = [_mixed_people(chance, len(owners)) for owners in people]
    x = [
        np.array(
            [[(int(one["width"]) - 3) / 4, of_use["abcd".index(one["use"])], 0, 0] for one in side]
        ).reshape(-1, 4)
        for side in given
    ]
    reviewers = [{key: value for key, value in one.items() if chance.random() > silent} for one in given[0]]
    return _world(chance, MIXED, people, x, slopes, [reviewers, given[1]])


def _mixed_people(chance: np.random.Generator, number: int) -> list[dict[str, Any]]:
    return [
        {
            "width": str(chance.integers(1, 6)),
            "use": "abcd"[chance.integers(4)],
            "terrain": [name for name in ("road", "trail", "sand") if chance.random() < 0.5],
            "weight": float(chance.normal(70, 12)),
        }
        for _ in range(number)
    ]


def _people(chance: np.random.Generator, products: int, each: float) -> list[NDArray[np.intp]]:
    """Whose product: of the reviewers, and of the readers."""
    counts = chance.poisson(each * chance.gamma(1.0, 1.0, products))
    return [np.repeat(np.arange(products), counts), np.repeat(np.arange(products), READERS)]


def _world(
    chance: np.random.Generator,
    attributes: tuple[Attribute, ...],
    people: list[NDArray[np.intp]],
    x: list[Floats],
    slopes: Floats,
    told: list[list[dict[str, Any]]],
) -> World:
    products = int(people[1].max()) + 1
    category = chance.integers(0, 10, products)
    leaning = chance.normal(0, 0.45, 10)[category] + chance.normal(0, 0.35, products)
    slope = chance.normal(0, 1, (10, 4))[category] * slopes + chance.normal(0, 0.5, (products, 4)) * slopes
    middle = [leaning[owner] + (rows * slope[owner]).sum(1) for owner, rows in zip(people, x, strict=True)]
    noisy = middle[0] + chance.normal(0, NOISE, len(middle[0]))
    small, large = _below((-EDGE - middle[1]) / NOISE), 1 - _below((EDGE - middle[1]) / NOISE)
    return World(
        attributes=attributes,
        categories=[str(name) for name in category],
        products=people[0].tolist(),
        situations=told[0],
        chosen=np.digitize(noisy, [-EDGE, EDGE]),
        reader_products=people[1].tolist(),
        readers=told[1],
        truth=np.stack([small, 1 - small - large, large], axis=1),
    )


def _below(z: Floats) -> Floats:
    return np.array([0.5 * (1 + erf(value / 2**0.5)) for value in z])
