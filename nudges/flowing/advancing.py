"""People in flows go on: everybody whose time has come takes the steps that can be taken now, as sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from engagement.counts import Counts
from engagement.statements import run_statement
from nudges.deciding.judging import known_zones
from nudges.flowing.admitting import admit
from nudges.flowing.noting import Moved, note_moves
from nudges.flowing.stepping import TAKE, Place, Walker
from nudges.models import EndedBy, Flow, FlowState, FlowVersion, RunState
from nudges.programs import layout

CHUNK = 1000


def advance_flows(*, now: datetime, limit: int = 5000) -> Counts:
    """Let in or refuse who ask, then take the next steps of whoever is due, a chunk in one transaction.

    The number of statements depends on how many steps flows have, not on customers. Counts: taken, entered, refused,
    advanced (runs that took a step), finished, exited. Safe on several workers; a killed one leaves a chunk as it was.
    """
    counts = Counts()
    while counts["taken"] < limit:
        size = min(CHUNK, limit - counts["taken"])
        done = admit(now=now, limit=size)
        done.update(_advance_chunk(now, size))
        counts.update(done)
        if not done["taken"]:
            break
    return counts


@transaction.atomic
def _advance_chunk(now: datetime, size: int) -> Counts:
    claimed = run_statement("nudges.claim_runs", {"now": now, "limit": size})
    if not claimed:
        return Counts()
    flows = {
        flow.pk: flow
        for flow in Flow.objects.filter(pk__in={row["flow_id"] for row in claimed}).select_related(
            "workspace"
        )
    }
    zones = set(
        known_zones([row["zone"] for row in claimed] + [flow.workspace.timezone for flow in flows.values()])
    )
    walkers: dict[int, list[Walker]] = defaultdict(list)
    for row in claimed:
        flow = flows[row["flow_id"]]
        if flow.state == FlowState.LIVE:  # paused since we looked: it stays as it is
            walkers[row["version_id"]].append(_walker(row, flow, zones, now))
    for version in FlowVersion.objects.filter(pk__in=walkers).order_by("pk"):
        _walk(flows[version.flow_id], version, walkers[version.pk], now)
    moves = [walker.moved for group in walkers.values() for walker in group]
    note_moves(moves)
    return Counts(
        taken=len(moves),
        advanced=sum(1 for one in moves if one.trail),
        finished=sum(1 for one in moves if one.state == RunState.FINISHED),
        exited=sum(1 for one in moves if one.state == RunState.EXITED),
    )


def _walker(row: dict[str, Any], flow: Flow, zones: set[str], now: datetime) -> Walker:
    zone = next((name for name in (row["zone"], flow.workspace.timezone) if name in zones), "UTC")
    moved = Moved(
        id=row["id"],
        workspace_id=flow.workspace_id,
        flow_id=flow.pk,
        version_id=row["version_id"],
        due_at=now,
        step=row["step"],
        until=row["until"],
    )
    return Walker(moved, row["customer_id"], row["customer_need_id"], zone)


def _walk(flow: Flow, version: FlowVersion, walkers: Sequence[Walker], now: datetime) -> None:
    """Take these runs as far as they go: once over the steps in their order, since every way leads forward."""
    place = Place(flow, now)
    _let_out(place, version.goal, EndedBy.GOAL, walkers)
    _let_out(place, version.exits, EndedBy.CONDITIONS, walkers)
    for node in layout(version.steps).values():
        here = [walker for walker in walkers if walker.goes_on and walker.moved.step == node.id]
        if here:
            TAKE[node.kind](place, node, here)
    for walker in walkers:
        if walker.goes_on:
            walker.end(RunState.FINISHED, "", now)


def _let_out(place: Place, condition: dict[str, Any], why: EndedBy, walkers: Sequence[Walker]) -> None:
    inside = {walker.customer_id: walker for walker in walkers if walker.goes_on}
    if not condition or not inside:
        return
    for customer_id in place.matching(condition, inside):
        inside[customer_id].end(RunState.EXITED, why, place.now)
