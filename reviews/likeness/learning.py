"""Find the bandwidths and pseudo-counts that predict held-out reviews best. With numpy, in the background.

First for all categories of a need together, then for each category that has enough reviews of its own, starting from
what all share. An attribute counts only where it improves leave-one-out log-loss by more than `SURE` standard errors:
in doubt a product's plain mean is the better guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from reviews.likeness.attributes import Attribute, Scale
from reviews.likeness.blocks import Block, Floats, Space, Table
from reviews.likeness.estimates import Learned, nothing_learned
from reviews.likeness.sampling import MOST_PAIRS, Answer, by_category_of, parts_of, whole_products
from reviews.likeness.widths import all_pairs, calibrated

Counts = tuple[float, float]  # pseudo-reviews: of the category, of the product

BANDWIDTHS = (0.12, 0.2, 0.3, 0.45, 0.7)
COUNTS = tuple(product((2.0, 6.0, 18.0, 54.0), (2.0, 4.0, 8.0, 16.0, 40.0)))
SURE = 2.0  # standard errors by which an attribute has to improve the forecast
ROUNDS = 2
ENOUGH = 60  # reviews below which nothing is learned, or a category takes what was learned of all
MOST_OF_CATEGORY = 700  # reviews that one category is learned from


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned of a need: of all categories together, and of those that differ."""

    overall: Learned
    categories: dict[str, Learned]
    everywhere: tuple[float, ...]
    gains: tuple[
        float, ...
    ]  # by attribute: nats of log-loss that leaving it out would cost, all categories together


def learn(
    answers: Sequence[Answer], *, attributes: Sequence[Attribute], scales: Sequence[Scale], options: int
) -> Lesson:
    """Learn from the published answers of one need. Which of many are looked at does not depend on their order."""
    everywhere = _shares(answers, options)
    if len(answers) < ENOUGH:
        plain = nothing_learned(len(attributes), options)
        return Lesson(plain, {}, tuple(everywhere), (0.0,) * len(attributes))
    space = Space(attributes, scales, answers)
    by_category = by_category_of(answers)
    each = max(ENOUGH, int((MOST_PAIRS / max(1, len(by_category))) ** 0.5))
    blocks = [Block(space, part, everywhere) for part in parts_of(by_category, each)]
    overall = _search(space, blocks, nothing_learned(len(attributes), options), COUNTS)
    found: dict[str, Learned] = {}
    for name, members in by_category.items():
        if len(by_category) > 1 and len(members) >= ENOUGH:
            block = Block(space, whole_products(members, MOST_OF_CATEGORY), everywhere)
            found[name] = _search(space, [block], overall, [(overall.m_category, overall.m_product)])
    widths = calibrated(all_pairs(space, by_category, found, overall, everywhere), overall)
    return Lesson(
        overall=replace(overall, widths=widths),
        categories={name: replace(learned, widths=widths) for name, learned in found.items()},
        everywhere=tuple(everywhere),
        gains=_gains(blocks, overall),
    )


def _shares(answers: Sequence[Answer], options: int) -> Floats:
    counts = np.ones(options)
    for answer in answers:
        counts[answer.option] += answer.mass
    shares: Floats = counts / counts.sum()
    return shares


def _search(space: Space, blocks: Sequence[Block], start: Learned, counts: Sequence[Counts]) -> Learned:
    """Coordinate search: each attribute in turn, every choice with the pseudo-counts that suit it best.

    Were the counts held, a narrow kernel could win only because it draws figures more towards the category.
    """
    learned = start
    for _ in range(ROUNDS):
        before = learned.bandwidths
        for place in range(len(space.squares)):
            learned = _search_attribute(blocks, learned, place, start.bandwidths[place], counts)
        if learned.bandwidths == before:
            break
    m_category, m_product = _best(
        blocks, [block.likeness(learned.bandwidths) for block in blocks], learned, counts
    )[1]
    blanks = tuple(space.blank(place, bandwidth) for place, bandwidth in enumerate(learned.bandwidths))
    return replace(learned, blanks=blanks, m_category=m_category, m_product=m_product)


def _search_attribute(
    blocks: Sequence[Block], learned: Learned, place: int, usual: float | None, counts: Sequence[Counts]
) -> Learned:
    held = [block.likeness(learned.bandwidths, without=place) for block in blocks]
    losses = {}
    for bandwidth in (usual, None, *BANDWIDTHS):
        if bandwidth not in losses:
            likeness = held if bandwidth is None else _narrowed(blocks, held, place, bandwidth)
            losses[bandwidth] = _best(blocks, likeness, learned, counts)[0]
    best = min(losses, key=lambda bandwidth: losses[bandwidth].mean())
    if not _surely_less(losses[best], losses[usual]):
        best = usual
    chosen = (*learned.bandwidths[:place], best, *learned.bandwidths[place + 1 :])
    return replace(learned, bandwidths=chosen)


def _narrowed(blocks: Sequence[Block], held: Sequence[Table], place: int, bandwidth: float) -> list[Table]:
    return [others * block.one_likeness(place, bandwidth) for block, others in zip(blocks, held, strict=True)]


def _surely_less(losses: Floats, usual: Floats) -> bool:
    gain = usual - losses
    return bool(gain.mean() > SURE * gain.std() / len(gain) ** 0.5)


def _best(
    blocks: Sequence[Block], likeness: Sequence[Table], learned: Learned, counts: Sequence[Counts]
) -> tuple[Floats, Counts]:
    """The losses under the pseudo-counts of the category and of the product that make them least, and those counts."""
    sums = [block.sums(like, learned.m_all) for block, like in zip(blocks, likeness, strict=True)]

    def losses(choice: Counts) -> Floats:
        return np.concatenate([block.losses(part, *choice) for block, part in zip(blocks, sums, strict=True)])

    found = [(losses(choice), choice) for choice in counts]
    return min(found, key=lambda one: float(one[0].mean()))


def _gains(blocks: Sequence[Block], learned: Learned) -> tuple[float, ...]:
    def loss(without: int | None) -> float:
        likeness = [block.likeness(learned.bandwidths, without=without) for block in blocks]
        return float(_best(blocks, likeness, learned, COUNTS)[0].mean())

    full = loss(None)
    return tuple(
        0.0 if bandwidth is None else max(0.0, loss(place) - full)
        for place, bandwidth in enumerate(learned.bandwidths)
    )
