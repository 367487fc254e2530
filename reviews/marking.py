"""Say that the reviews of products changed, so that fit is learned again. Sees no review and no figure."""

from __future__ import annotations

from collections.abc import Iterable

from reviews.models import FitDue


def mark_fit_due(*, product_ids: Iterable[int]) -> None:
    """The published reviews of these products changed, or their votes. Call it in the transaction that changes them.

    Only adds rows, so it waits for nobody: what is marked while a learner is at work is learned by the next one.
    """
    FitDue.objects.bulk_create([FitDue(product_id=product_id) for product_id in sorted(set(product_ids))])
