"""Which photos of a review are to be seen, and by whom."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q

from reviews.models import Review, ReviewPhoto, ReviewStatus


def attach_photos(reviews: Iterable[Review], *, newest: bool = False) -> None:
    """Set `shown_photos` on each: those of the version that readers see, or of the newest one. One query."""
    found = {review.pk: review for review in reviews}
    for review in found.values():
        review.shown_photos = []  # type: ignore[attr-defined]
    for photo in ReviewPhoto.objects.filter(review__in=found).order_by("id"):
        review = found[photo.review_id or 0]
        version = review.version if newest else review.shown_version
        if photo.since <= version and (photo.until is None or photo.until > version):
            review.shown_photos.append(photo)  # type: ignore[attr-defined]


def published_photo(name: str) -> ReviewPhoto:
    """A photo that any reader may see. Raises ReviewPhoto.DoesNotExist."""
    version = F("review__shown_version")
    return ReviewPhoto.objects.filter(Q(until=None) | Q(until__gt=version)).get(
        name=name, review__status=ReviewStatus.PUBLISHED, since__lte=version
    )
