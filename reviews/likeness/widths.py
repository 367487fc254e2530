"""How wide intervals have to be, from the errors that forecasts for two people alike have in common."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reviews.likeness.blocks import Block, Floats, Space, Sums, Table, alphas_of, rows_of
from reviews.likeness.estimates import Learned, Width
from reviews.likeness.sampling import Answer, parts_of

# What a guess without any review by people alike is worth, how many reviews are worth one, what error remains.
PRIORS = (3.0, 4.5, 6.5, 9.0, 13.0, 19.0, 28.0)
SPREADS = (1.0, 1.5, 2.2, 3.3, 5.0)
FLOORS = (0.0, 0.01, 0.03, 0.08)
FADING = 0.25  # errors agree by this power of likeness: those of the whole product by 0, of smoothing by 0.5
DOUBT = 2.0  # log-likelihood that a wider interval may lack of the likeliest
BORROWED = 0.5  # how far an option's width listens to the other options
PARTNERS = 5  # reviews that each one is paired with to see how far errors agree
FEWEST_PAIRS = 60
MOST_CALIBRATED = 1500  # reviews of a category that intervals are learned from


class Pairs(NamedTuple):
    """Two reviews of one product by people like each other, each predicted without both. One row a pair."""

    one: Floats  # predicted shares, a column an option
    other: Floats
    chosen: Floats  # how many of the two chose the option
    n_like: Floats  # reviews behind the predictions, each counted by its likeness
    alike: Floats

    def likelihoods(self, width: Width) -> Floats:
        """Log-likelihood, by option, of what the pairs chose if intervals had this width."""
        agreement = self.alike**FADING / (1 + width.precision(self.n_like))
        wide = np.sqrt(self.one * (1 - self.one) * self.other * (1 - self.other))
        shared = agreement[:, None] * wide
        both, none = self.one * self.other + shared, (1 - self.one) * (1 - self.other) + shared
        chance = np.select([self.chosen == 2, self.chosen == 0], [both, none], (1 - both - none) / 2)
        likelihoods: Floats = np.log(np.maximum(chance, 1e-9)).sum(0)
        return likelihoods


def all_pairs(
    space: Space,
    by_category: dict[str, list[Answer]],
    found: dict[str, Learned],
    overall: Learned,
    everywhere: Floats,
) -> list[Pairs]:
    """Pairs of all categories, each with as many reviews as a page would have behind it."""
    pairs = []
    for part in parts_of(by_category, MOST_CALIBRATED):
        block = Block(space, part, everywhere)
        pairs.append(pairs_of(block, found.get(part[0].category, overall)))
    return pairs


def calibrated(found: Sequence[Pairs], learned: Learned) -> tuple[Width, ...]:
    """Choose the width of each option's interval by how far the errors for two people alike agree.

    If predictions were exact, what two people like each other report would be independent given the predictions; the
    error they share is what an interval must cover.
    """
    if sum(len(pairs.n_like) for pairs in found) < FEWEST_PAIRS:
        return learned.widths
    joined = Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))
    widths = [Width(*choice) for choice in product(PRIORS, SPREADS, FLOORS)]
    each = np.array([joined.likelihoods(width) for width in widths])
    heard = (1 - BORROWED) * each + BORROWED * each.sum(1, keepdims=True)
    sure = np.array([width.precision(joined.n_like).mean() for width in widths])
    # In doubt the wider: an interval that is too narrow misleads, one that is too wide only says less.
    possible = heard >= heard.max(0) - DOUBT
    return tuple(widths[best] for best in np.where(possible, sure[:, None], np.inf).argmin(0))


def pairs_of(block: Block, learned: Learned) -> Pairs:
    likeness = block.likeness(learned.bandwidths)
    first, second = _partners(block, likeness)
    sums = block.sums(likeness, learned.m_all)
    alike = likeness[first, second].astype(np.float64)
    one = _without(block, sums, first, second, alike, learned)
    other = _without(block, sums, second, first, alike, learned)
    chose = block.given > 0
    return Pairs(
        one=rows_of(one),
        other=rows_of(other),
        chosen=chose[first].astype(np.float64) + chose[second],
        n_like=(sums.near[first].sum(1) + sums.near[second].sum(1)) / 2 - alike * block.mass[second],
        alike=alike,
    )


def _partners(block: Block, likeness: Table) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Each review with a few of its product: those by the people most like its author, and some by lot."""
    lot = np.random.default_rng(7)
    pairs: list[NDArray[np.intp]] = [np.zeros((2, 0), dtype=np.intp)]
    for members in block.members():
        size = len(members)
        apart = 1 - likeness[np.ix_(members, members)] + lot.random((size, size)) * 1e-3
        for rank in (apart, lot.random((size, size))):
            np.fill_diagonal(rank, np.inf)
            near = np.argsort(rank, axis=1)[:, : min(PARTNERS, size - 1)]
            pairs.append(np.stack([np.repeat(members, near.shape[1]), members[near.ravel()]]))
    first, second = np.hstack(pairs)
    return first, second


def _without(
    block: Block,
    sums: Sums,
    rows: NDArray[np.intp],
    left_out: NDArray[np.intp],
    alike: Floats,
    learned: Learned,
) -> Floats:
    """Pseudo-counts of `rows` with one more review of the product left out."""
    expected = rows_of(sums.here) * block.mass[:, None]
    given, hoped, share = block.given[left_out], expected[left_out], alike[:, None]
    shorter = Sums(
        base=sums.base[rows],
        here=sums.here[rows],
        near=sums.near[rows] - share * given,
        rest=sums.rest[rows] - (1 - share) * given,
        rest_expected=sums.rest_expected[rows] - (1 - share) * hoped,
    )
    return alphas_of(shorter, learned.m_category, learned.m_product)
