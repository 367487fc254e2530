"""What a text is compared with before a person moderates it: recent texts, blocked words, and how many came in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from reviews.models import ReviewPolicy

COMPARED_WITH = 100  # recent texts of the workspace, for repeated ones
USUAL_DAYS = 30


def comparisons(
    others: QuerySet[Any], *, workspace_id: int, product_id: int, now: datetime
) -> dict[str, Any]:
    """The fields of `Words` that are not the text's own, from the workspace's `others`. Three queries."""
    policy = ReviewPolicy.objects.filter(workspace_id=workspace_id).first()
    day = now - timedelta(days=1)
    counted = others.filter(
        product_id=product_id, submitted_at__gt=day - timedelta(days=USUAL_DAYS), submitted_at__lte=now
    ).aggregate(
        today=Count("pk", filter=Q(submitted_at__gt=day)), before=Count("pk", filter=Q(submitted_at__lte=day))
    )
    return {
        "blocked_words": tuple(policy.blocked_words) if policy else (),
        "recent": tuple(others.order_by("-submitted_at").values_list("body", flat=True)[:COMPARED_WITH]),
        "today": counted["today"],
        "usual": counted["before"] / USUAL_DAYS,
    }
