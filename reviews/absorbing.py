"""Customers found to be one: their reviews joined."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Func, Value

from engagement.counts import Counts
from engagement.models import Merge
from engagement.people.finding import living_customers
from reviews.models import Review
from reviews.moving import move_posts, move_reviews, talkers_among

NAME = "reviews"


@transaction.atomic
def absorb_merges(*, now: datetime, limit: int = 100) -> Counts:
    """Move the reviews of customers who were merged away, oldest merge first, and note that it was done."""
    merges = list(
        Merge.objects.select_for_update(skip_locked=True, of=("self",))
        .exclude(absorbed_by__contains=[NAME])
        .order_by("id")[:limit]
    )
    counts = Counts(taken=len(merges))
    for workspace_id in {merge.workspace_id for merge in merges}:
        of_workspace = [merge for merge in merges if merge.workspace_id == workspace_id]
        counts["moved"] += _absorb(workspace_id, of_workspace, now)
    return counts


def _absorb(workspace_id: int, merges: list[Merge], now: datetime) -> int:
    living = living_customers(workspace_id=workspace_id, customer_ids={merge.target_id for merge in merges})
    sources = [merge.source_id for merge in merges]
    # Most people who are merged have written nothing.
    talkers = talkers_among(sources)
    writers = set(Review.objects.filter(customer_id__in=sources).values_list("customer_id", flat=True))
    moved = sum(
        move_reviews(
            workspace_id=workspace_id, source_id=merge.source_id, target_id=living[merge.target_id], now=now
        )
        for merge in merges
        if merge.source_id in writers
    )
    for merge in merges:
        if merge.source_id in talkers:
            move_posts(source_id=merge.source_id, target_id=living[merge.target_id])
    # Other floors add their own names to the same rows, so each adds to what stands there now.
    names = ArrayCat(F("absorbed_by"), Value([NAME], output_field=Merge._meta.get_field("absorbed_by")))
    Merge.objects.filter(pk__in=[merge.pk for merge in merges]).update(absorbed_by=names)
    return moved


class ArrayCat(Func):
    function = "array_cat"
