"""The step: products whose reviews changed → the rows that tell a reader how it fitted people like them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from engagement.counts import Counts
from engagement.models import Product
from reviews.fitting.answers import answered
from reviews.fitting.sheets import write_sheets
from reviews.fitting.topics import is_stale, learn_topic, refresh_questions
from reviews.models import FitDue, FitSheet, FitTopic

Topic = tuple[int, str]  # workspace, slug


@transaction.atomic
def learn_fit(*, now: datetime, limit: int = 200) -> Counts:
    """Take up to `limit` marks of changed products and write their sheets; learn a topic again when enough changed.

    A topic that another worker has in hand keeps its marks for the next run. Killed anywhere, nothing is lost.
    """
    due = list(FitDue.objects.select_for_update(skip_locked=True).order_by("id")[:limit])
    products = Product.objects.in_bulk({mark.product_id for mark in due})
    counts = Counts(taken=len(due))
    busy: set[int] = set()
    for (workspace_id, slug), product_ids in sorted(_topics(products).items()):
        topic = _hold(workspace_id, slug)
        if topic is None:
            busy |= product_ids
            continue
        refresh_questions(topic, products[min(product_ids)])
        if topic.options:
            counts.update(_write(topic, product_ids, now))
    FitDue.objects.filter(pk__in=[mark.pk for mark in due if mark.product_id not in busy]).delete()
    return counts


def _topics(products: dict[int, Product]) -> dict[Topic, set[int]]:
    """Which topics the products' reviews answer, or answered when their sheets were made."""
    found: dict[Topic, set[int]] = {}
    for workspace_id in {product.workspace_id for product in products.values()}:
        reviews = answered(workspace_id).filter(product_id__in=products).exclude(need_slug="")
        sheets = FitSheet.objects.filter(workspace_id=workspace_id, product_id__in=products)
        pairs = set(reviews.order_by().values_list("product_id", "need_slug").distinct())
        pairs |= set(sheets.values_list("product_id", "topic__slug"))
        for product_id, slug in pairs:
            found.setdefault((workspace_id, slug), set()).add(product_id)
    return found


def _hold(workspace_id: int, slug: str) -> FitTopic | None:
    """The topic's row, locked until the end of the transaction; None when another worker holds it."""
    FitTopic.objects.bulk_create([FitTopic(workspace_id=workspace_id, slug=slug)], ignore_conflicts=True)
    held = FitTopic.objects.select_for_update(skip_locked=True)
    return held.filter(workspace_id=workspace_id, slug=slug).first()


def _write(topic: FitTopic, product_ids: Collection[int], now: datetime) -> Counts:
    written = 0
    if topic.learned_at is not None:
        written = write_sheets(topic, product_ids, now=now)
    if not is_stale(topic):
        return Counts(sheets=written)
    learn_topic(topic, now=now)
    return Counts(learned=1, sheets=sum(write_sheets(topic, part, now=now) for part in _by_category(topic)))


def _by_category(topic: FitTopic) -> list[set[int]]:
    """Every product of the topic, a category at a time: sums of a category must not mix old codes with new ones."""
    reviews = answered(topic.workspace_id).filter(need_slug=topic.slug).order_by()
    parts: dict[str, set[int]] = {}
    for category, product_id in reviews.values_list("product__category", "product_id").distinct():
        parts.setdefault(category, set()).add(product_id)
    known = {product_id for members in parts.values() for product_id in members}
    gone = set(
        FitSheet.objects.filter(topic=topic)
        .exclude(product_id__in=known)
        .values_list("product_id", flat=True)
    )
    return [*([gone] if gone else []), *(parts[name] for name in sorted(parts))]
