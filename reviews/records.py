"""Reads: what is kept of one customer on this floor, for themselves."""

from __future__ import annotations

from typing import Any

from engagement.models import Customer
from reviews.models import HelpfulVote, Owner, Post, Review, ReviewDraft, ReviewPhoto, ReviewVersion
from reviews.voting import voter_name


def records_of(customer: Customer) -> dict[str, Any]:
    """Everything they wrote, in every version, with figures; what they agreed to; how they voted. Rows as dicts."""
    reviews = Review.objects.filter(customer=customer).order_by("id")
    return {
        "reviews": list(
            reviews.values(
                "product__name", "status", "rejection_reason", "appeal", "shown_version", "helpful_count",
                "unhelpful_count", "response", "collected_by", "incentive", "submitted_at", "published_at", "shared_at",
            )
        ),
        "review_versions": list(
            ReviewVersion.objects.filter(review__in=reviews)
            .order_by("review_id", "number")
            .values("review__product__name", "number", "content", "figures", "at")
        ),
        "review_photos": list(
            ReviewPhoto.objects.filter(review__in=reviews).order_by("id").values("name", "alt", "added_at")
        ),
        "review_drafts": list(
            ReviewDraft.objects.filter(customer=customer).values("product__name", "fields", "saved_at")
        ),
        "questions_and_answers": list(
            Post.objects.filter(customer=customer)
            .order_by("id")
            .values("kind", "product__name", "body", "author_name", "situation", "status", "submitted_at")
        ),
        "may_be_asked_about": list(
            Owner.objects.filter(customer=customer).values("product__name", "situation", "agreed_at")
        ),
        "review_votes": list(
            HelpfulVote.objects.filter(
                workspace_id=customer.workspace_id, voter=voter_name(customer_id=customer.pk)
            )
            .order_by("id")
            .values("review_id", "is_helpful", "at")
        ),
    }  # fmt: skip
