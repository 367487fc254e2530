"""Which criteria of a guide a customer has ticked off, on whatever device: the newest that their events say of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from engagement.models import Customer, Event

CHECKED = "Guide Checked"
LOOKED_BACK = timedelta(days=365)
MOST = 500  # changes of ticks, the newest


def ticks_of(customer: Customer, slug: str, *, now: datetime) -> frozenset[str]:
    """Keys of criteria, in every language of the guide alike. One query."""
    told = Event.objects.filter(
        workspace_id=customer.workspace_id,
        customer_id=customer.pk,
        name=CHECKED,
        received_at__gt=now - LOOKED_BACK,
        properties__guide=slug,
    )
    newest: dict[str, bool] = {}
    for key, on in told.order_by("-id").values_list("properties__criterion", "properties__on")[:MOST]:
        newest.setdefault(str(key), on is True)
    return frozenset(key for key, on in newest.items() if on)
