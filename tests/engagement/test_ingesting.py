"""Events in: taken once, for the right person, in a number of statements that does not grow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.events import IncomingEvent, SystemEvent
from engagement.ingesting import ingest_events, record_events
from engagement.models import Customer, Event, Unread
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def event(message_id: str, **fields: Any) -> IncomingEvent:
    defaults = {"type": "track", "name": "Product Viewed", "user_id": "ada", "occurred_at": NOW}
    return IncomingEvent(**(defaults | {"message_id": message_id} | fields))


def take(workspace, *events: IncomingEvent, at=NOW, source: str = "tracking"):
    return ingest_events(workspace_id=workspace.id, events=list(events), received_at=at, source=source)


def test_an_event_makes_its_customer() -> None:
    workspace = make.workspace()
    done = take(workspace, event("1", properties={"a": 1}))
    customer = Customer.objects.get(workspace=workspace)
    assert (done.accepted, done.duplicates, done.customer_ids) == (1, 0, {customer.id})
    assert customer.external_id == "ada"
    stored = Event.objects.get(customer=customer)
    assert (stored.name, stored.properties, stored.source) == ("Product Viewed", {"a": 1}, "tracking")


def test_a_retry_is_recognised_whatever_its_timestamp() -> None:
    workspace = make.workspace()
    take(workspace, event("1"))
    done = take(workspace, event("1", occurred_at=NOW + timedelta(days=3)), at=NOW + timedelta(days=3))
    assert (done.accepted, done.duplicates, done.customer_ids) == (0, 1, set())
    assert Event.objects.filter(workspace=workspace).count() == 1


def test_every_reader_is_told() -> None:
    workspace = make.workspace()
    take(workspace, event("1"))
    assert set(Unread.objects.values_list("reader", flat=True)) == {"journeys", "learning"}


def test_facts_of_our_own_are_recorded_once() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    fact = SystemEvent(customer_id=customer.id, name="Message Sent", message_id="sent-1", occurred_at=NOW)
    assert record_events(workspace_id=workspace.id, events=[fact, fact], now=NOW).accepted == 1
    assert record_events(workspace_id=workspace.id, events=[fact], now=NOW).duplicates == 1
    assert Event.objects.get(customer=customer).source == "system"
