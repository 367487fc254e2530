"""Statistics that hold at every look: who reads daily is fooled no more often than who waits for the end. Pure.

The confidence sequence is that of Waudby-Smith et al., "Time-uniform central limit theory and asymptotic confidence
sequences" (arXiv 2103.06476, eq. 9 with rho by eq. 161). The test of the groups' sizes is that of Lindon & Malek,
"Anytime-valid inference for multinomial count data" (NeurIPS 2022): a Dirichlet mixture against the shares intended.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt
from typing import NamedTuple

ALPHA = 0.05
PLANNED = 5000  # the size at which the interval is narrowest; fixed beforehand, never by what was seen
CONCENTRATION = 100.0  # how near the intended shares a mismatch is looked for


class Sample(NamedTuple):
    """So many values, their sum, and the sum of their squares."""

    n: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        return max(self.squares / self.n - self.mean**2, 0.0) if self.n else 0.0


class Interval(NamedTuple):
    """A difference of means, and between which bounds it lies with 95 % (1 − alpha) at all looks together."""

    difference: float
    low: float
    high: float


def confidence_sequence(base: Sample, treated: Sample, *, alpha: float = ALPHA) -> Interval | None:
    """Treated − base; None where a group is empty or nobody differs from anybody.

    Both are taken to vary as the one that varies more: in a small holdout nobody may have ordered yet, and with its own
    variance of nothing the interval erred in up to half of all runs tried.
    """
    if not base.n or not treated.n:
        return None
    variance, n = max(base.variance, treated.variance), base.n + treated.n
    if not variance:
        return None
    margin = half_width(n, n * (variance / base.n + variance / treated.n), alpha=alpha)
    difference = treated.mean - base.mean
    return Interval(difference, difference - margin, difference + margin)


def half_width(n: int, spread: float, *, planned: int = PLANNED, alpha: float = ALPHA) -> float:
    """Of the interval after `n` customers; `spread` is n times the squared standard error of the difference."""
    rho = (-2 * log(alpha) + log(1 - 2 * log(alpha))) / planned  # squared
    wide = n * rho + 1
    return sqrt(spread) * sqrt(2 * wide / (n * n * rho) * log(sqrt(wide) / alpha))


def mismatch(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely groups of these sizes are, at all looks together, if each customer came into them by these shares.

    Below 0.001 something let one group in more than another. All shares must be above 0.
    """
    n = sum(counts)
    evidence = lgamma(CONCENTRATION) - lgamma(CONCENTRATION + n)
    for count, share in zip(counts, shares, strict=True):
        evidence += lgamma(CONCENTRATION * share + count) - lgamma(CONCENTRATION * share) - count * log(share)
    return min(1.0, exp(-max(evidence, 0.0)))
