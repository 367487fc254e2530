"""How a product fitted people like the reader, as a page shows it: whole percents, the range, and whose word it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import reverse

from engagement.models import Product
from reviews.fit_views import Fit
from reviews.fits import Lack, Reading
from reviews.models import Review, ReviewStatus


class Range(NamedTuple):
    """One answer's share and the 80 % interval, in whole percents."""

    option: str
    percent: int
    low: int
    high: int

    @property
    def width(self) -> int:
        return self.high - self.low


def fit_context(product: Product, reading: Reading, shown: list[Review]) -> dict[str, Any]:
    """What `_fit.html` shows; empty when nobody told yet how it fitted. At most one query."""
    fit = reading.fit
    if not isinstance(fit, Fit) and fit.lack == Lack.NOBODY:
        return {}
    return {
        "fit": fit,
        "is_shown": isinstance(fit, Fit),
        "compared": reading.compared,
        "seen_path": reverse("reviews_embed:fit_seen"),
        "ranges": [Range(one.option, *map(_percent, (one.share, one.low, one.high))) for one in fit.shares],
        "because": because(product, fit, shown) if isinstance(fit, Fit) else [],
    }


def because(product: Product, fit: Fit, shown: list[Review]) -> list[dict[str, Any]]:
    """The reviews that carry the figure, with their authors' names; without those taken back meanwhile."""
    names = {review.pk: review.author_name for review in shown}
    if missing := [carrier.review_id for carrier in fit.because if carrier.review_id not in names]:
        published = Review.objects.filter(product=product, status=ReviewStatus.PUBLISHED, pk__in=missing)
        names |= dict(published.values_list("pk", "author_name"))
    return [
        {"carrier": carrier, "name": names[carrier.review_id]}
        for carrier in fit.because
        if carrier.review_id in names
    ]


def _percent(share: float) -> int:
    return round(100 * share)
