"""Ours as the application computes it, and what others do instead. Each gives shares, a row a reader."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.fitting.worlds import World
from reviews.likeness.attributes import LEVELS, Attribute, Code, encode, learn_scale
from reviews.likeness.cells import Opinion, add_up, add_up_category
from reviews.likeness.estimates import Posterior, estimate, likeness_to
from reviews.likeness.expecting import expect
from reviews.likeness.learning import learn
from reviews.likeness.sampling import Answer

Floats = NDArray[np.float64]


class Ours(NamedTuple):
    """What was said to each reader."""

    shares: Floats
    posteriors: list[Posterior]


def ours(world: World) -> Ours:
    """Learn, add up, weigh: the same calls that `reviews.fitting` and `reviews.fits` make, without the rows."""
    attributes, options = world.attributes, world.truth.shape[1]
    scales = [learn_scale(one, (told.get(one.key) for told in world.situations)) for one in attributes]
    opinions: dict[str, dict[int, list[Opinion]]] = {}
    answers = []
    for number, (product, told, option) in enumerate(
        zip(world.products, world.situations, world.chosen.tolist(), strict=True)
    ):
        codes, category = encode(attributes, scales, told), world.categories[product]
        answers.append(Answer(product, category, codes, option, 1.0))
        opinion = Opinion(number, codes, option, 1.0, 0.5)
        opinions.setdefault(category, {}).setdefault(product, []).append(opinion)
    lesson = learn(answers, attributes=attributes, scales=scales, options=options)
    readers: dict[int, list[int]] = {}
    for number, product in enumerate(world.reader_products):
        readers.setdefault(product, []).append(number)
    found: dict[int, Posterior] = {}
    for category in sorted(set(world.categories)):
        learned = lesson.categories.get(category, lesson.overall)
        of_category = opinions.get(category, {})
        added = {
            product: [
                cell for cell, _ in add_up(own, attributes=attributes, learned=learned, options=options)
            ]
            for product, own in of_category.items()
        }
        everyone = add_up_category((cell for own in added.values() for cell in own), attributes=attributes)
        filled = expect(
            list(added.values()),
            category=everyone,
            everywhere=lesson.everywhere,
            attributes=attributes,
            scales=scales,
            learned=learned,
        )
        cells = dict(zip(added, filled, strict=True))
        for product, numbers in readers.items():
            if world.categories[product] != category:
                continue
            for number in numbers:
                codes = encode(attributes, scales, world.readers[number])
                found[number] = estimate(
                    likeness_to(codes, attributes, scales, learned),
                    product=cells.get(product, []),
                    category=everyone,
                    everywhere=lesson.everywhere,
                    learned=learned,
                )
    posteriors = [found[number] for number in range(len(world.readers))]
    return Ours(np.array([posterior.shares for posterior in posteriors]), posteriors)


def product_mean(world: World) -> Floats:
    """Each product by itself, one pseudo-review an answer."""
    counts = _counts(world) + 1
    return _rows(counts)[world.reader_products]


def shrunk_mean(world: World, m: float = 8.0) -> Floats:
    """The product's mean drawn to its category's, and that to all."""
    counts = _counts(world)
    everywhere = counts.sum(0) / counts.sum()
    categories = np.array(world.categories)
    base = np.array([counts[categories == name].sum(0) for name in world.categories]) + m * everywhere
    return _rows(counts + m * _rows(base))[world.reader_products]


def exact_filter(world: World) -> Floats:
    """As filters on a page do: reviews with the same answers only (numbers by halves), else the product's mean."""
    halves = {
        one.key: float(np.median([told[one.key] for told in world.situations if one.key in told]))
        for one in world.attributes
        if one.kind == "numeric"
    }

    def key(product: int, told: dict[str, Any]) -> tuple[Any, ...]:
        return product, *(
            str(told.get(one.key)) if one.key not in halves else told.get(one.key, 0) > halves[one.key]
            for one in world.attributes
        )

    same: dict[tuple[Any, ...], Floats] = {}
    for product, told, option in zip(world.products, world.situations, world.chosen, strict=True):
        same.setdefault(key(product, told), np.ones(world.truth.shape[1]))[option] += 1
    plain = product_mean(world)
    rows = [
        same.get(key(product, told), plain[number])
        for number, (product, told) in enumerate(zip(world.reader_products, world.readers, strict=True))
    ]
    return _rows(np.array(rows))


def logistic(world: World, ridge: float = 1.0, rounds: int = 150) -> Floats:
    """Ridge multinomial regression on category × situation and product, by Böhning's fixed bound on the curvature."""
    options = world.truth.shape[1]
    x = _design(world, world.products, world.situations)
    given = np.eye(options)[world.chosen]
    curvature = np.linalg.inv(0.5 * (x.T @ x) + ridge * np.eye(x.shape[1]))
    weights = np.zeros((x.shape[1], options))
    for _ in range(rounds):
        step = curvature @ (x.T @ (given - _softmax(x @ weights)) - ridge * weights)
        weights += step
        if np.abs(step).max() < 1e-4:
            break
    return _softmax(_design(world, world.reader_products, world.readers) @ weights)


def _design(world: World, products: list[int], situations: list[dict[str, Any]]) -> Floats:
    scales = [learn_scale(one, (told.get(one.key) for told in world.situations)) for one in world.attributes]
    codes = [encode(world.attributes, scales, told) for told in situations]
    columns = np.array(
        [
            [value for one, code in zip(world.attributes, row, strict=True) for value in _features(one, code)]
            for row in codes
        ]
    )
    names = sorted(set(world.categories))
    category = np.eye(len(names))[[names.index(world.categories[product]) for product in products]]
    crossed = (category[:, :, None] * columns[:, None, :]).reshape(len(products), -1)
    return np.hstack([columns, category, crossed, np.eye(len(world.categories))[products]])


def _features(attribute: Attribute, code: Code) -> list[float]:
    if attribute.kind == "numeric":
        return [0.0 if code is None else code / (LEVELS - 1) - 0.5, float(code is None)]
    if attribute.kind == "ordinal":
        return [0.0 if code is None else code / (len(attribute.options) - 1) - 0.5, float(code is None)]
    if attribute.kind == "set":
        return [float(code is not None and code >> place & 1) for place in range(len(attribute.options))]
    return [float(code == place) for place in range(len(attribute.options))]


def _counts(world: World) -> Floats:
    counts = np.zeros((len(world.categories), world.truth.shape[1]))
    np.add.at(counts, (np.array(world.products), world.chosen), 1)
    return counts


def _rows(values: Floats) -> Floats:
    shares: Floats = values / values.sum(1, keepdims=True)
    return shares


def _softmax(scores: Floats) -> Floats:
    return _rows(np.exp(scores - scores.max(1, keepdims=True)))
