"""Facts of our own, put on the timelines of customers we know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engagement.events import SystemEvent, event_key
from engagement.ingesting.writing import Ingested, Row, insert_rows
from engagement.people.finding import living_customers
from engagement.webhooks.announcing import News, announce
from engagement.webhooks.types import type_of_event

MOST_TRIES = 5


def record_events(*, workspace_id: int, events: Sequence[SystemEvent], now: datetime) -> Ingested:
    """Take events about known customers, once for each message id, in one statement.

    A customer who was merged away stands for who they were merged into; one that the workspace does not have is left
    out. Joins the caller's transaction, if there is one, and holds those customers' locks until it ends.
    """
    told = rows = list({(row := _row(event, now)).key: row for event in reversed(events)}.values())[::-1]
    result = Ingested(duplicates=len(events) - len(rows))
    for _ in range(MOST_TRIES):
        written = insert_rows(
            workspace_id=workspace_id, rows=rows, received_at=now, source="system", is_activity=False
        )
        result.accepted += written.fresh
        result.customer_ids |= written.customer_ids
        left = [row for row in rows if row.key in written.left]
        result.duplicates += len(rows) - len(left) - written.fresh
        if not left:
            break
        gone = {row.customer_id for row in left if row.customer_id}
        living = living_customers(workspace_id=workspace_id, customer_ids=gone)
        rows = [row for row in left if row.customer_id in living]
        for row in rows:
            row.customer_id = living[row.customer_id or 0]
    if result.accepted:
        announce([news for row in told if (news := _news(workspace_id, row))], now=now)
    return result


def _news(workspace_id: int, row: Row) -> News | None:
    kind = type_of_event(row.name, row.properties)
    if not kind:
        return None
    return News(
        workspace_id=workspace_id,
        type=kind,
        once=row.message_id,
        at=row.occurred_at,
        data=row.properties,
        customer_id=row.customer_id,
    )


def _row(event: SystemEvent, now: datetime) -> Row:
    return Row(
        key=event_key(event.message_id, of_system=True),
        customer_id=event.customer_id,
        occurred_at=min(event.occurred_at, now),
        type="track",
        name=event.name,
        message_id=event.message_id,
        properties=event.properties,
        context={},
    )
