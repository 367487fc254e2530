"""Forgetting one thing that is known about a customer, at their wish."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Fact


@transaction.atomic
def forget_fact(*, customer: Customer, fact_id: int, now: datetime) -> bool:
    """Erase a fact at once, and put it on the timeline that it is unknown again; False when there is no such fact."""
    fact = Fact.objects.select_for_update().filter(customer=customer, pk=fact_id).first()
    if fact is None:
        return False
    event = SystemEvent(
        customer_id=customer.pk,
        name="Context Told",
        message_id=f"context-forgotten:{fact.pk}:{now.isoformat()}",
        occurred_at=now,
        properties={"topic": fact.topic, "facts": {fact.key: None}, "source": "preference_page"},
    )
    fact.delete()
    record_events(workspace_id=customer.workspace_id, events=[event], now=now)
    return True
