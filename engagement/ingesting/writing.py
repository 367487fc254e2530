"""The one statement by which events get into their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings

from engagement.statements import run_prepared

# How often a customer's `last_seen_at` is brought up to date: an update for every event would cost more than the event.
SEEN_EVERY = timedelta(minutes=1)


class Row(msgspec.Struct, omit_defaults=True):
    """An event as the statement takes it: of a customer, or of who has these ids."""

    key: str
    occurred_at: datetime
    type: str
    name: str
    message_id: str
    properties: dict[str, Any]
    context: dict[str, Any]
    customer_id: int | None = None
    user_id: str | None = None
    anonymous_id: str | None = None


@dataclass
class Ingested:
    """What became of a batch: events that are new, events seen before, and the customers who have new ones.

    `refused` are message ids of aliases that were kept as events but joined nobody: both ids are known people's.
    """

    accepted: int = 0
    duplicates: int = 0
    customer_ids: set[int] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


@dataclass
class Written:
    """What became of rows: how many were new and whose, new identify calls (message ids), and what was left (keys)."""

    fresh: int
    customer_ids: set[int]
    identified: set[str]
    left: set[str]


def insert_rows(
    *, workspace_id: int, rows: Sequence[Row], received_at: datetime, source: str, is_activity: bool = True
) -> Written:
    """Insert events that were not seen before, in one statement; keys must differ.

    Left to the caller are events of customers merged away and, of rows without a customer, those that may change who is
    who. `is_activity`: whether these events show that the customers are there.
    """
    if not rows:
        return Written(0, set(), set(), set())
    [found] = run_prepared(
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
    return Written(
        fresh=found["fresh"],
        customer_ids=set(found["customer_ids"]),
        identified=set(found["identified"]),
        left=set(found["left_over"]),
    )
