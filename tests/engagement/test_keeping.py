"""Partitions are there before they are needed, and what was to be kept for a while is gone after it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection

from engagement.keeping import forget_keys, make_partitions
from engagement.keys import make_key
from engagement.models import Event, EventKey, IdempotencyRecord, RejectedEvent, Workspace
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'engagement_event'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def add_event(workspace: Workspace, at: datetime) -> Event:
    customer = make.customer(workspace)
    return Event.objects.create(
        workspace=workspace,
        customer=customer,
        received_at=at,
        occurred_at=at,
        type="track",
        name="Product Viewed",
        message_id=str(uuid.uuid4()),
        source="tracking",
    )


def table_of(event: Event) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM engagement_event WHERE id = %s", [event.id])
        return str(cursor.fetchone()[0])


def test_this_month_and_three_ahead_have_a_partition() -> None:
    now = NOW.replace(year=2031, month=11)
    counts = make_partitions(now=now)
    assert counts["made"] == 4
    ahead = {
        "engagement_event_2031_11",
        "engagement_event_2031_12",
        "engagement_event_2032_01",
        "engagement_event_2032_02",
    }
    assert ahead <= partitions()
    assert make_partitions(now=now).done == 0


def test_events_of_a_month_that_was_forgotten_move_to_its_partition() -> None:
    workspace = make.workspace()
    late, other = add_event(workspace, NOW.replace(year=2033)), add_event(workspace, NOW.replace(year=2034))
    assert {table_of(late), table_of(other)} == {"engagement_event_default"}
    make_partitions(now=NOW.replace(year=2033), limit=0)
    assert (table_of(late), table_of(other)) == ("engagement_event_2033_03", "engagement_event_default")


def test_a_partition_made_late_is_like_the_others() -> None:
    workspace = make.workspace()
    add_event(workspace, NOW.replace(year=2033))
    make_partitions(now=NOW.replace(year=2033), limit=0)
    after = add_event(workspace, NOW.replace(year=2033) + timedelta(days=1))
    assert table_of(after) == "engagement_event_2033_03"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'engagement_event_2033_03'::regclass AND contype = 'f'"
        )
        assert cursor.fetchone()[0] == 1


def test_a_partition_goes_when_nobody_keeps_its_last_day() -> None:
    make.workspace(retention_days=30)
    make.workspace(retention_days=60)
    make_partitions(now=NOW, limit=0)
    kept_until = datetime(2026, 4, 1, tzinfo=NOW.tzinfo) + timedelta(days=60)
    assert make_partitions(now=kept_until - timedelta(seconds=1), limit=0)["dropped"] == 0
    assert "engagement_event_2026_03" in partitions()
    assert make_partitions(now=kept_until, limit=0)["dropped"] == 1
    assert "engagement_event_2026_03" not in partitions()
    assert "engagement_event_default" in partitions()


def test_without_workspaces_nothing_is_dropped() -> None:
    make_partitions(now=NOW, limit=0)
    assert make_partitions(now=NOW + timedelta(days=9999), limit=0)["dropped"] == 0


def test_what_was_kept_for_a_while_is_forgotten_in_time() -> None:
    workspace = make.workspace()
    api_key, _ = make_key(workspace=workspace, kind="secret", name="k")
    for age in (
        timedelta(hours=23),
        timedelta(hours=25),
        timedelta(days=6),
        timedelta(days=8),
        timedelta(days=31),
    ):
        at = NOW - age
        EventKey.objects.create(workspace=workspace, key=uuid.uuid4(), received_at=at)
        RejectedEvent.objects.create(
            workspace=workspace, received_at=at, index=0, code="x", message="x", payload={}
        )
        IdempotencyRecord.objects.create(
            api_key=api_key,
            method="POST",
            path="/",
            key=str(age),
            body_hash=b"x",
            status=201,
            response={},
            created_at=at,
        )
    counts = forget_keys(now=NOW)
    assert counts == {"event_keys": 1, "rejected_events": 2, "idempotency_records": 4, "taken": 7}
    assert (EventKey.objects.count(), RejectedEvent.objects.count(), IdempotencyRecord.objects.count()) == (
        4,
        3,
        1,
    )
    assert forget_keys(now=NOW).done == 0


def test_a_run_forgets_no_more_than_it_was_asked_to() -> None:
    workspace = make.workspace()
    for _ in range(3):
        EventKey.objects.create(workspace=workspace, key=uuid.uuid4(), received_at=NOW - timedelta(days=40))
    assert forget_keys(now=NOW, limit=2)["event_keys"] == 2
    assert EventKey.objects.count() == 1
