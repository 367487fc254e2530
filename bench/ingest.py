"""Events a second over HTTP in batches of 100, durable, beside a raw COPY of the same rows into the same table.

Ours: POST /v1/batch on the server that the demo uses, eight connections, each event new, of 5,000 known customers, 25
of them in a batch with 4 events each, as a shop's server sends them. The reference takes the very rows that ours wrote,
as text, and copies them into the same partitioned table with its indexes and its foreign key: one COPY, one commit, no
HTTP, no JSON, no look-up of customers, no recognition of retries, no word to readers.
"""

from __future__ import annotations

import io
import json
import random
import time
import uuid
from datetime import UTC, datetime

from bench.load import loading, request
from bench.measuring import Measured, interleaved
from bench.world import raw_connection, served, settle
from engagement.keys import make_key
from engagement.models import Workspace

CUSTOMERS, PER_BATCH, EVENTS_EACH = 5_000, 25, 4
BATCHES, ROUNDS, CONNECTIONS = 200, 7, 8
NAMES = ("Product Viewed", "Product Added", "Product List Viewed", "Cart Viewed")
COLUMNS = (
    "workspace_id, customer_id, received_at, occurred_at, type, name, message_id, properties, context, source"
)


def measure() -> Measured:
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    _, key = make_key(workspace=workspace, kind="write", name="bench")
    chance = random.Random(1)
    with served() as port, loading(port, connections=CONNECTIONS) as load:
        load.run([request("/v1/batch", body, key) for body in introductions()])
        load.run([request("/v1/batch", batch(chance), key) for _ in range(BATCHES // 2)])
        settle()

        def ours(_: int) -> float:
            requests = [request("/v1/batch", batch(chance), key) for _ in range(BATCHES)]
            return BATCHES * 100 / load.run(requests)

        return interleaved(ours, lambda _: copy(), rounds=ROUNDS, unit="events/s", batches=BATCHES)


def introductions() -> list[bytes]:
    """Every customer's first event, so that the measured ones are of known people."""
    events = [event(f"u{n}", random.Random(n)) for n in range(CUSTOMERS)]
    return [json.dumps({"batch": events[start : start + 500]}).encode() for start in range(0, CUSTOMERS, 500)]


def batch(chance: random.Random) -> bytes:
    users = [f"u{n}" for n in chance.sample(range(CUSTOMERS), PER_BATCH)]
    events = [event(user, chance) for user in users for _ in range(EVENTS_EACH)]
    return json.dumps({"batch": events, "sentAt": datetime.now(UTC).isoformat()}).encode()


def event(user: str, chance: random.Random) -> dict[str, object]:
    """An event as segment-analytics-python sends it."""
    return {
        "integrations": {},
        "anonymousId": None,
        "properties": {
            "product_id": f"p{chance.randrange(500)}",
            "name": "Trail running shoe",
            "category": "shoes",
            "price": chance.randrange(20, 200),
            "url": "https://shop.example/products/trail-running-shoe",
            "position": chance.randrange(40),
        },
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "locale": "de-AT"},
        "userId": user,
        "type": "track",
        "event": chance.choice(NAMES),
        "messageId": str(uuid.UUID(int=chance.getrandbits(128))),
    }


def copy() -> float:
    """Copy as many rows as a round of ours writes, the newest that are there; rows a second."""
    wanted = BATCHES * 100
    with raw_connection() as connection, connection.cursor() as cursor:
        rows = io.StringIO()
        newest = f"SELECT {COLUMNS} FROM engagement_event ORDER BY id DESC LIMIT {wanted}"
        cursor.copy_expert(f"COPY ({newest}) TO STDOUT", rows)
        connection.commit()
        copied = rows.getvalue()
        began = time.perf_counter()
        cursor.copy_expert(f"COPY engagement_event ({COLUMNS}) FROM STDIN", io.StringIO(copied))
        connection.commit()
        seconds = time.perf_counter() - began
        assert cursor.rowcount == wanted
    return wanted / seconds
