"""Whether an author agrees that Google and Meta are given their review. Only such reviews are in the feeds."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from engagement.models import Customer, Product
from reviews.models import ModerationEntry, Review


def let_share(review: Review, may_share: bool | None, *, now: datetime) -> None:
    """Note what the author says on the row, which the caller saves; None: they were not asked."""
    if may_share is not None:
        review.shared_at = (review.shared_at or now) if may_share else None


@transaction.atomic
def change_sharing(*, customer: Customer, product: Product, may_share: bool, now: datetime) -> None:
    """The author agrees, or takes that back, without sending their review anew. Without one nothing is done."""
    review = Review.objects.select_for_update().filter(customer=customer, product=product).first()
    if review is None or bool(review.shared_at) == may_share:
        return
    let_share(review, may_share, now=now)
    review.save(update_fields=["shared_at"])
    ModerationEntry.objects.create(
        workspace_id=review.workspace_id,
        review_id=review.pk,
        action="share" if may_share else "unshare",
        version=review.version,
        at=now,
    )
