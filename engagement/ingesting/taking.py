"""Events of integrators: find who is meant, settle what is new about them, insert what was not seen before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from django.db import OperationalError, transaction

from engagement.events import IncomingEvent, canonical_name, event_key
from engagement.ingesting.stubs import note_products
from engagement.ingesting.writing import Ingested, Row, Written, insert_rows
from engagement.people.describing import Telling, describe_customers
from engagement.people.settling import Raced, find_links, settle_people

MOST_TRIES = 20
LOST_RACES = {"40P01", "40001"}  # deadlock, serialisation failure
NAMELESS = {"identify": "Identify", "group": "Group", "alias": "Alias"}


class Batch(NamedTuple):
    """Events that have different message ids, by their keys, in the order in which they happened."""

    workspace_id: int
    keyed: dict[str, IncomingEvent]
    received_at: datetime
    source: str

    @property
    def events(self) -> list[IncomingEvent]:
        return list(self.keyed.values())

    @property
    def may_join_known(self) -> bool:
        """Only who holds a secret may say that two people with user ids are one."""
        return self.source != "tracking"


def ingest_events(
    *, workspace_id: int, events: Sequence[IncomingEvent], received_at: datetime, source: str
) -> Ingested:
    """Take a batch of checked events; all of them are durable when this returns.

    `source` is "tracking" (a public key), "api" or "import". A number of statements that does not grow with the
    batch: one for events of people who are known, and one transaction for those of somebody who is new, signs in or is
    described. Raises OperationalError when others change the same people again and again; sending the batch again is
    safe then.
    """
    batch = Batch(workspace_id, _unique(events), received_at, source)
    result = Ingested(duplicates=len(events))
    note_products(workspace_id=workspace_id, events=batch.events)
    with _lost_races_passed_over():
        batch = _take_known(batch, result)
    for _ in range(MOST_TRIES):
        if not batch.keyed:
            result.duplicates -= result.accepted
            return result
        with _lost_races_passed_over():
            _take_all(batch, result)
            batch = batch._replace(keyed={})
    raise OperationalError("The same customers were changed by others again and again. Send the batch again.")


def _unique(events: Sequence[IncomingEvent]) -> dict[str, IncomingEvent]:
    """Of several events with one message id, the first."""
    first: dict[str, IncomingEvent] = {}
    for event in events:
        first.setdefault(event_key(event.message_id), event)
    if len(first) == 1:
        return first
    return dict(sorted(first.items(), key=lambda item: item[1].occurred_at))


@contextmanager
def _lost_races_passed_over() -> Iterator[None]:
    try:
        yield
    except Raced:
        pass
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) not in LOST_RACES:
            raise


def _take_known(batch: Batch, result: Ingested) -> Batch:
    """Take the events that change nothing about who is who; returns the others."""
    rows = [_row(batch, key, event) for key, event in batch.keyed.items()]
    for row, event in zip(rows, batch.events, strict=True):
        row.user_id, row.anonymous_id = event.user_id, event.anonymous_id
    written = insert_rows(
        workspace_id=batch.workspace_id, rows=rows, received_at=batch.received_at, source=batch.source
    )
    _count(result, written)
    return batch._replace(keyed={key: event for key, event in batch.keyed.items() if key in written.left})


@transaction.atomic
def _take_all(batch: Batch, result: Ingested) -> None:
    """Settle who is who, then take every event, with what it says about its customer. Raises Raced."""
    events = batch.events
    links = find_links(workspace_id=batch.workspace_id, events=events, may_join_known=batch.may_join_known)
    settle_people(
        workspace_id=batch.workspace_id,
        links=links,
        events=events,
        may_join_known=batch.may_join_known,
        now=batch.received_at,
    )
    rows = [_row(batch, key, event) for key, event in batch.keyed.items()]
    for row, person in zip(rows, links.persons, strict=True):
        row.customer_id = person.root.id
    written = insert_rows(
        workspace_id=batch.workspace_id, rows=rows, received_at=batch.received_at, source=batch.source
    )
    if written.left:
        raise Raced
    described = [
        Telling(person.root.id, _described(event), event.occurred_at)
        for event, person in zip(events, links.persons, strict=True)
        if event.message_id in written.identified and person.root.id
    ]
    describe_customers(workspace_id=batch.workspace_id, tellings=described)
    _count(result, written)
    result.refused.update(events[place].message_id for place in links.refused)


def _count(result: Ingested, written: Written) -> None:
    result.accepted += written.fresh
    result.customer_ids |= written.customer_ids


def _described(event: IncomingEvent) -> dict[str, Any]:
    """Traits, and where these are silent what the client's surroundings say."""
    surroundings = {name: event.context[name] for name in ("timezone", "locale") if event.context.get(name)}
    return surroundings | event.traits


def _row(batch: Batch, key: str, event: IncomingEvent) -> Row:
    return Row(
        key=key,
        occurred_at=min(event.occurred_at, batch.received_at),
        type=event.type,
        name=_name(event),
        message_id=event.message_id,
        properties=event.properties or event.traits,
        context=event.context,
    )


def _name(event: IncomingEvent) -> str:
    return canonical_name(event.name) if event.type == "track" else event.name or NAMELESS.get(event.type, "")
