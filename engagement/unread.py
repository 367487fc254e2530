"""Reading the event log: which customers have events that a reader has not read, and the events themselves.

A reader claims customers, reads, writes what follows from it, and deletes the claimed rows, all in one transaction:
a worker that dies leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from engagement.models import Unread, Workspace
from engagement.statements import run_statement


class Claim(NamedTuple):
    """A customer whose events `reader` may read now; nobody else does, and none can be added meanwhile."""

    customer_id: int
    workspace_id: int
    since: datetime


class Reading(NamedTuple):
    """From where, or up to where, the log of one customer is read, as an event id; and from which moment on."""

    workspace_id: int
    customer_id: int
    position: int
    since: datetime | None = None


class LoggedEvent(NamedTuple):
    """A row of the event log, as far as readers look at it."""

    id: int
    customer_id: int
    workspace_id: int
    at: datetime
    type: str
    name: str
    properties: dict[str, Any]


def claim_unread(*, reader: str, limit: int) -> list[Claim]:
    """Lock up to `limit` customers with unread events, fairly between workspaces; needs a transaction."""
    return [
        Claim(**row) for row in run_statement("engagement.claim_unread", {"reader": reader, "limit": limit})
    ]


def finish_unread(*, reader: str, customer_ids: Iterable[int]) -> None:
    """Say that these claimed customers have been read to the end."""
    Unread.objects.filter(reader=reader, customer_id__in=list(customer_ids)).delete()


def listen(*, reader: str, workspace_id: int, wants: Callable[[], bool]) -> None:
    """Let `reader` read a workspace's events from now on, or no more, as `wants` says; needs a transaction.

    `wants` is asked when the workspace's row is held, so that of two changes at once the second sees the first.
    """
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    readers = [name for name in workspace.event_readers if name != reader]
    if wants():
        readers.append(reader)
    if readers != workspace.event_readers:
        workspace.event_readers = readers
        workspace.save(update_fields=["event_readers"])


def read_new_events(readings: Iterable[Reading], *, most: int) -> list[LoggedEvent]:
    """Events after each position, by customer and id, at most `most` of one customer; one statement."""
    return read("engagement.read_new_events", readings, {"most": most})


def read_event_log(readings: Iterable[Reading]) -> list[LoggedEvent]:
    """Events up to each position, by customer and then as they happened (time, id); one statement."""
    readings = list(readings)
    since = [reading.since for reading in readings]
    return read("engagement.read_event_log", readings, {"since": since})


def read(name: str, readings: Iterable[Reading], parameters: dict[str, Any]) -> list[LoggedEvent]:
    readings = list(readings)
    if not readings:
        return []
    columns = {
        "workspace_ids": [reading.workspace_id for reading in readings],
        "customer_ids": [reading.customer_id for reading in readings],
        "positions": [reading.position for reading in readings],
    }
    return [
        LoggedEvent(
            row["id"],
            row["customer_id"],
            row["workspace_id"],
            row["occurred_at"],
            row["type"],
            row["name"],
            properties if isinstance(properties := msgspec.json.decode(row["properties"]), dict) else {},
        )
        for row in run_statement(name, columns | parameters)
    ]
