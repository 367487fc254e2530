"""The one statement by which events get into their table."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings

from engagement.statements import run_statement

# How often a customer's `last_seen_at` is brought up to date: an update for every event would cost more than the event.
SEEN_EVERY = timedelta(minutes=1)


class Row(msgspec.Struct):
    """An event as the statement takes it."""

    key: uuid.UUID
    customer_id: int
    occurred_at: datetime
    type: str
    name: str
    message_id: str
    properties: dict[str, Any]
    context: dict[str, Any]


@dataclass
class Ingested:
    """What became of a batch: events that are new, events seen before, and the customers who have new ones."""

    accepted: int = 0
    duplicates: int = 0
    customer_ids: set[int] = field(default_factory=set)


@dataclass
class Written:
    """What became of rows: how many are new and whose, new identify calls (message ids), customers who are no more."""

    fresh: int = 0
    customer_ids: set[int] = field(default_factory=set)
    identified: set[str] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)


def insert_rows(
    *, workspace_id: int, rows: Sequence[Row], received_at: datetime, source: str, is_activity: bool = True
) -> Written:
    """Insert events that were not seen before; those of customers merged away are left to the caller.

    Keys must differ. `is_activity`: whether these events show that the customers are there.
    """
    written = Written()
    if not rows:
        return written
    found = run_statement(
        "engagement.insert_events",
        {
            "workspace_id": workspace_id,
            "events": msgspec.json.encode(rows).decode(),
            "readers": list(settings.EVENT_READERS),
            "received_at": received_at,
            "source": source,
            "seen_before": received_at - SEEN_EVERY if is_activity else None,
        },
    )
    for row in found:
        if not row["is_living"]:
            written.gone.add(row["customer_id"])
        elif row["fresh"]:
            written.fresh += row["fresh"]
            written.customer_ids.add(row["customer_id"])
            written.identified.update(row["identified"] or ())
    return written
