"""Making the rows say what `links` decided: identities given and moved, customers made, promoted and merged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from engagement.events import IncomingEvent
from engagement.people.links import Known, Links, Person, Ref, link_people, refs_of
from engagement.people.locks import lock_customers
from engagement.people.merging import Pair, merge_pairs
from engagement.statements import run_statement


class Raced(Exception):
    """Somebody else changed the same people at the same moment: roll back and start again."""


def find_links(*, workspace_id: int, events: list[IncomingEvent], may_join_known: bool) -> Links:
    """Look up everybody meant by these events, in one query, and say what has to change."""
    refs = sorted(refs_of(events))
    rows = run_statement(
        "engagement.find_identities",
        {
            "workspace_id": workspace_id,
            "kinds": [kind for kind, _ in refs],
            "values": [value for _, value in refs],
        },
    )
    known: dict[Ref, Known] = {
        (row["kind"], row["value"]): Known(row["customer_id"], row["is_identified"]) for row in rows
    }
    return link_people(events, known, may_join_known=may_join_known)


def settle_people(
    *, workspace_id: int, links: Links, events: list[IncomingEvent], may_join_known: bool, now: datetime
) -> None:
    """Carry out `links`, in a number of statements that does not grow; afterwards each person has an id.

    Must run in a transaction. Raises Raced when somebody was quicker. Locks are taken in one order by everybody: new
    identities by name, then customers by id, so that two batches never wait for each other in a circle.
    """
    new = links.new
    for person, row in zip(new, _take_ids(len(new)), strict=True):
        person.id = row["id"]
    _give_identities(workspace_id, links, now)
    _make_customers(workspace_id, new, links, events, now)
    lock_customers(workspace_id=workspace_id, customer_ids=_touched(links), now=now)
    made = {person.id for person in new}
    _promote(workspace_id, [person for person in links.promoted if person.id not in made])
    _move_identities(workspace_id, links)
    pairs = [
        Pair(source.id, target.root.id, cause)
        for source, target, cause in links.merged
        if source.id and target.root.id
    ]
    if merge_pairs(workspace_id=workspace_id, pairs=pairs, known_too=may_join_known, now=now) != len(pairs):
        raise Raced


def _touched(links: Links) -> set[int]:
    """Everybody of the batch, so that all locks are taken at once."""
    persons = [*links.persons, *(person for pair in links.merged for person in pair[:2])]
    return {found for person in persons for found in (person.id, person.root.id) if found}


def _take_ids(wanted: int) -> list[dict[str, Any]]:
    return run_statement("engagement.take_customer_ids", {"wanted": wanted}) if wanted else []


def _give_identities(workspace_id: int, links: Links, now: datetime) -> None:
    if not links.given:
        return
    given = list(links.given.items())
    rows = run_statement(
        "engagement.give_identities",
        {
            "workspace_id": workspace_id,
            "kinds": [kind for (kind, _), _ in given],
            "values": [value for (_, value), _ in given],
            "customer_ids": [person.root.id for _, person in given],
            "now": now,
        },
    )
    if len(rows) != len(given):
        raise Raced


def _make_customers(
    workspace_id: int, new: list[Person], links: Links, events: list[IncomingEvent], now: datetime
) -> None:
    if not new:
        return
    first: dict[int, IncomingEvent] = {}
    for person, event in zip(links.persons, events, strict=True):
        first.setdefault(id(person.root), event)
    rows = [_new_customer(person, first.get(id(person)), now) for person in new]
    run_statement(
        "engagement.make_customers",
        {"workspace_id": workspace_id, "customers": msgspec.json.encode(rows).decode(), "now": now},
    )


def _new_customer(person: Person, event: IncomingEvent | None, now: datetime) -> dict[str, Any]:
    context = event.context if event else {}
    return {
        "id": person.id,
        "external_id": person.external_id,
        "timezone": context.get("timezone", ""),
        "locale": str(context.get("locale", ""))[:16],
        "first_seen_at": (event.occurred_at if event else now).isoformat(),
    }


def _promote(workspace_id: int, persons: list[Person]) -> None:
    if not persons:
        return
    rows = run_statement(
        "engagement.promote_customers",
        {
            "workspace_id": workspace_id,
            "customer_ids": [person.id for person in persons],
            "external_ids": [person.external_id for person in persons],
        },
    )
    if len(rows) != len(persons):
        raise Raced


def _move_identities(workspace_id: int, links: Links) -> None:
    if links.moved:
        run_statement(
            "engagement.move_identities",
            {
                "workspace_id": workspace_id,
                "values": [value for _, value in links.moved],
                "customer_ids": [person.root.id for person in links.moved.values()],
            },
        )
