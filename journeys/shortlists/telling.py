"""What happens to a shortlist, on its customer's timeline: evidence of where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import ProductKind
from journeys.models import Shortlist, ShortlistItem


def tell(shortlist: Shortlist, name: str, once: str, properties: Mapping[str, Any], now: datetime) -> None:
    """Put an event on the customer's timeline, once for each `once`. Joins the caller's transaction."""
    event = SystemEvent(
        customer_id=shortlist.customer_id,
        name=name,
        message_id=f"{name}:{shortlist.pk}:{once}",
        occurred_at=now,
        properties={"need": shortlist.need.slug, **properties},
    )
    record_events(workspace_id=shortlist.workspace_id, events=[event], now=now)


def about_item(item: ShortlistItem) -> dict[str, Any]:
    """What an event says of an item: the product, or the words typed for what is not in the catalogue."""
    if item.product is None:
        return {"name": item.name, "url": item.url, "is_outside": True}
    return {
        "product_id": item.product.sku,
        "name": item.product.name,
        "category": item.product.category,
        "is_outside": item.product.kind == ProductKind.OUTSIDE,
    }
