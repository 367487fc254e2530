"""Small requests that arrive at the same time are taken together: one look-up, one insert and one commit for all.

Nobody waits for a clock. While one thread works, the requests of others gather; when it is done, the first of them
takes all that have gathered. A lone request is taken at once, and the busier the process, the larger the groups.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import OperationalError, connection

from engagement.events import IncomingEvent
from engagement.ingesting.taking import ingest_events
from engagement.ingesting.writing import Ingested

SMALL = 20  # events; a larger request is a group by itself
MOST_TOGETHER = 1_000  # events
LONGEST_WAIT = 60.0  # seconds


@dataclass(eq=False)
class _Request:
    """A small request. It is woken when its group is done (`result`), has failed (`is_alone`), or for it to lead."""

    events: Sequence[IncomingEvent]
    received_at: datetime
    woken: threading.Event = field(default_factory=threading.Event)
    result: Ingested | None = None
    is_alone: bool = False


# What waits, for each workspace and source of which a thread is at work.
_waiting: dict[tuple[int, str], list[_Request]] = {}
_lock = threading.Lock()


def ingest_together(
    *, workspace_id: int, events: Sequence[IncomingEvent], received_at: datetime, source: str
) -> Ingested:
    """`ingest_events`, together with other small requests of the moment; what is returned is of the whole group.

    Returns when the events are durable and raises what `ingest_events` raises. A group that fails is taken again one by
    one, so that nobody suffers from what another sent.
    """
    if len(events) > SMALL or connection.in_atomic_block:
        return ingest_events(workspace_id=workspace_id, events=events, received_at=received_at, source=source)
    mine = _Request(events, received_at)
    if not _is_first(workspace_id, source, mine):
        if not mine.woken.wait(LONGEST_WAIT) and _withdraw(workspace_id, source, mine):
            raise OperationalError("Events of this workspace were not taken in time. Send them again.")
        if mine.result is not None:
            return mine.result
    if not mine.is_alone and (result := _lead(workspace_id, source, mine)):
        return result
    return ingest_events(workspace_id=workspace_id, events=events, received_at=received_at, source=source)


def _is_first(workspace_id: int, source: str, mine: _Request) -> bool:
    """Join those who wait; true when nobody is at work, so that this request leads at once."""
    with _lock:
        waiting = _waiting.get((workspace_id, source))
        if waiting is None:
            _waiting[workspace_id, source] = [mine]
            return True
        waiting.append(mine)
        return False


def _withdraw(workspace_id: int, source: str, mine: _Request) -> bool:
    """Wait no longer; false when this request was woken at this very moment and must go on."""
    with _lock:
        waiting = _waiting.get((workspace_id, source), [])
        if mine in waiting and not mine.woken.is_set():
            waiting.remove(mine)
    return not mine.woken.is_set()


def _lead(workspace_id: int, source: str, mine: _Request) -> Ingested | None:
    """Take all who wait, the leader first among them; None when that failed and each has to go alone."""
    group = _gather(workspace_id, source)
    result = None
    try:
        result = ingest_events(
            workspace_id=workspace_id,
            events=[event for request in group for event in request.events],
            received_at=max(request.received_at for request in group),
            source=source,
        )
    except Exception:
        if len(group) == 1:
            raise
    finally:
        _hand_over(workspace_id, source)
        for request in group:
            request.result, request.is_alone = result, result is None
            request.woken.set()
    return result


def _gather(workspace_id: int, source: str) -> list[_Request]:
    with _lock:
        waiting = _waiting[workspace_id, source]
        room = MOST_TOGETHER
        group: list[_Request] = []
        while waiting and (not group or room >= len(waiting[0].events)):
            group.append(waiting.pop(0))
            room -= len(group[-1].events)
        return group


def _hand_over(workspace_id: int, source: str) -> None:
    """Let the first who waits lead, or note that nobody is at work."""
    with _lock:
        waiting = _waiting[workspace_id, source]
        if waiting:
            waiting[0].woken.set()
        else:
            del _waiting[workspace_id, source]
