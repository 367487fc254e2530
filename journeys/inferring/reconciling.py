"""A story told again meets what was recorded of it before: what stays, what moves, what never happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import F
from django.db.models.functions import Coalesce

from engagement.statements import run_statement
from journeys.filtering import STAGES
from journeys.inferring.instances import Change
from journeys.inferring.keeping import RowKey, Told, evidence_of
from journeys.inferring.stories import Story
from journeys.inferring.telling import Key
from journeys.models import StageChange

Recorded = dict[str, Any]


def read_recorded(keys: Mapping[Key, int]) -> dict[Key, list[Recorded]]:
    """The changes on record of these stories, each after so many settled instances, oldest first.

    One query, none without keys.
    """
    recorded: dict[Key, list[Recorded]] = {key: [] for key in keys}
    if not keys:
        return recorded
    rows = (
        StageChange.objects.filter(
            customer_id__in={customer_id for customer_id, _ in keys}, superseded_at=None
        )
        .annotate(need_id=F("customer_need__need_id"), sequence=F("customer_need__sequence"))
        .order_by("at", "id")
        .values(
            "id",
            "customer_id",
            "need_id",
            "sequence",
            "customer_need_id",
            "from_stage",
            "to_stage",
            "at",
            "probability",
            "evidence",
        )
    )
    for row in rows:
        key = (row["customer_id"], row["need_id"])
        if key in recorded and row["sequence"] > keys[key]:
            recorded[key].append(dict(row))
    return recorded


def reconcile_changes(
    stories: Iterable[tuple[Key, Story]],
    recorded: Mapping[Key, list[Recorded]],
    row_ids: Mapping[RowKey, int],
    now: datetime,
) -> list[Told]:
    """Bring what is on record in line with stories told again; the changes that are not on record yet.

    The same step told a little differently keeps its row, and so whether it was considered: no step is put before the
    nudges twice. A step that has no part in the story any more is marked as superseded, and is not to be considered.
    """
    fresh: list[Told] = []
    moved: list[dict[str, Any]] = []
    gone: list[int] = []
    for key, story in stories:
        pairs, new, old = pair_up(story.changes, recorded.get(key, []))
        fresh += [Told(key, change) for change in new]
        gone += [row["id"] for row in old]
        for change, row in pairs:
            told = as_recorded(change, row_ids[(*key, change.sequence)])
            if any(row[name] != value for name, value in told.items()):
                moved.append({"id": row["id"], **told})
    if moved:
        run_statement("journeys.retell_changes", {"changes": msgspec.json.encode(moved).decode()})
    if gone:
        StageChange.objects.filter(id__in=gone).update(
            superseded_at=now, considered_at=Coalesce("considered_at", now)
        )
    return fresh


def pair_up(
    changes: Iterable[Change], recorded: Iterable[Recorded]
) -> tuple[list[tuple[Change, Recorded]], list[Change], list[Recorded]]:
    """Pair changes with rows: first the very same, then those to the same stage in order. (pairs, new, gone)"""
    pairs: list[tuple[Change, Recorded]] = []
    left, rows = list(changes), list(recorded)
    for is_same in (True, False):
        waiting: dict[tuple[Any, ...], list[Recorded]] = {}
        for row in rows:
            same = (row["to_stage"], row["from_stage"], row["at"])
            waiting.setdefault(same if is_same else same[:1], []).append(row)
        unpaired = []
        for change in left:
            same = (STAGES[change.to_stage], STAGES[change.from_stage], change.at)
            if found := waiting.get(same if is_same else same[:1]):
                pairs.append((change, found.pop(0)))
            else:
                unpaired.append(change)
        left, rows = unpaired, [row for group in waiting.values() for row in group]
        rows.sort(key=lambda row: (row["at"], row["id"]))
    return pairs, left, rows


def as_recorded(change: Change, customer_need_id: int) -> dict[str, Any]:
    return {
        "customer_need_id": customer_need_id,
        "from_stage": STAGES[change.from_stage],
        "at": change.at,
        "probability": change.probability,
        "evidence": evidence_of(change.evidence),
    }
