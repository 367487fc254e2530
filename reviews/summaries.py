"""A product's figures: small indexed reads of what `tally_ratings` counted."""

from __future__ import annotations

from typing import NamedTuple

from engagement.models import Product
from reviews.models import RatingTally


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


def posterior_mean(stars: list[int], *, prior_mean: float, prior_weight: float = 5.0) -> float:
    """What to order products by: the mean drawn towards `prior_mean` as if `prior_weight` reviews had said so.

    For ordering only; what is displayed is the plain mean.
    """
    total = sum(star * count for star, count in enumerate(stars, 1))
    return (prior_weight * prior_mean + total) / (prior_weight + sum(stars))


def category_mean(*, workspace_id: int, category: str, otherwise: float = 3.5) -> float:
    """Mean star of a category's published reviews, the prior of its products; `otherwise` while there are none."""
    tallies = RatingTally.objects.filter(workspace_id=workspace_id, product__category=category)
    counts = [sum(column) for column in zip(*tallies.values_list("stars", flat=True), strict=True)]
    total = sum(star * count for star, count in enumerate(counts, 1))
    return total / sum(counts) if sum(counts) else otherwise


def _band(label: str, count: int, total: int) -> Band:
    return Band(label, count, round(100 * count / total) if total else 0)
