"""What an erased customer leaves on this floor: figures that counted their reviews, and their word on others'."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from reviews.marking import mark_fit_due
from reviews.models import HelpfulVote, Review, ReviewImportLine
from reviews.tallying import mark_stale
from reviews.voting import voter_name


def erase_reviews(*, customer_ids: list[int], now: datetime) -> None:
    """Have products counted again without their reviews, which go with the customer's row, and delete their votes."""
    _forget_lines(customer_ids)
    theirs = Review.objects.filter(customer_id__in=customer_ids).values_list("workspace_id", "product_id")
    for workspace_id, product_id in theirs:
        mark_stale(workspace_id=workspace_id, product_ids=[product_id], now=now)
    votes = HelpfulVote.objects.filter(voter__in=[voter_name(customer_id=one) for one in customer_ids])
    voted = list(votes.values_list("review_id", "review__product_id"))
    votes.delete()
    _recount(review_id for review_id, _product_id in voted)
    mark_fit_due(product_ids=[product_id for _, product_id in voted])


def _forget_lines(customer_ids: list[int]) -> None:
    """Delete the lines of imported files that are about them."""
    reviews = Review.objects.filter(customer_id__in=customer_ids).values_list("pk", flat=True)
    ReviewImportLine.objects.filter(review_id__in=list(reviews)).delete()


def _recount(review_ids: Iterable[int]) -> None:
    Review.objects.filter(pk__in=list(review_ids)).update(
        helpful_count=_votes(Q(is_helpful=True)), unhelpful_count=_votes(Q(is_helpful=False))
    )


def _votes(which: Q) -> Any:
    counted = (
        HelpfulVote.objects.filter(which, review=OuterRef("pk")).values("review").annotate(n=Count("pk"))
    )
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)
