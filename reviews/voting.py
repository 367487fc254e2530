"""Readers say whether a review helped them."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from engagement.models import Workspace
from reviews.marking import mark_fit_due
from reviews.models import HelpfulVote, Review, ReviewStatus
from reviews.tallying import mark_pages_old


def voter_name(*, customer_id: int | None = None, anonymous_id: str = "") -> str:
    """How a voter is kept: a customer's id, or a hash of the page's own anonymous id."""
    if customer_id is not None:
        return f"c{customer_id}"
    return "a" + hashlib.sha256(f"vote\0{anonymous_id}".encode()).hexdigest()[:40]


@transaction.atomic
def vote_helpful(
    *, workspace: Workspace, review_id: int, voter: str, is_helpful: bool, now: datetime
) -> Review:
    """Take one reader's word, or change it; votes are counted again, fit is due. Raises Review.DoesNotExist.

    Its author's own word on it counts for nothing.
    """
    review = Review.objects.select_for_update().get(
        pk=review_id, workspace=workspace, status=ReviewStatus.PUBLISHED
    )
    if voter == voter_name(customer_id=review.customer_id):
        return review
    HelpfulVote.objects.update_or_create(
        review=review,
        voter=voter,
        defaults={"workspace_id": review.workspace_id, "is_helpful": is_helpful, "at": now},
    )
    counted = review.votes.aggregate(
        yes=Count("id", filter=Q(is_helpful=True)), no=Count("id", filter=Q(is_helpful=False))
    )
    review.helpful_count, review.unhelpful_count = counted["yes"], counted["no"]
    review.save(update_fields=["helpful_count", "unhelpful_count"])
    mark_fit_due(product_ids=[review.product_id])
    mark_pages_old(product_ids=[review.product_id])
    return review
