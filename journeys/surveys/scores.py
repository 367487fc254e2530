"""Figures of surveys by published formulae, each with how many answered and how far it can be trusted. Pure.

    NPS         share of 9–10 minus share of 0–6, in points. Interval: adjusted Wald for a difference of two shares of
                one sample (Bonett & Price 2012), which adds one answer to each of the two and two to all
    CSAT        share of 4–5. Interval: Wilson 1927
    means       t-interval; for CES and for each dimension of the engagement scale
    alpha       Cronbach 1951, how well a dimension's items go together
All intervals are of 95 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, pi, sqrt
from statistics import NormalDist, fmean, stdev, variance
from typing import NamedTuple

Z = NormalDist().inv_cdf(0.975)
# Fewer answers say little of all and too much of each.
LEAST = 5


class Score(NamedTuple):
    """A figure with its interval; `n` answers stand behind it."""

    value: float
    low: float
    high: float
    n: int


def nps(figures: Sequence[int]) -> Score:
    """-100 to 100 from figures of 0 to 10."""
    n = len(figures)
    promoters, detractors = sum(figure >= 9 for figure in figures), sum(figure <= 6 for figure in figures)
    up, down = (promoters + 1) / (n + 2), (detractors + 1) / (n + 2)
    middle, half = up - down, Z * sqrt((up + down - (up - down) ** 2) / (n + 2))
    low, high = max(-1.0, middle - half), min(1.0, middle + half)
    return Score(100 * (promoters - detractors) / n, 100 * low, 100 * high, n)


def share(hits: int, n: int) -> Score:
    """hits ÷ n with Wilson's interval, 0 to 1."""
    p = hits / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Score(p, middle - half, middle + half, n)


def csat(figures: Sequence[int]) -> Score:
    """Share of the satisfied (4 or 5 of 5)."""
    return share(sum(figure >= 4 for figure in figures), len(figures))


def mean(figures: Sequence[float]) -> Score:
    """The mean with its t-interval; n of at least 2."""
    n, middle = len(figures), fmean(figures)
    half = t_quantile(n - 1) * stdev(figures) / sqrt(n)
    return Score(middle, middle - half, middle + half, n)


def alpha(rows: Sequence[Sequence[int]]) -> float | None:
    """Cronbach's alpha of items that stand in columns; None where nobody differs from anybody."""
    items = len(rows[0])
    total = variance([sum(row) for row in rows])
    if items < 2 or total == 0:
        return None
    return items / (items - 1) * (1 - sum(variance(column) for column in zip(*rows, strict=True)) / total)


def distribution(figures: Sequence[int], points: range) -> list[tuple[int, int]]:
    """[(figure, how many gave it)] for every point of the scale."""
    counted = Counter(figures)
    return [(point, counted[point]) for point in points]


def t_quantile(freedom: int) -> float:
    """The 97.5 % point of Student's t, by Hill 1970 (algorithm 396), good to four digits from 4 degrees on."""
    if freedom < 4:
        return {1: 12.7062, 2: 4.3027, 3: 3.1824}[freedom]
    n, tails = float(freedom), 0.05
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    y = (d * tails) ** (2 / n)
    if y <= 0.05 + a:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (
            n + 1
        ) / (n + 2) + 1 / y
        return sqrt(n * y)
    x = NormalDist().inv_cdf(tails / 2)
    y = x * x
    if n < 5:
        c += 0.3 * (n - 4.5) * (x + 0.6)
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = a * y * y
    return sqrt(n * (exp(y) - 1 if y > 0.002 else 0.5 * y * y + y))
