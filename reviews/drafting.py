"""What a known author has typed so far: saved as they go, shown to nobody else, gone when the review is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from engagement.counts import Counts
from engagement.models import Customer, Product
from reviews.models import ReviewDraft

KEPT_FOR = timedelta(days=90)  # as long as the link to the form works
MOST_FIELDS, MOST_VALUES, LONGEST = 60, 60, 6000

Fields = dict[str, list[str]]


def save_draft(
    *, customer: Customer, product: Product, fields: Mapping[str, list[str]], now: datetime
) -> None:
    """Keep the form's fields as they are, unchecked but bounded; a later draft takes the place of an earlier one."""
    kept: Fields = {
        name[:80]: [value[:LONGEST].replace("\x00", "") for value in values[:MOST_VALUES]]
        for name, values in list(fields.items())[:MOST_FIELDS]
    }
    ReviewDraft.objects.update_or_create(
        customer=customer,
        product=product,
        defaults={"workspace_id": product.workspace_id, "fields": kept, "saved_at": now},
    )


def read_draft(*, customer: Customer, product: Product) -> Fields:
    """The fields as typed; empty when there is no draft."""
    draft = ReviewDraft.objects.filter(customer=customer, product=product).first()
    return draft.fields if draft else {}


def forget_drafts(*, now: datetime, limit: int = 1000) -> Counts:
    """Delete up to `limit` drafts that nobody came back to, oldest first."""
    old = ReviewDraft.objects.filter(saved_at__lt=now - KEPT_FOR).order_by("saved_at").values("pk")[:limit]
    deleted, _by_table = ReviewDraft.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    return Counts(taken=deleted)
