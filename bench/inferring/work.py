"""The work of `bench infer`, imported once its database is there."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Unread, Workspace
from journeys.evidence import install_default_evidence
from journeys.inferring import infer_needs
from journeys.models import Need

CUSTOMERS, EVENTS_EACH, CHUNK = 3000, 10, 200
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)

COPY = """
WITH claimed AS (
    SELECT customer_id FROM engagement_unread
    WHERE reader = 'learning' AND workspace_id = %(workspace)s
    ORDER BY since LIMIT %(chunk)s FOR UPDATE SKIP LOCKED
),
copied AS (
    INSERT INTO bench_copy
    SELECT event.id, event.customer_id, event.occurred_at, event.name, event.properties
    FROM engagement_event AS event
    WHERE event.customer_id IN (SELECT customer_id FROM claimed)
)
DELETE FROM engagement_unread USING claimed
WHERE engagement_unread.customer_id = claimed.customer_id AND reader = 'learning'
"""


def infer(round_number: int) -> float:
    """Events a second from the log to needs and stage changes."""
    total = fill(make_workspace())
    started = time.perf_counter()
    read = 0
    while (counts := infer_needs(now=NOW, limit=CHUNK)).done:
        read += counts["events"]
    seconds = time.perf_counter() - started
    assert read == total, f"{read} of {total} events were read"
    return total / seconds


def copy(round_number: int) -> float:
    """Events a second when they are merely read and copied."""
    workspace = make_workspace()
    total = fill(workspace)
    Unread.objects.filter(reader="journeys").delete()
    return total / copy_bare(workspace)


def make_workspace() -> Workspace:
    workspace = Workspace.objects.create(name="Bench", slug=f"bench-infer-{time.time_ns()}")
    install_default_evidence(workspace)
    for slug in ("shoes", "jackets", "tents"):
        Need.objects.create(workspace=workspace, slug=slug, name=slug, rules={"categories": [slug]})
    return workspace


def fill(workspace: Workspace) -> int:
    """Visits of many customers, taken by the door's own function; how many events."""
    chance = random.Random(1)
    events = [event for number in range(CUSTOMERS) for event in visit(f"u{number}", chance)]
    for start in range(0, len(events), 1000):
        batch = events[start : start + 1000]
        ingest_events(workspace_id=workspace.pk, events=batch, received_at=NOW, source="import")
    return len(events)


def visit(user: str, chance: random.Random) -> list[IncomingEvent]:
    at = NOW - timedelta(days=chance.randrange(1, 20))
    events = []
    for number in range(EVENTS_EACH):
        at += timedelta(minutes=chance.randrange(1, 200))
        category = chance.choice(("shoes", "shoes", "jackets", "tents"))
        sku, name = f"{category}-{chance.randrange(20)}", "Product Viewed"
        if number % 4 == 0:
            name = "Product List Viewed"
        elif number % 7 == 6:
            name = "Product Added"
        about = {"category": category} | ({"product_id": sku} if name != "Product List Viewed" else {})
        events.append(
            IncomingEvent(
                type="track",
                name=name,
                message_id=f"{user}-{number}-{at.isoformat()}",
                occurred_at=at,
                user_id=user,
                properties=about,
            )
        )
    return events


def copy_bare(workspace: Workspace) -> float:
    """Seconds for the reference."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_copy "
            "(id bigint, customer_id bigint, occurred_at timestamptz, name text, properties jsonb)"
        )
        try:
            started = time.perf_counter()
            while Unread.objects.filter(reader="learning", workspace=workspace).exists():
                with transaction.atomic():
                    cursor.execute(COPY, {"workspace": workspace.pk, "chunk": CHUNK})
            return time.perf_counter() - started
        finally:
            cursor.execute("DROP TABLE bench_copy")
