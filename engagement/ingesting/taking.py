"""Events of integrators: find who is meant, settle what is new about them, insert what was not seen before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from django.db import OperationalError, transaction

from engagement.events import IncomingEvent, canonical_name, event_key
from engagement.ingesting.rejecting import Rejection, reject_events
from engagement.ingesting.stubs import note_products
from engagement.ingesting.writing import Ingested, Row, Written, insert_rows
from engagement.people.describing import Telling, describe_customers
from engagement.people.links import Links
from engagement.people.settling import Raced, find_links, settle_people

MOST_TRIES = 20
LOST_RACES = {"40P01", "40001"}  # deadlock, serialisation failure
NAMELESS = {"identify": "Identify", "group": "Group", "alias": "Alias"}


class Keyed(NamedTuple):
    key: uuid.UUID
    event: IncomingEvent


class Batch(NamedTuple):
    """Events that have different message ids, in the order in which they happened."""

    workspace_id: int
    keyed: list[Keyed]
    received_at: datetime
    source: str

    @property
    def events(self) -> list[IncomingEvent]:
        return [event for _, event in self.keyed]

    @property
    def may_join_known(self) -> bool:
        """Only who holds a secret may say that two people with user ids are one."""
        return self.source != "tracking"


def ingest_events(
    *, workspace_id: int, events: Sequence[IncomingEvent], received_at: datetime, source: str
) -> Ingested:
    """Take a batch of checked events; all of them are durable when this returns.

    `source` is "tracking" (a public key), "api" or "import". A number of statements that does not grow with the
    batch: a look-up and an insert when everybody is known; one transaction when somebody is new, signs in or is
    described. Raises OperationalError when others change the same people again and again: nothing is half done then,
    and sending the batch again is safe.
    """
    batch = Batch(workspace_id, _unique(events), received_at, source)
    result = Ingested(duplicates=len(events))
    note_products(workspace_id=workspace_id, events=batch.events)
    for _ in range(MOST_TRIES):
        with _lost_races_passed_over():
            batch = _take(batch, result)
        if not batch.keyed:
            result.duplicates -= result.accepted
            return result
    raise OperationalError("The same customers were changed by others again and again. Send the batch again.")


def _unique(events: Sequence[IncomingEvent]) -> list[Keyed]:
    """Of several events with one message id, the first."""
    first: dict[uuid.UUID, IncomingEvent] = {}
    for event in events:
        first.setdefault(event_key(event.message_id), event)
    return sorted(
        (Keyed(key, event) for key, event in first.items()), key=lambda keyed: keyed.event.occurred_at
    )


@contextmanager
def _lost_races_passed_over() -> Iterator[None]:
    try:
        yield
    except Raced:
        pass
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) not in LOST_RACES:
            raise


def _take(batch: Batch, result: Ingested) -> Batch:
    """One try; returns the part that has to be tried again because its customer was merged away meanwhile."""
    links = find_links(
        workspace_id=batch.workspace_id, events=batch.events, may_join_known=batch.may_join_known
    )
    if links.are_settled and not any(event.type == "identify" for event in batch.events):
        written = _insert(batch, links)
    else:
        written = _settle_and_insert(batch, links)
    result.accepted += written.fresh
    result.customer_ids |= written.customer_ids
    _report_refused(batch, links)
    left = [
        keyed
        for keyed, person in zip(batch.keyed, links.persons, strict=True)
        if person.root.id in written.gone
    ]
    return batch._replace(keyed=left)


@transaction.atomic
def _settle_and_insert(batch: Batch, links: Links) -> Written:
    settle_people(
        workspace_id=batch.workspace_id,
        links=links,
        events=batch.events,
        may_join_known=batch.may_join_known,
        now=batch.received_at,
    )
    written = _insert(batch, links)
    if written.gone:
        raise Raced
    describe_customers(
        workspace_id=batch.workspace_id,
        tellings=[
            Telling(person.root.id, _described(event), event.occurred_at)
            for event, person in zip(batch.events, links.persons, strict=True)
            if event.message_id in written.identified and person.root.id
        ],
    )
    return written


def _described(event: IncomingEvent) -> dict[str, Any]:
    """Traits, and where these are silent what the client's surroundings say."""
    surroundings = {name: event.context[name] for name in ("timezone", "locale") if event.context.get(name)}
    return surroundings | event.traits


def _insert(batch: Batch, links: Links) -> Written:
    rows = [
        Row(
            key=key,
            customer_id=person.root.id or 0,
            occurred_at=min(event.occurred_at, batch.received_at),
            type=event.type,
            name=_name(event),
            message_id=event.message_id,
            properties=event.properties or event.traits,
            context=event.context,
        )
        for (key, event), person in zip(batch.keyed, links.persons, strict=True)
    ]
    return insert_rows(
        workspace_id=batch.workspace_id, rows=rows, received_at=batch.received_at, source=batch.source
    )


def _name(event: IncomingEvent) -> str:
    return canonical_name(event.name) if event.type == "track" else event.name or NAMELESS.get(event.type, "")


def _report_refused(batch: Batch, links: Links) -> None:
    reject_events(
        workspace_id=batch.workspace_id,
        received_at=batch.received_at,
        rejections=[
            Rejection(
                place=place,
                code="alias_of_two_known",
                message="Both ids belong to customers of their own. A public write key cannot join them: use the API "
                "with a secret key.",
                payload={
                    "type": "alias",
                    "previousId": batch.keyed[place].event.previous_id,
                    "userId": batch.keyed[place].event.user_id,
                },
            )
            for place in links.refused
        ],
    )
