"""A customer's timeline by API: what they did, where it brought them, what was said and what was held back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer
from tests import make, make_nudges
from tests.make_api import caller

pytestmark = pytest.mark.django_db


def read_guides(customer: Customer, count: int) -> None:
    events = [
        SystemEvent(
            customer_id=customer.pk,
            name="Guide Read",
            message_id=f"read-{n}",
            occurred_at=make.NOW + timedelta(minutes=n // 2),  # two at each moment
        )
        for n in range(count)
    ]
    record_events(workspace_id=customer.workspace_id, events=events, now=make.NOW + timedelta(days=9))


def test_it_tells_all_floors_parts_newest_first() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace, email="a@example.org")
    read_guides(customer, 1)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace, "tents"))
    make_nudges.stage_change(need, at=make.NOW + timedelta(hours=1))
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=make.NOW + timedelta(hours=2))
    entries = caller(workspace).get(f"customers/{customer.pk}/timeline").json()["data"]
    assert [entry["kind"] for entry in entries] == ["send", "stage", "system"]
    assert "sent by" in entries[0]["explanation"]


def test_pages_repeat_and_lose_nothing_and_cost_the_same() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    read_guides(customer, 41)
    shop = caller(workspace)
    path = f"customers/{customer.pk}/timeline"
    assert len(shop.pages(path, limit=6)) == 41
    counts = []
    for limit in (2, 40):
        with CaptureQueriesContext(connection) as captured:
            shop.get(path, limit=limit)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_it_is_closed_to_strangers() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    stranger: Any = caller(make.workspace())
    assert stranger.get(f"customers/{customer.pk}/timeline").status_code == 404
    assert caller(workspace, "needs:read").get(f"customers/{customer.pk}/timeline").status_code == 403
