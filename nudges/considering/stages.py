"""Stage changes put forward the nudges that wait for that stage."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from engagement.conditions import ConditionError
from engagement.counts import Counts
from journeys.models import StageChange
from nudges.considering.fitting import ask_whoever_fits
from nudges.considering.flows import Asking, ask_to_enter, wake_runs
from nudges.considering.forwarding import Asked, forward
from nudges.considering.listening import listening_flows
from nudges.models import FlowTrigger, Nudge, NudgeStatus, Trigger

logger = logging.getLogger(__name__)

CHUNK = 1000


def consider_stage_changes(*, now: datetime, limit: int = 5000) -> Counts:
    """Take unconsidered stage changes, oldest first, and put forward the active nudges that they trigger.

    Counts: `taken` changes, `put_forward` candidates, `asked_into_flows`. Idempotent by occasion, and safe on several
    workers. A change that a late event has superseded since triggers nothing.
    """
    counts = Counts()
    while counts["taken"] < limit:
        done = _consider_chunk(now, min(CHUNK, limit - counts["taken"]))
        counts.update(done)
        if not done["taken"]:
            break
    return counts


@transaction.atomic
def _consider_chunk(now: datetime, size: int) -> Counts:
    changes = list(
        StageChange.objects.filter(considered_at=None)
        .order_by("id")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("customer_need")[:size]
    )
    counts = Counts(taken=len(changes))
    for nudge, asked in _triggered(changes):
        try:
            counts["put_forward"] += len(forward(nudge=nudge, asked=asked, now=now))
        except ConditionError as error:
            # The nudge's fault, and shown at the nudge: it must not hold up everybody else's.
            logger.warning("nudge %s: its conditions cannot be checked: %s", nudge.pk, error)
    counts.update(_ask_into_flows([one for one in changes if one.superseded_at is None], now))
    wake_runs(customer_ids={change.customer_id for change in changes}, now=now)
    StageChange.objects.filter(pk__in=[change.pk for change in changes]).update(considered_at=now)
    return counts


def _ask_into_flows(changes: Sequence[StageChange], now: datetime) -> Counts:
    """Let who has reached a stage ask to come into the flows that begin there, and into those that they fit by now.

    Some statements for each such flow. Counts: asked_into_flows.
    """
    changed: dict[int, set[int]] = defaultdict(set)
    for change in changes:
        changed[change.workspace_id].add(change.customer_id)
    counts = ask_whoever_fits(changed, now=now)
    for flow in listening_flows(changed, FlowTrigger.STAGE):
        version = flow.version
        asking = [
            Asking(change.customer_id, f"stage:{change.pk}", change.customer_need_id)
            for change in changes
            if version is not None
            and flow.listens_since is not None
            and (change.workspace_id, change.to_stage) == (flow.workspace_id, version.trigger_stage)
            and version.trigger_need_id in (None, change.customer_need.need_id)
            and change.recorded_at >= flow.listens_since
        ]
        if asked := ask_to_enter(flow=flow, asking=asking, now=now):
            counts["asked_into_flows"] += asked
    return counts


def _triggered(changes: Sequence[StageChange]) -> list[tuple[Nudge, list[Asked]]]:
    """The nudges that wait for these changes, each with the customers concerned, in one query."""
    by_place: dict[tuple[int, str], list[StageChange]] = defaultdict(list)
    for change in changes:
        if change.superseded_at is None:
            by_place[change.workspace_id, change.to_stage].append(change)
    places = Q(pk__in=[])
    for workspace_id, stage in by_place:
        places |= Q(workspace_id=workspace_id, trigger_stage=stage)
    waiting = (
        Nudge.objects.filter(places, trigger=Trigger.STAGE_CHANGE, status=NudgeStatus.ACTIVE)
        .select_related("workspace")
        .order_by("pk")
    )
    return [
        (nudge, asked)
        for nudge in waiting
        if (asked := _asked(nudge, by_place[nudge.workspace_id, nudge.trigger_stage]))
    ]


def _asked(nudge: Nudge, changes: Sequence[StageChange]) -> list[Asked]:
    return [
        Asked(change.customer_id, f"stage:{change.pk}", change.customer_need_id, change.pk)
        for change in changes
        if nudge.trigger_need_id in (None, change.customer_need.need_id)
    ]
