"""Find products whose sheets are not what their reviews say, whoever forgot to mark them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from engagement.counts import Counts
from engagement.models import Product, Workspace
from engagement.questions import questions_for
from reviews.fitting.answers import Key, signatures
from reviews.fitting.topics import asked
from reviews.marking import mark_fit_due
from reviews.models import FitDue, FitSheet, FitTopic


def find_overdue_fit(*, now: datetime, limit: int = 5000) -> Counts:
    """Mark products due that changed unmarked: erased, withdrawn or imported reviews, votes, other questions.

    Looks at every workspace, three queries each; marks at most `limit` products of each.
    """
    counts = Counts()
    for workspace_id in Workspace.objects.order_by("id").values_list("id", flat=True):
        overdue = sorted(_overdue(workspace_id))[:limit]
        mark_fit_due(product_ids=overdue)
        counts.update(taken=len(overdue))
    return counts


def _overdue(workspace_id: int) -> set[int]:
    said = signatures(workspace_id)
    sheets = FitSheet.objects.filter(workspace_id=workspace_id)
    made = {
        (product_id, slug): signature
        for product_id, slug, signature in sheets.values_list("product_id", "topic__slug", "signature")
    }
    overdue = {key[0] for key in said.keys() | made.keys() if said.get(key) != made.get(key)}
    overdue |= _asked_otherwise(workspace_id, made)
    return overdue - set(FitDue.objects.filter(product_id__in=overdue).values_list("product_id", flat=True))


def _asked_otherwise(workspace_id: int, made: Collection[Key]) -> set[int]:
    """One product of each topic whose questions changed: learning from it makes all others anew."""
    one_of = {slug: product_id for product_id, slug in sorted(made, reverse=True)}
    products = Product.objects.in_bulk(one_of.values())
    return {
        one_of[topic.slug]
        for topic in FitTopic.objects.filter(workspace_id=workspace_id, slug__in=one_of)
        if not asked(topic, questions_for(products[one_of[topic.slug]]))
    }
