"""The steps of inference: new events, stories to be told again, and silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Func, Value

from engagement.counts import Counts
from engagement.models import Customer, Merge
from engagement.statements import run_statement
from engagement.unread import (
    LoggedEvent,
    Reading,
    claim_unread,
    finish_unread,
    read_event_log,
    read_new_events,
)
from journeys.inferring.definitions import Definitions, read_categories, read_definitions
from journeys.inferring.keeping import (
    Kept,
    Told,
    add_changes,
    read_kept,
    save_instances,
)
from journeys.inferring.reconciling import read_recorded, reconcile_changes
from journeys.inferring.telling import (
    BEGINNING,
    Key,
    Reader,
    Resumed,
    Stories,
    go_on,
    let_time_pass,
    tell_again,
)
from journeys.models import CustomerNeed, ReadingPosition
from journeys.moving import move_answers, move_shortlists

READER = "journeys"
MOST_EVENTS = 1000  # of one customer in one run; the rest waits for the next
EVERYTHING = 2**63 - 1


@dataclass
class Chunk:
    """The customers of one run: their workspaces, how far they were and are read, and who is told again as a whole.

    What comes out for `stale` ones, who are told again for new rules, is news only if new events brought it.
    """

    now: datetime
    workspaces: dict[int, int]
    definitions: Definitions
    positions: dict[int, int]
    read_before: dict[int, int]
    unheard_until: dict[int, datetime]
    retold: set[int]
    stale: set[int]


def infer_needs(*, now: datetime, limit: int = 200) -> Counts:
    """Read new events of up to `limit` customers into needs, stages and stage changes, in one transaction.

    A number of statements that does not grow with `limit`. When there is less to read, customers whose workspace has
    changed its rules are told again from their log. Counts: taken (customers), events, changes, retold.
    """
    counts = _infer_unread(now=now, limit=limit)
    if counts["taken"] < limit:
        counts.update(_retell_stale(now=now, limit=limit - counts["taken"]))
    return counts


@transaction.atomic
def _infer_unread(*, now: datetime, limit: int) -> Counts:
    claims = claim_unread(reader=READER, limit=limit)
    if not claims:
        return Counts()
    roots = _absorb_merges([claim.customer_id for claim in claims], now)
    chunk = _open_chunk({claim.customer_id: claim.workspace_id for claim in claims}, now)
    chunk.retold = chunk.stale | (roots & chunk.workspaces.keys())
    going_on = chunk.workspaces.keys() - chunk.retold
    events = read_new_events(_readings(chunk, going_on, chunk.positions), most=MOST_EVENTS)
    read: dict[int, int] = {}
    for event in events:
        read[event.customer_id] = read.get(event.customer_id, 0) + 1
        chunk.positions[event.customer_id] = event.id
    counts = _tell(chunk, events, up_to=dict.fromkeys(chunk.retold, EVERYTHING))
    finished = [claim.customer_id for claim in claims if read.get(claim.customer_id, 0) < MOST_EVENTS]
    finish_unread(reader=READER, customer_ids=finished)
    counts["taken"] = len(claims)
    return counts


def _absorb_merges(customer_ids: list[int], now: datetime) -> set[int]:
    """Take over the needs of those who were merged into these customers, who are then to be told again; their ids."""
    pending = run_statement("journeys.pending_merges", {"customer_ids": customer_ids})
    if not pending:
        return set()
    roots = [row["root_id"] for row in pending]
    sources = [row["source_id"] for row in pending]
    run_statement("journeys.move_needs", {"sources": sources, "roots": roots, "now": now})
    move_shortlists(sources=sources, roots=roots)
    move_answers(sources=sources, roots=roots)
    Merge.objects.filter(id__in=[row["merge_id"] for row in pending]).update(
        absorbed_by=Func(F("absorbed_by"), Value(READER), function="array_append")
    )
    return set(roots)


@transaction.atomic
def _retell_stale(*, now: datetime, limit: int) -> Counts:
    stale = run_statement("journeys.claim_stale_positions", {"limit": limit})
    return _retell({row["customer_id"]: row["workspace_id"] for row in stale}, now) if stale else Counts()


def _retell(workspaces: dict[int, int], now: datetime) -> Counts:
    """Tell customers again from their log, as far as it was read before; needs a transaction."""
    chunk = _open_chunk(workspaces, now)
    chunk.stale = chunk.retold = set(chunk.workspaces)
    counts = _tell(chunk, [], up_to=chunk.positions)
    counts["taken"] = len(workspaces)
    return counts


def rebuild_needs(*, workspace_id: int, customer_ids: Collection[int] | None = None, now: datetime) -> Counts:
    """Tell the needs of these customers (None: of all) again from their log, as far as it was read.

    What it finds that was not on record is no news: it is not put before the nudges. A transaction for each 200.
    """
    counts, last = Counts(), 0
    while True:
        with transaction.atomic():
            due = ReadingPosition.objects.select_for_update().filter(
                workspace_id=workspace_id, customer_id__gt=last, customer__merged_into=None
            )
            if customer_ids is not None:
                due = due.filter(customer_id__in=list(customer_ids))
            chunk = list(due.order_by("customer_id").values_list("customer_id", flat=True)[:200])
            if not chunk:
                return counts
            counts.update(_retell(dict.fromkeys(chunk, workspace_id), now))
            last = chunk[-1]


@transaction.atomic
def lapse_needs(*, now: datetime, limit: int = 1000) -> Counts:
    """Let silence do its work on up to `limit` needs: shown stages fall back, needs sleep, needs close."""
    due = [row["id"] for row in run_statement("journeys.claim_due_needs", {"now": now, "limit": limit})]
    if not due:
        return Counts()
    kept = read_kept(CustomerNeed.objects.filter(id__in=due))
    told = [
        ((customer_id, need_id), story)
        for customer_id, own in kept.stories.items()
        for need_id, story in own.items()
    ]
    for _, story in told:
        story.advance(now)
    row_ids = save_instances(((key, story.instances) for key, story in told), kept.workspaces)
    changes = [Told(key, change) for key, story in told for change in story.changes]
    return Counts(taken=len(due), changes=add_changes(changes, row_ids, kept.workspaces, now))


def _open_chunk(workspaces: dict[int, int], now: datetime) -> Chunk:
    """Lock how far these customers were read, and find what their workspaces look for. Tombstones are left out."""
    customer_ids = sorted(workspaces)
    rows = ReadingPosition.objects.select_for_update(of=("self",)).filter(customer_id__in=customer_ids)
    positions = {row.customer_id: row for row in rows.order_by("customer_id")}
    buried = (
        Customer.objects.filter(id__in=customer_ids).exclude(merged_into=None).values_list("id", flat=True)
    )
    living = {each: workspaces[each] for each in customer_ids if each not in set(buried)}
    definitions = read_definitions(set(workspaces.values()))
    read = {each: positions[each].last_event_id if each in positions else 0 for each in living}
    return Chunk(
        now=now,
        workspaces=living,
        definitions=definitions,
        positions=dict(read),
        read_before=read,
        unheard_until={each: row.unheard_until for each, row in positions.items() if row.unheard_until},
        retold=set(),
        stale={
            each
            for each, workspace_id in living.items()
            if each in positions and positions[each].told_version != definitions.versions[workspace_id]
        },
    )


def _readings(chunk: Chunk, customer_ids: Iterable[int], positions: Mapping[int, int]) -> list[Reading]:
    return [Reading(chunk.workspaces[each], each, positions[each]) for each in sorted(customer_ids)]


def _tell(chunk: Chunk, events: list[LoggedEvent], *, up_to: Mapping[int, int]) -> Counts:
    """Go on with new events; tell again who has to be, `up_to` an event id each; write what came out."""
    tables, needs_of = chunk.definitions.tables, chunk.definitions.needs_of
    kept = read_kept(
        CustomerNeed.objects.filter(customer_id__in=list(chunk.workspaces), need_id__in=list(tables)), tables
    )
    going_on = Stories(
        {each: own for each, own in kept.stories.items() if each not in chunk.retold},
        unheard_until=chunk.unheard_until,
    )
    go_on(going_on, events, Reader(chunk.definitions, read_categories(events)))
    for customer_id, need_id in going_on.late:
        del going_on.of(customer_id)[need_id]
    again: dict[Key, Resumed | None] = {
        (each, need): None for each in chunk.retold for need in needs_of[chunk.workspaces[each]]
    }
    again |= going_on.late
    retold = _tell_from_log(chunk, again, {**chunk.positions, **up_to})
    for stories in (going_on, retold):
        let_time_pass(stories, chunk.now)
    changes = _save(chunk, kept, going_on, retold)
    return Counts(events=len(events), changes=changes, retold=len({customer_id for customer_id, _ in again}))


def _tell_from_log(chunk: Chunk, keys: Mapping[Key, Resumed | None], up_to: Mapping[int, int]) -> Stories:
    since: dict[int, list[datetime]] = {}
    for (customer_id, _), resumed in keys.items():
        since.setdefault(customer_id, []).append(resumed.since[0] if resumed else BEGINNING[0])
    since.update({customer_id: [BEGINNING[0]] for customer_id in chunk.retold})
    log = read_event_log(
        reading._replace(since=min(since[reading.customer_id])) for reading in _readings(chunk, since, up_to)
    )
    for event in log:
        chunk.positions[event.customer_id] = max(chunk.positions[event.customer_id], event.id)
    told = tell_again(keys, log, Reader(chunk.definitions, read_categories(log)))
    for customer_id, at in told.unheard_until.items():
        chunk.unheard_until[customer_id] = max(at, chunk.unheard_until.get(customer_id, at))
    return told


def _save(chunk: Chunk, kept: Kept, going_on: Stories, retold: Stories) -> int:
    """Write needs, stage changes and positions; how many changes are new."""
    again = list(retold)
    on = [(key, story) for key, story in going_on if story.is_touched]
    told = {(*key, each.sequence) for key, story in again for each in story.instances}
    keys = {key: story.settled for key, story in again}
    gone = [
        row.id for place, row in kept.rows.items() if row.is_need and place[:2] in keys and place not in told
    ]
    if gone:
        run_statement("journeys.close_retold", {"need_ids": gone, "now": chunk.now})
    row_ids = save_instances([(key, story.told) for key, story in (*on, *again)], chunk.workspaces)
    changes = [Told(key, change) for key, story in on for change in story.changes]
    recorded = read_recorded(keys)
    fresh = reconcile_changes(again, recorded, row_ids, chunk.now)
    changes += [each._replace(is_news=_is_news(chunk, each)) for each in fresh]
    saved = add_changes(changes, row_ids, chunk.workspaces, chunk.now)
    _save_positions(chunk)
    return saved


def _is_news(chunk: Chunk, told: Told) -> bool:
    customer_id, event_id = told.key[0], told.change.event_id
    return customer_id not in chunk.stale or (event_id or 0) > chunk.read_before[customer_id]


def _save_positions(chunk: Chunk) -> None:
    rows = sorted(chunk.workspaces.items())
    versions = [chunk.definitions.versions[workspace_id] for _, workspace_id in rows]
    run_statement(
        "journeys.save_positions",
        {
            "customer_ids": [customer_id for customer_id, _ in rows],
            "workspace_ids": [workspace_id for _, workspace_id in rows],
            "positions": [chunk.positions[customer_id] for customer_id, _ in rows],
            "versions": versions,
            "unheard": [chunk.unheard_until.get(customer_id) for customer_id, _ in rows],
        },
    )
