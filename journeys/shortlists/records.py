"""Reads: a customer's shortlists as they take them away. What friends said is part of it; it was said to them."""

from __future__ import annotations

from typing import Any

from engagement.models import Customer
from journeys.models import Shortlist, ShortlistItem


def records_of(customer: Customer) -> list[dict[str, Any]]:
    """Plain values for JSON, in a number of queries that does not grow with the lists."""
    shortlists = (
        Shortlist.objects.filter(workspace_id=customer.workspace_id, customer=customer)
        .select_related("need")
        .prefetch_related("items__product", "items__words__friend", "links")
        .order_by("id")
    )
    return [
        {
            "need": shortlist.need.slug,
            "must_haves": [row["text"] for row in shortlist.must_haves],
            "created_at": shortlist.created_at,
            "items": [_item(item) for item in shortlist.items.all()],
            "links": [
                {"label": link.label, "created_at": link.created_at, "expires_at": link.expires_at,
                 "revoked_at": link.revoked_at}
                for link in shortlist.links.all()
            ],
        }
        for shortlist in shortlists
    ]  # fmt: skip


def _item(item: ShortlistItem) -> dict[str, Any]:
    return {
        "name": str(item),
        "sku": item.product.sku if item.product else "",
        "url": item.url or (item.product.url if item.product else ""),
        "note": item.note,
        "met": item.met,
        "added_at": item.added_at,
        "chosen_at": item.chosen_at,
        "said_by_friends": [
            {"name": word.friend.name, "vote": word.vote, "comment": word.comment}
            for word in item.words.all()
        ],
    }
