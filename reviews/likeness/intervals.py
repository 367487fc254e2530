"""Quantiles of a Beta distribution in plain Python: a page needs a handful, not a library.

The regularised incomplete beta function by its continued fraction (Lentz), inverted by bisection: about 40 µs each.
"""

from __future__ import annotations

from math import exp, lgamma, log

TINY = 1e-300


def beta_interval(a: float, b: float, *, inside: float = 0.8) -> tuple[float, float]:
    """The central interval that holds `inside` of Beta(a, b); a, b > 0."""
    tail = (1 - inside) / 2
    return beta_quantile(tail, a, b), beta_quantile(1 - tail, a, b)


def beta_quantile(share: float, a: float, b: float) -> float:
    """x with P(X <= x) = share, to about 1e-6."""
    low, high = 0.0, 1.0
    for _ in range(22):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """P(X <= x) for X ~ Beta(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges quickly on the other side only
        return 1.0 - beta_below(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    return min(1.0, front * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 300):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + step * d)
            c = _away_from_zero(1 + step / c)
            value *= c * d
        if abs(c * d - 1) < 1e-9:
            break
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > TINY else TINY
