"""Writing what was told: customers' needs and stage changes, each kind in one statement for a chunk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db.models import QuerySet

from engagement.statements import run_statement
from engagement.webhooks.announcing import News, announce
from journeys.filtering import NONE, RISING, STAGES, Belief, normalise
from journeys.inferring.instances import Change, Instance, Mark, Table, best, due_at
from journeys.inferring.stories import Story
from journeys.inferring.telling import Key
from journeys.models import CustomerNeed, StageChange

RETOLD, MERGED = "retold", "merged"
NO_NEEDS = (RETOLD, MERGED)  # rows that only keep a place for what refers to them

RowKey = tuple[int, int, int]  # (customer id, need id, sequence)


class Row(NamedTuple):
    """Where an instance is kept."""

    id: int
    is_need: bool


class Kept(NamedTuple):
    """The stories of customers as they stand in the database."""

    stories: dict[int, dict[int, Story]]
    rows: dict[RowKey, Row]
    workspaces: dict[int, int]


def read_kept(needs: QuerySet[CustomerNeed], tables: Mapping[int, Table] | None = None) -> Kept:
    """Load and lock these needs in the order of their ids; one query. Without `tables` only time can go on.

    The lock lets others refer to the rows meanwhile, as candidates do: they would wait for us and we for them.
    """
    instances: dict[Key, list[Instance]] = {}
    kept = Kept({}, {}, {})
    for row in needs.select_for_update(of=("self",), no_key=True).order_by("id"):
        is_need = row.closed_reason not in NO_NEEDS
        kept.rows[row.customer_id, row.need_id, row.sequence] = Row(row.pk, is_need)
        kept.workspaces[row.customer_id] = row.workspace_id
        if is_need:
            instances.setdefault((row.customer_id, row.need_id), []).append(instance_of(row))
    for (customer_id, need_id), own in instances.items():
        own.sort(key=lambda each: each.sequence)
        kept.stories.setdefault(customer_id, {})[need_id] = Story((tables or {}).get(need_id, {}), own)
    return kept


def instance_of(row: CustomerNeed) -> Instance:
    """What the filter remembers of a need; of one that was not told from events, what its columns say."""
    if row.state:
        return msgspec.convert(row.state, Instance)
    return Instance(
        sequence=row.sequence,
        belief=normalise(msgspec.convert(row.beliefs, Belief)),
        as_of=row.as_of,
        stage=STAGES.index(row.stage),
        stage_since=row.stage_since,
        probability=row.probability,
        opened_at=row.opened_at,
        opened_by=0,
        told_until=row.as_of,
        dormant_since=row.dormant_since,
        snoozed_until=row.snoozed_until,
        closed_at=row.closed_at,
        closed_reason=row.closed_reason,
    )


def save_instances(
    told: Iterable[tuple[Key, list[Instance]]], workspaces: Mapping[int, int]
) -> dict[RowKey, int]:
    """Write these instances; the ids of their rows. One statement, none without instances."""
    rows = [
        needs_row(workspaces[customer_id], customer_id, need_id, instance)
        for (customer_id, need_id), instances in told
        for instance in instances
    ]
    if not rows:
        return {}
    saved = run_statement("journeys.save_needs", {"needs": msgspec.json.encode(rows).decode()})
    return {(row["customer_id"], row["need_id"], row["sequence"]): row["id"] for row in saved}


def needs_row(workspace_id: int, customer_id: int, need_id: int, now: Instance) -> dict[str, Any]:
    evidence = now.evidence
    if now.stage == NONE and not evidence:
        evidence = best(each for each in now.marks if each.stage in RISING and each.weight > 0)
    return {
        "workspace_id": workspace_id,
        "customer_id": customer_id,
        "need_id": need_id,
        "sequence": now.sequence,
        "stage": STAGES[now.stage],
        "stage_since": now.stage_since,
        "probability": now.probability,
        "beliefs": now.belief,
        "as_of": now.as_of,
        "evidence": evidence_of(evidence),
        "state": now,
        "opened_at": now.opened_at,
        "dormant_since": now.dormant_since,
        "snoozed_until": now.snoozed_until,
        "closed_at": now.closed_at,
        "closed_reason": now.closed_reason,
        "due_at": due_at(now),
    }


def evidence_of(marks: Iterable[Mark]) -> list[dict[str, Any]]:
    """Marks as they are kept with a need or a change; `event_id` is null for silence."""
    return [
        {
            "event_id": mark.event_id or None,
            "name": mark.name,
            "at": mark.at.isoformat(),
            "weight": mark.weight,
            "signal": mark.signal,
            "subject": mark.subject,
        }
        for mark in marks
    ]


class Told(NamedTuple):
    """A change with the customer it belongs to, and whether it is news or an old story told again."""

    key: Key
    change: Change
    is_news: bool = True


def add_changes(
    told: Iterable[Told], row_ids: Mapping[RowKey, int], workspaces: Mapping[int, int], now: datetime
) -> int:
    """Insert stage changes and announce the news, in two statements; what is none counts as considered. How many."""
    told = list(told)
    changes = [
        StageChange(
            workspace_id=workspaces[customer_id],
            customer_need_id=row_ids[customer_id, need_id, change.sequence],
            customer_id=customer_id,
            from_stage=STAGES[change.from_stage],
            to_stage=STAGES[change.to_stage],
            probability=change.probability,
            at=change.at,
            recorded_at=now,
            evidence=evidence_of(change.evidence),
            considered_at=None if is_news else now,
        )
        for (customer_id, need_id), change, is_news in told
    ]
    StageChange.objects.bulk_create(changes)
    news = [_news(one.key[1], change) for one, change in zip(told, changes, strict=True) if one.is_news]
    announce(news, now=now)
    return len(changes)


def _news(need_id: int, change: StageChange) -> News:
    return News(
        workspace_id=change.workspace_id,
        type="customer.stage_changed",
        once=f"stage:{change.pk}",
        at=change.at,
        data={
            "need_id": need_id,
            "customer_need_id": change.customer_need_id,
            "from_stage": change.from_stage,
            "to_stage": change.to_stage,
            "probability": round(change.probability, 4),
        },
        customer_id=change.customer_id,
    )
