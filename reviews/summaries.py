"""A product's figures: small indexed reads of what `tally_ratings` counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db.models import Sum

from engagement.models import Product
from reviews.models import RatingTally

STARS = (1, 2, 3, 4, 5)
UNKNOWN = 3.5  # what a product is thought to be worth before anybody of its category said so


class Band(NamedTuple):
    """One line of a distribution: `number` reviews; `percent` is rounded for display."""

    label: str
    number: int
    percent: int


class Summary(NamedTuple):
    """Of published reviews. `mean` is the plain mean of the stars, None without any; bands are five stars first."""

    published: int
    verified: int
    rated: int
    mean: float | None
    stars: list[Band]
    fits: dict[str, int]

    def fit_bands(self, options: tuple[str, ...]) -> list[Band]:
        """In the order of the options; empty when nobody told."""
        total = sum(self.fits.get(option, 0) for option in options)
        return [_band(option, self.fits.get(option, 0), total) for option in options] if total else []


def rating_summary(product: Product) -> Summary:
    """One row by primary key, however many reviews there are."""
    tally = RatingTally.objects.filter(product=product).first() or RatingTally()
    return summarise(tally)


def summarise(tally: RatingTally) -> Summary:
    rated = sum(tally.stars)
    total = sum(stars * count for stars, count in enumerate(tally.stars, 1))
    return Summary(
        published=tally.published_count,
        verified=tally.verified_count,
        rated=rated,
        mean=total / rated if rated else None,
        stars=[_band(str(stars), tally.stars[stars - 1], rated) for stars in (5, 4, 3, 2, 1)],
        fits=tally.fits,
    )


def posterior_mean(stars: Sequence[int], *, prior_mean: float, prior_weight: float = 5.0) -> float:
    """What to order products by: the mean drawn towards `prior_mean` as if `prior_weight` reviews had said so.

    For ordering only; what is displayed is the plain mean.
    """
    total = sum(star * count for star, count in enumerate(stars, 1))
    return (prior_weight * prior_mean + total) / (prior_weight + sum(stars))


def category_means(*, workspace_id: int, categories: Collection[str]) -> dict[str, float]:
    """Mean star of each category's published reviews, the prior of its products; UNKNOWN while there are none."""
    tallies = RatingTally.objects.filter(workspace_id=workspace_id, product__category__in=categories)
    sums = {f"given_{star}": Sum(f"stars__{star - 1}") for star in STARS}
    found = dict.fromkeys(categories, UNKNOWN)
    rows = tallies.order_by().values("product__category").annotate(**sums)
    for category, *given in rows.values_list("product__category", *sums):
        counts = dict(zip(STARS, (n or 0 for n in given), strict=True))
        if total := sum(counts.values()):
            found[category] = sum(star * n for star, n in counts.items()) / total
    return found


def _band(label: str, count: int, total: int) -> Band:
    return Band(label, count, round(100 * count / total) if total else 0)
