"""What people like the reader found: a Dirichlet posterior that goes from all reviews to category, product and reader.

Each review counts once: by its likeness to the reader directly, and with the rest of its weight for the product as a
whole. So where no attribute matters, every review is wholly "like the reader", and the figure is exactly the
product's mean shrunk to its category. Plain Python; docs/fit.md has the formulae.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, NamedTuple

from reviews.likeness.attributes import Attribute, Code, Codes, Scale, distance
from reviews.likeness.intervals import beta_interval


class Cell(NamedTuple):
    """Reviews of one situation, added up. `expected` is what people in it report of the category's other products."""

    codes: Codes
    masses: tuple[float, ...]  # the reviews' weights, by option
    square: float  # the sum of their squares
    expected: tuple[float, ...] = ()  # adds up to the same as `masses`


class Width(NamedTuple):
    """How sure an option's share is: a precision of 1 / (1 / (prior + n_like / spread) + floor) pseudo-counts."""

    prior: float  # what a guess without any review by people alike is worth
    spread: float  # how many reviews are worth one, because people alike are still not the same
    floor: float  # error that no number of reviews removes

    def precision(self, n_like: Any) -> Any:
        """Pseudo-counts that an interval may rest on: of a number, or of an array of numbers."""
        return 1 / (1 / (self.prior + n_like / self.spread) + self.floor)


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of one category. A bandwidth of None: the attribute makes no difference."""

    bandwidths: tuple[float | None, ...]
    blanks: tuple[float, ...]  # mean likeness in each attribute, taken where one side is unknown
    widths: tuple[Width, ...]  # by option, set by the errors seen on held-out reviews
    m_all: float = 8.0  # pseudo-reviews of all categories behind a category
    m_category: float = 8.0  # of the category behind a product's tilt
    m_product: float = 8.0  # of the product behind the reader's own figure


def nothing_learned(attributes: int, options: int) -> Learned:
    """Where there are too few reviews to learn from: everyone counts alike."""
    return Learned((None,) * attributes, (1.0,) * attributes, (Width(4.0, 1.0, 0.02),) * options)


@dataclass(frozen=True, slots=True)
class Posterior:
    """Pseudo-counts by option, and how many reviews stand behind them."""

    alphas: tuple[float, ...]
    n_like: float  # reviews, each counted by its likeness
    n_eff: float  # equally like reviews that would say as much (Kish)
    precisions: tuple[float, ...]  # by option: the pseudo-counts that its interval may rest on

    @property
    def shares(self) -> tuple[float, ...]:
        """Probabilities by option; they add up to 1."""
        total = sum(self.alphas)
        return tuple(alpha / total for alpha in self.alphas)

    def interval(self, option: int) -> tuple[float, float]:
        """The central 80 % interval of one option's share."""
        share, precision = self.shares[option], self.precisions[option]
        return beta_interval(share * precision, (1 - share) * precision)


def likeness_to(
    reader: Codes, attributes: Sequence[Attribute], scales: Sequence[Scale], learned: Learned
) -> Callable[[Codes], float]:
    """A function that tells how like the reader a situation is, in (0, 1]; it remembers what it worked out."""
    sides: list[tuple[int, Code, Attribute, Scale, float, float, dict[Code, float]]] = [
        (place, code, attribute, scale, bandwidth, blank, {})
        for place, (code, attribute, scale, bandwidth, blank) in enumerate(
            zip(reader, attributes, scales, learned.bandwidths, learned.blanks, strict=True)
        )
        if bandwidth is not None
    ]

    def likeness(codes: Codes) -> float:
        product = 1.0
        for place, mine, attribute, scale, bandwidth, blank, known in sides:
            theirs = codes[place]
            if theirs not in known:
                known[theirs] = closeness(attribute, scale, bandwidth, blank, mine, theirs)
            product *= known[theirs]
        return product

    return likeness


def closeness(
    attribute: Attribute, scale: Scale, bandwidth: float | None, blank: float, one: Code, other: Code
) -> float:
    """Likeness in one attribute, in (0, 1]: `blank` where either side is unknown, never 1 for ignorance."""
    if bandwidth is None:
        return 1.0
    if one is None or other is None:
        return blank
    return exp(-((distance(attribute, scale, one, other) / bandwidth) ** 2) / 2)


def estimate(
    likeness: Callable[[Codes], float],
    *,
    product: Sequence[Cell],
    category: Sequence[Cell],
    everywhere: Sequence[float],
    learned: Learned,
) -> Posterior:
    """The posterior of one reader for one product.

    `category` holds all reviews of the category, those of the product too; they are taken off again here.
    `everywhere` are the shares over all categories.
    """
    options = len(everywhere)
    near, own, n_like, squares, rest, rest_expected = _weigh_product(likeness, product, options)
    others, others_near = _weigh_category(likeness, category, options)
    known = [max(0.0, others[k] - own[k]) + learned.m_all * everywhere[k] for k in range(options)]
    base = _normalised(known)
    here = [max(0.0, others_near[k] - near[k]) + learned.m_all * base[k] for k in range(options)]
    # Reviewers of a product may be in easier situations than others: compare with what was to be expected of *them*.
    m = learned.m_category
    tilt = [(rest[k] + m * base[k]) / (rest_expected[k] + m * base[k]) for k in range(options)]
    prior = _normalised([share * factor for share, factor in zip(_normalised(here), tilt, strict=True)])
    alphas = tuple(near[k] + learned.m_product * prior[k] for k in range(options))
    return Posterior(
        alphas=alphas,
        n_like=n_like,
        n_eff=n_like * n_like / squares if squares else 0.0,
        precisions=tuple(width.precision(n_like) for width in learned.widths),
    )


def _weigh_product(
    likeness: Callable[[Codes], float], cells: Sequence[Cell], options: int
) -> tuple[list[float], list[float], float, float, list[float], list[float]]:
    near, own = [0.0] * options, [0.0] * options
    rest, rest_expected = [0.0] * options, [0.0] * options
    n_like = squares = 0.0
    for cell in cells:
        weight = likeness(cell.codes)
        for k, mass in enumerate(cell.masses):
            near[k] += weight * mass
            own[k] += mass
            rest[k] += (1 - weight) * mass
            rest_expected[k] += (1 - weight) * cell.expected[k]
            n_like += weight * mass
        squares += weight * weight * cell.square
    return near, own, n_like, squares, rest, rest_expected


def _weigh_category(
    likeness: Callable[[Codes], float], cells: Sequence[Cell], options: int
) -> tuple[list[float], list[float]]:
    total, near = [0.0] * options, [0.0] * options
    for cell in cells:
        weight = likeness(cell.codes)
        for k, mass in enumerate(cell.masses):
            total[k] += mass
            near[k] += weight * mass
    return total, near


def _normalised(values: Sequence[float]) -> list[float]:
    total = sum(values)
    return [value / total for value in values]
