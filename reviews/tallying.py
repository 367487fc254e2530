"""Published reviews counted into the figures that readers see: stars, fit, how many are verified."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from engagement.counts import Counts
from engagement.statements import run_statement
from reviews.marking import mark_fit_due
from reviews.models import RatingTally


@transaction.atomic
def tally_ratings(*, now: datetime, limit: int = 200) -> Counts:
    """Count the reviews of up to `limit` products whose figures are stale, in one statement."""
    return Counts(taken=len(run_statement("reviews.tally_ratings", {"limit": limit})))


def mark_stale(*, workspace_id: int, product_ids: Collection[int], now: datetime) -> None:
    """The published reviews of these products changed: figures and fit are due. Call it in the transaction that
    changes them."""
    mark_fit_due(product_ids=product_ids)
    RatingTally.objects.bulk_create(
        [
            RatingTally(product_id=product_id, workspace_id=workspace_id, stale_since=now)
            for product_id in sorted(set(product_ids))
        ],
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=["stale_since"],
    )
