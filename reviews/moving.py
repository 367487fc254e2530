"""What a customer who was found to be another wrote: theirs now, and of two reviews of a product the newer stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from reviews.models import Owner, OwnerAsked, Post, Review, ReviewRating, ReviewStatus, ReviewVersion
from reviews.tallying import mark_stale
from reviews.verifying import verify_reviews
from reviews.versions import shown_words

STANDING = (ReviewStatus.PENDING, ReviewStatus.PUBLISHED)


@transaction.atomic
def move_reviews(*, workspace_id: int, source_id: int, target_id: int, now: datetime) -> int:
    """Give the source's reviews to the target; returns how many there were.

    When both wrote of a product, the newer (that still stands) is the newest version, and the older one's versions
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
            review = _join(review, other, now)
        review.customer_id = target_id
        review.save()
    mark_stale(workspace_id=workspace_id, product_ids=[review.product_id for review in moved], now=now)
    verify_reviews(review.pk for review in Review.objects.filter(customer_id=target_id))
    return len(moved)


def _join(one: Review, other: Review, now: datetime) -> Review:
    """The one that goes on, with the versions of both: what readers see stays until the newer words are judged."""
    older, newer = sorted((one, other), key=lambda review: (review.status in STANDING, review.submitted_at))
    earlier = list(older.versions.order_by("number"))
    later = list(newer.versions.order_by("number"))
    if older.status == ReviewStatus.PUBLISHED and newer.status == ReviewStatus.PENDING:
        kept, gone = older, newer
        kept.edit, kept.waiting_since, kept.flags = (
            shown_words(newer),
            newer.waiting_since or now,
            newer.flags,
        )
        kept.rejection_reason = kept.appeal = ""
        newer.photos.update(review=kept, since=F("since") + len(earlier), until=F("until") + len(earlier))
    else:
        kept, gone = newer, older
        kept.shown_version += len(earlier)
        kept.photos.update(since=F("since") + len(earlier), until=F("until") + len(earlier))
        ReviewRating.objects.filter(review=kept).update(version=kept.shown_version)
    kept.replaced_version, kept.shared_at = None, newer.shared_at
    gone.origins.update(review=kept, is_shown=False)
    gone.delete()
    kept.versions.all().delete()
    for number, version in enumerate([*earlier, *later], 1):
        version.pk, version.number, version.review = None, number, kept
    ReviewVersion.objects.bulk_create([*earlier, *later])
    kept.version = len(earlier) + len(later)
    return kept


def talkers_among(customer_ids: Sequence[int]) -> set[int]:
    """Those who asked, answered, or agreed to be asked."""
    found: set[int] = set()
    for model in (Post, Owner, OwnerAsked):
        rows = model.objects.filter(customer_id__in=customer_ids)
        found |= set(rows.values_list("customer_id", flat=True))
    return found


def move_posts(*, source_id: int, target_id: int) -> None:
    """What a merged customer asked, answered and agreed to is the other's now."""
    Post.objects.filter(customer_id=source_id).update(customer_id=target_id)
    had = Owner.objects.filter(customer_id=target_id).values("product_id")
    Owner.objects.filter(customer_id=source_id).exclude(product_id__in=had).update(customer_id=target_id)
    asked = OwnerAsked.objects.filter(customer_id=target_id).values("question_id")
    OwnerAsked.objects.filter(customer_id=source_id).exclude(question_id__in=asked).update(
        customer_id=target_id
    )
