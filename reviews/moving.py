"""Reviews of a customer who was found to be another: theirs now, and of two about one product the newer stands."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from reviews.models import Review, ReviewStatus, ReviewVersion
from reviews.tallying import mark_stale
from reviews.verifying import verify_reviews

STANDING = (ReviewStatus.PENDING, ReviewStatus.PUBLISHED)


@transaction.atomic
def move_reviews(*, workspace_id: int, source_id: int, target_id: int, now: datetime) -> int:
    """Give the source's reviews to the target; returns how many there were.

    When both wrote of a product, the newer (that still stands) is the current version, and the older one's versions
    come before it. What the target ordered verifies what the source wrote.
    """
    moving = list(
        Review.objects.select_for_update()
        .filter(workspace_id=workspace_id, customer_id__in=[source_id, target_id])
        .order_by("id")
    )
    kept = {review.product_id: review for review in moving if review.customer_id == target_id}
    moved = [review for review in moving if review.customer_id == source_id]
    for review in moved:
        other = kept.get(review.product_id)
        if other is not None:
            review = _join(review, other)
        review.customer_id = target_id
        review.save(update_fields=["customer_id", "version"])
    mark_stale(workspace_id=workspace_id, product_ids=[review.product_id for review in moved], now=now)
    verify_reviews(review.pk for review in Review.objects.filter(customer_id=target_id))
    return len(moved)


def _join(one: Review, other: Review) -> Review:
    """The one that goes on, with the versions of both."""
    older, newer = sorted((one, other), key=lambda review: (review.status in STANDING, review.submitted_at))
    earlier = list(older.versions.order_by("number"))
    later = list(newer.versions.order_by("number"))
    older.delete()
    newer.versions.all().delete()
    for number, version in enumerate([*earlier, *later], 1):
        version.pk, version.number, version.review = None, number, newer
    ReviewVersion.objects.bulk_create([*earlier, *later])
    newer.version = len(earlier) + len(later)
    return newer
