"""Published reviews counted into the figures that readers see: stars, fit, how many are verified."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F

from engagement.counts import Counts
from engagement.statements import run_statement
from reviews.marking import mark_fit_due
from reviews.models import RatingTally


@transaction.atomic
def tally_ratings(*, now: datetime, limit: int = 200) -> Counts:
    """Count the reviews of up to `limit` products whose figures are stale, oldest first, in three statements.

    Before that, reviews of which readers see another version now get that version's figures: who publishes words
    cannot touch figures. A publisher marks its product's row before it commits, so it is either waited for by the next
    run (the row is locked, and skipped here) or seen by the later statements of this one.
    """
    due = RatingTally.objects.select_for_update(skip_locked=True).filter(stale_since__isnull=False)
    product_ids = list(due.order_by("stale_since").values_list("product_id", flat=True)[:limit])
    if not product_ids:
        return Counts()
    changed = run_statement("reviews.show_figures", {"product_ids": product_ids})
    if changed:
        mark_fit_due(product_ids={row["product_id"] for row in changed})
    run_statement("reviews.tally_ratings", {"product_ids": product_ids})
    return Counts(taken=len(product_ids), figures=len(changed))


def mark_stale(*, workspace_id: int, product_ids: Collection[int], now: datetime) -> None:
    """The published reviews of these products changed: figures and fit are due. Call it in the transaction that
    changes them."""
    mark_fit_due(product_ids=product_ids)
    products = sorted(set(product_ids))
    if products:
        run_statement("reviews.mark_stale", {"workspace": workspace_id, "products": products, "now": now})


def mark_pages_old(*, product_ids: Collection[int]) -> None:
    """Something else on the pages of these products changed, such as votes: remembered ones are made anew."""
    old = RatingTally.objects.filter(product_id__in=product_ids)
    old.update(version=F("version") + 1)


def mark_pages_old_of_workspace(*, workspace_id: int) -> None:
    """Something that all pages say changed, such as what authors get for writing."""
    RatingTally.objects.filter(workspace_id=workspace_id).update(version=F("version") + 1)
