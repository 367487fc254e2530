"""Events start nudges: at once or after a delay, once for each event, unless something settles it meanwhile.

First an event lets its customer in (`Entry`), then, when the entry's time has come, the nudge is put forward. What has
settled it since is asked where all candidates are asked, when deciding and again when sending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from engagement.conditions import fitting_events
from engagement.counts import Counts
from engagement.events import LONGEST_ID
from engagement.ingesting.stubs import products_of
from engagement.models import Event, Product
from engagement.statements import run_statement
from engagement.unread import Claim, claim_unread, finish_unread
from nudges.considering.flows import Asking, ask_to_enter, wake_runs
from nudges.considering.listening import READER, listening_flows, listening_nudges
from nudges.considering.timing import due_time, times_of
from nudges.models import Flow, FlowTrigger, Nudge, Purpose

MOST_EVENTS = 1000  # of one customer that start something, in one day


class Start(NamedTuple):
    """What an event must be to start something."""

    workspace_id: int
    event: str
    where: list[dict[str, Any]]
    since: datetime | None


class Happened(NamedTuple):
    """An event by which some nudge is started."""

    id: int
    workspace_id: int
    customer_id: int
    name: str
    at: datetime
    skus: list[str]
    order_id: str


@transaction.atomic
def consider_events(*, now: datetime, limit: int = 500) -> Counts:
    """Read new events of up to `limit` customers and let in whom they start a nudge for, in one transaction.

    A number of statements that depends on how many nudges and flows have tests on properties, not on customers. Counts:
    taken (customers), entered, asked_into_flows, late (events that came in when what they start was no longer true),
    nothing_to_ask (orders of nothing that could be reviewed).
    """
    claims = claim_unread(reader=READER, limit=limit)
    if not claims:
        return Counts()
    counts = Counts(taken=len(claims))
    workspaces = {claim.workspace_id for claim in claims}
    nudges, flows = listening_nudges(workspaces), listening_flows(workspaces, FlowTrigger.EVENT)
    starts = {flow.pk: _start_of(flow) for flow in flows}
    names = {nudge.trigger_event for nudge in nudges} | {start.event for start in starts.values()}
    events = _find(claims, names)
    if events:
        counts.update(_let_in(events, nudges, now))
    for flow in flows:
        asking = [
            Asking(event.customer_id, f"event:{event.id}") for event in _starting(starts[flow.pk], events)
        ]
        if asked := ask_to_enter(flow=flow, asking=asking, now=now):
            counts["asked_into_flows"] += asked
    customer_ids = [claim.customer_id for claim in claims]
    wake_runs(customer_ids=customer_ids, now=now)
    finish_unread(reader=READER, customer_ids=customer_ids)
    return counts


def _find(claims: Sequence[Claim], names: set[str]) -> list[Happened]:
    if not names:
        return []
    found = run_statement(
        "nudges.find_starting_events",
        {
            "workspaces": [claim.workspace_id for claim in claims],
            "customers": [claim.customer_id for claim in claims],
            "since": [claim.since for claim in claims],
            "names": sorted(names),
            "most": MOST_EVENTS,
        },
    )
    return [_happened(row) for row in found]


def _happened(row: dict[str, Any]) -> Happened:
    told = msgspec.json.decode(row["properties"])
    properties = told if isinstance(told, dict) else {}
    return Happened(
        row["id"],
        row["workspace_id"],
        row["customer_id"],
        row["name"],
        row["occurred_at"],
        list(dict.fromkeys(sku for sku, _told in products_of(properties))),
        str(properties.get("order_id") or "")[:LONGEST_ID],
    )


def _let_in(events: Sequence[Happened], nudges: Sequence[Nudge], now: datetime) -> Counts:
    products, times = _products(events), times_of(nudges)
    counts, rows = Counts(), []
    for nudge in nudges:
        for event in _starting(_start_of(nudge), events):
            own = [product for sku in event.skus if (product := products.get((event.workspace_id, sku)))]
            due_at = due_time(nudge, event.at, own, times)
            if due_at is None:
                counts["nothing_to_ask"] += 1
            elif now > due_at + timedelta(hours=nudge.expires_after_hours):
                counts["late"] += 1
            else:
                rows.append(_row(nudge, event, own, due_at))
    if rows:
        entries = msgspec.json.encode(rows).decode()
        counts["entered"] = len(run_statement("nudges.let_in", {"entries": entries}))
    if whole := [nudge.pk for nudge in nudges if nudge.purpose == Purpose.REVIEW]:
        customers = sorted({row["customer_id"] for row in rows})
        run_statement("nudges.join_orders", {"nudges": whole, "customers": customers})
    return counts


def _start_of(one: Nudge | Flow) -> Start:
    if isinstance(one, Nudge):
        return Start(one.workspace_id, one.trigger_event, one.trigger_where, one.trigger_since)
    if one.version is None:
        raise ValueError(f"flow {one.pk}: only what was published listens")
    return Start(one.workspace_id, one.version.trigger_event, one.version.trigger_where, one.listens_since)


def _starting(start: Start, events: Sequence[Happened]) -> list[Happened]:
    """The events that start it: of its name, since it listens, and with the properties it wants."""
    named = [
        event
        for event in events
        if event.workspace_id == start.workspace_id
        and event.name == start.event
        and start.since is not None
        and event.at >= start.since
    ]
    if not named or not start.where:
        return named
    logged = Event.objects.filter(
        workspace_id=start.workspace_id,
        customer_id__in={event.customer_id for event in named},
        pk__in=[event.id for event in named],
    )
    fitting = set(fitting_events(logged, start.where).values_list("pk", flat=True))
    return [event for event in named if event.id in fitting]


def _products(events: Sequence[Happened]) -> Mapping[tuple[int, str], Product]:
    """The products that events name, by workspace and SKU."""
    skus = {sku for event in events for sku in event.skus}
    if not skus:
        return {}
    rows = Product.objects.filter(workspace__in={event.workspace_id for event in events}, sku__in=skus)
    return {(product.workspace_id, product.sku): product for product in rows}


def _row(nudge: Nudge, event: Happened, products: Sequence[Product], due_at: datetime) -> dict[str, Any]:
    return {
        "workspace_id": event.workspace_id,
        "customer_id": event.customer_id,
        "nudge_id": nudge.pk,
        "event_id": event.id,
        "event_name": event.name,
        "event_at": event.at,
        "product_ids": [product.pk for product in products],
        "subject": event.order_id,
        "due_at": due_at,
    }
