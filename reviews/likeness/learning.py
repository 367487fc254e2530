"""Find the bandwidths and pseudo-counts that predict held-out reviews best. The only module here that needs numpy.

First for all categories of a need together, then for each category that has enough reviews of its own, starting from
what all share. An attribute counts only where it improves leave-one-out log-loss by more than `SURE` standard errors:
in doubt a product's plain mean is the better guess.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reviews.likeness.attributes import Attribute, Codes, Scale, distance
from reviews.likeness.estimates import Learned, Width, nothing_learned

Floats = NDArray[np.float64]
Table = NDArray[np.float32]
Counts = tuple[float, float]  # pseudo-reviews: of the category, of the product

BANDWIDTHS = (0.12, 0.2, 0.3, 0.45, 0.7)
COUNTS = tuple(product((2.0, 6.0, 18.0, 54.0), (2.0, 4.0, 8.0, 16.0, 40.0)))
SURE = 2.0  # standard errors by which an attribute has to improve the forecast
ROUNDS = 2
ENOUGH = 60  # reviews below which nothing is learned, or a category takes what was learned of all
MOST_PAIRS = 1_500_000  # of reviews compared when all categories are learned together
MOST_OF_CATEGORY = 700  # reviews that one category is learned from

# Of intervals: what a guess without any review by people alike is worth, what a review is worth, what remains.
PRIORS = (3.0, 4.5, 6.5, 9.0, 13.0, 19.0, 28.0)
SPREADS = (1.0, 1.5, 2.2, 3.3, 5.0)
FLOORS = (0.0, 0.01, 0.03, 0.08)
FADING = 0.25  # errors agree by this power of likeness: those of the whole product by 0, of smoothing by 0.5
DOUBT = 2.0  # log-likelihood that a wider interval may lack of the likeliest
BORROWED = 0.5  # how far an option's width listens to the other options
PARTNERS = 5  # reviews that each one is paired with to see how far errors agree
MOST_CALIBRATED = 1500  # reviews of a category that intervals are learned from


@dataclass(frozen=True, slots=True)
class Answer:
    """One review as learning sees it. `option` is an index; `mass` its weight."""

    product: int
    category: str
    codes: Codes
    option: int
    mass: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned of a need: of all categories together, and of those that differ."""

    overall: Learned
    categories: dict[str, Learned]
    everywhere: tuple[float, ...]
    gains: tuple[
        float, ...
    ]  # by attribute: nats of log-loss that leaving it out would cost, all categories together


class _Sums(NamedTuple):
    """What all pseudo-counts share, for one choice of bandwidths; rows are reviews, left out of their own row."""

    base: Floats
    here: Floats
    near: Floats
    rest: Floats
    rest_expected: Floats


def learn(
    answers: Sequence[Answer], *, attributes: Sequence[Attribute], scales: Sequence[Scale], options: int
) -> Lesson:
    """Learn from the published answers of one need. Which of many are looked at does not depend on their order."""
    everywhere = _shares(answers, options)
    if len(answers) < ENOUGH:
        plain = nothing_learned(len(attributes), options)
        return Lesson(plain, {}, tuple(everywhere), (0.0,) * len(attributes))
    space = _Space(attributes, scales, answers)
    by_category = _by_category(answers)
    each = max(ENOUGH, int((MOST_PAIRS / max(1, len(by_category))) ** 0.5))
    blocks = [_Block(space, part, everywhere) for part in _parts(by_category, each)]
    overall = _search(space, blocks, nothing_learned(len(attributes), options), COUNTS)
    found: dict[str, Learned] = {}
    for name, members in by_category.items():
        if len(by_category) > 1 and len(members) >= ENOUGH:
            block = _Block(space, _whole_products(members, MOST_OF_CATEGORY), everywhere)
            found[name] = _search(space, [block], overall, [(overall.m_category, overall.m_product)])
    widths = _calibrated(_all_pairs(space, by_category, found, overall, everywhere), overall)
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


def _by_category(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.category, []).append(answer)
    return dict(sorted(found.items()))


def _parts(by_category: dict[str, list[Answer]], each: int) -> Iterator[list[Answer]]:
    pairs = 0
    for members in sorted(by_category.values(), key=len, reverse=True):
        part = _whole_products(members, each)
        pairs += len(part) ** 2
        yield part
        if pairs > 6 * MOST_PAIRS:
            return


def _whole_products(members: Sequence[Answer], most: int) -> list[Answer]:
    """About `most` reviews, product by product: thinning out products would make them look emptier than they are."""
    products: dict[int, list[Answer]] = {}
    for answer in members:
        products.setdefault(answer.product, []).append(answer)
    chosen: list[Answer] = []
    for number in sorted(products, key=_mixed):
        chosen += _by_lot(products[number])[: most - len(chosen)]
        if len(chosen) >= most:
            break
    return chosen


def _mixed(thing: object) -> bytes:
    """A key that sorts by lot, always the same lot: sorted by what they say, the first reviews would say one thing."""
    return blake2b(repr(thing).encode(), digest_size=8).digest()


def _by_lot(answers: Sequence[Answer]) -> list[Answer]:
    """Shuffled, always the same way, whatever order they come in. Equal ones are told apart by counting them."""
    seen: Counter[Answer] = Counter()
    keyed = []
    for answer in answers:
        seen[answer] += 1
        keyed.append((_mixed((answer.codes, answer.option, answer.mass, seen[answer])), answer))
    return [answer for _, answer in sorted(keyed, key=lambda item: item[0])]


class _Space:
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


class _Block:
    """Reviews of one category, every one compared with every other."""

    def __init__(self, space: _Space, answers: Sequence[Answer], everywhere: Floats) -> None:
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

    def sums(self, likeness: Table, m_all: float) -> _Sums:
        """See `estimates.estimate`: the same, for each review from all others."""
        base = _rows(self.given.sum(0) - self.all_of_product + m_all * self.everywhere)
        near_all = likeness @ self.given
        of_product = likeness * self.fellows
        near = of_product @ self.given
        own = self.given * np.diagonal(likeness)[:, None]
        here = near_all - near - own + m_all * base
        expected = _rows(here) * self.mass[:, None]
        return _Sums(
            base=base,
            here=here,
            near=near,
            rest=self.fellows @ self.given - near,
            rest_expected=self.fellows @ expected - of_product @ expected,
        )

    def losses(self, sums: _Sums, m_category: float, m_product: float) -> Floats:
        """Log-loss of each review, left out."""
        alphas = _alphas(sums, m_category, m_product)
        chosen = alphas[np.arange(self.size), self.options]
        losses: Floats = -np.log(chosen / alphas.sum(1))
        return losses


def _rows(values: Floats) -> Floats:
    shares: Floats = values / values.sum(1, keepdims=True)
    return shares


def _alphas(sums: _Sums, m_category: float, m_product: float) -> Floats:
    tilt = (sums.rest + m_category * sums.base) / (sums.rest_expected + m_category * sums.base)
    alphas: Floats = np.maximum(sums.near, 0) + m_product * _rows(_rows(sums.here) * np.maximum(tilt, 1e-9))
    return alphas


def _search(space: _Space, blocks: Sequence[_Block], start: Learned, counts: Sequence[Counts]) -> Learned:
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
    blocks: Sequence[_Block], learned: Learned, place: int, usual: float | None, counts: Sequence[Counts]
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


def _narrowed(blocks: Sequence[_Block], held: Sequence[Table], place: int, bandwidth: float) -> list[Table]:
    return [others * block.one_likeness(place, bandwidth) for block, others in zip(blocks, held, strict=True)]


def _surely_less(losses: Floats, usual: Floats) -> bool:
    gain = usual - losses
    return bool(gain.mean() > SURE * gain.std() / len(gain) ** 0.5)


def _best(
    blocks: Sequence[_Block], likeness: Sequence[Table], learned: Learned, counts: Sequence[Counts]
) -> tuple[Floats, Counts]:
    """The losses under the pseudo-counts of the category and of the product that make them least, and those counts."""
    sums = [block.sums(like, learned.m_all) for block, like in zip(blocks, likeness, strict=True)]

    def losses(choice: Counts) -> Floats:
        return np.concatenate([block.losses(part, *choice) for block, part in zip(blocks, sums, strict=True)])

    found = [(losses(choice), choice) for choice in counts]
    return min(found, key=lambda one: float(one[0].mean()))


def _gains(blocks: Sequence[_Block], learned: Learned) -> tuple[float, ...]:
    def loss(without: int | None) -> float:
        likeness = [block.likeness(learned.bandwidths, without=without) for block in blocks]
        return float(_best(blocks, likeness, learned, COUNTS)[0].mean())

    full = loss(None)
    return tuple(
        0.0 if bandwidth is None else max(0.0, loss(place) - full)
        for place, bandwidth in enumerate(learned.bandwidths)
    )


class _Pairs(NamedTuple):
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


def _all_pairs(
    space: _Space,
    by_category: dict[str, list[Answer]],
    found: dict[str, Learned],
    overall: Learned,
    everywhere: Floats,
) -> list[_Pairs]:
    """Pairs of all categories, each with as many reviews as a page would have behind it."""
    pairs = []
    for part in _parts(by_category, MOST_CALIBRATED):
        block = _Block(space, part, everywhere)
        pairs.append(_pairs(block, found.get(part[0].category, overall)))
    return pairs


def _calibrated(found: Sequence[_Pairs], learned: Learned) -> tuple[Width, ...]:
    """Choose the width of each option's interval by how far the errors for two people alike agree.

    If predictions were exact, what two people like each other report would be independent given the predictions; the
    error they share is what an interval must cover.
    """
    if sum(len(pairs.n_like) for pairs in found) < ENOUGH:
        return learned.widths
    joined = _Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))
    widths = [Width(*choice) for choice in product(PRIORS, SPREADS, FLOORS)]
    each = np.array([joined.likelihoods(width) for width in widths])
    heard = (1 - BORROWED) * each + BORROWED * each.sum(1, keepdims=True)
    sure = np.array([width.precision(joined.n_like).mean() for width in widths])
    # In doubt the wider: an interval that is too narrow misleads, one that is too wide only says less.
    possible = heard >= heard.max(0) - DOUBT
    return tuple(widths[best] for best in np.where(possible, sure[:, None], np.inf).argmin(0))


def _pairs(block: _Block, learned: Learned) -> _Pairs:
    likeness = block.likeness(learned.bandwidths)
    first, second = _partners(block, likeness)
    sums = block.sums(likeness, learned.m_all)
    alike = likeness[first, second].astype(np.float64)
    one = _without(block, sums, first, second, alike, learned)
    other = _without(block, sums, second, first, alike, learned)
    chose = block.given > 0
    return _Pairs(
        one=_rows(one),
        other=_rows(other),
        chosen=chose[first].astype(np.float64) + chose[second],
        n_like=(sums.near[first].sum(1) + sums.near[second].sum(1)) / 2 - alike * block.mass[second],
        alike=alike,
    )


def _partners(block: _Block, likeness: Table) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
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
    block: _Block,
    sums: _Sums,
    rows: NDArray[np.intp],
    left_out: NDArray[np.intp],
    alike: Floats,
    learned: Learned,
) -> Floats:
    """Pseudo-counts of `rows` with one more review of the product left out."""
    expected = _rows(sums.here) * block.mass[:, None]
    given, hoped, share = block.given[left_out], expected[left_out], alike[:, None]
    shorter = _Sums(
        base=sums.base[rows],
        here=sums.here[rows],
        near=sums.near[rows] - share * given,
        rest=sums.rest[rows] - (1 - share) * given,
        rest_expected=sums.rest_expected[rows] - (1 - share) * hoped,
    )
    return _alphas(shorter, learned.m_category, learned.m_product)
