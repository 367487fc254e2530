"""Broadcasts: a nudge put forward to everyone whom its conditions fit, a chunk at a time."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import F

from engagement.conditions import ConditionError, customers_matching
from engagement.counts import Counts
from engagement.webhooks.announcing import News, announce
from nudges.approvals import standing_of
from nudges.considering.forwarding import Asked, forward
from nudges.models import Broadcast, BroadcastState, Nudge, NudgeStatus, Waiting
from nudges.reasons import Reason

logger = logging.getLogger(__name__)

CHUNK = 1000
# So many candidates of a workspace may be due or nearly due; more are put forward when these are decided, so that a
# broadcast can be paused or stopped in its course and holds up nobody.
BACKLOG = 20_000
NEARLY = timedelta(minutes=2)


class BroadcastError(ValueError):
    """A broadcast that cannot be started, paused, resumed or stopped; the message says why and what helps."""


@transaction.atomic
def start_broadcast(
    *, nudge: Nudge, started_by: Any, now: datetime, not_after: datetime | None = None
) -> Broadcast:
    """Begin to put a nudge forward to everyone its conditions fit; the clock does it, chunk by chunk.

    The audience is counted now; each customer's conditions are checked when their turn comes. `not_after` ends it and
    everything it put forward; without one, the nudge's own hours do. Raises BroadcastError for a nudge that is not
    active or approved or an end that has passed, ConditionError on broken conditions.
    """
    if nudge.status != NudgeStatus.ACTIVE:
        raise BroadcastError("nudge: only an active nudge can be broadcast; activate it first")
    end = not_after or now + timedelta(hours=nudge.expires_after_hours)
    if end <= now:
        raise BroadcastError("not_after: has passed; choose a later time")
    audience = customers_matching(nudge.conditions, workspace=nudge.workspace, now=now).count()
    _refuse_unapproved(nudge, audience, now)
    Nudge.objects.filter(pk=nudge.pk).update(audience=audience)
    broadcast = Broadcast.objects.create(
        workspace_id=nudge.workspace_id,
        nudge=nudge,
        started_at=now,
        started_by=started_by,
        not_after=end,
        audience=audience,
    )
    _announce(broadcast, "started", now)
    return broadcast


def _announce(broadcast: Broadcast, what: str, now: datetime) -> None:
    about = {"broadcast_id": broadcast.pk, "nudge_id": broadcast.nudge_id, "audience": broadcast.audience}
    news = News(
        workspace_id=broadcast.workspace_id,
        type=f"broadcast.{what}",
        once=f"{broadcast.pk}:{what}:{now.isoformat()}",
        at=now,
        data=about,
    )
    announce([news], now=now)


def _refuse_unapproved(nudge: Nudge, audience: int, now: datetime) -> None:
    """The database refuses it too; this says so in words."""
    if standing_of(nudge, now=now, audience=audience).lacks:
        raise BroadcastError(
            f"approval: it is for {audience} customers, so version {nudge.version} has to be approved first"
        )


def pause_broadcast(*, broadcast_id: int, now: datetime) -> Broadcast:
    """Put forward no more; what is put forward already waits (reason `broadcast_paused`) until it is resumed."""
    return _move(broadcast_id, [BroadcastState.RUNNING], BroadcastState.PAUSED, now)


@transaction.atomic
def resume_broadcast(*, broadcast_id: int, now: datetime) -> Broadcast:
    """Go on where it was paused; what waits is due now. Raises BroadcastError also for what was changed unapproved."""
    paused = Broadcast.objects.select_related("nudge").get(pk=broadcast_id)
    _refuse_unapproved(paused.nudge, paused.audience, now)
    broadcast = _move(broadcast_id, [BroadcastState.PAUSED], BroadcastState.RUNNING, now)
    Waiting.objects.filter(broadcast=broadcast, candidate__decision__reason=Reason.BROADCAST_PAUSED).update(
        due_at=now
    )
    return broadcast


@transaction.atomic
def stop_broadcast(*, broadcast_id: int, now: datetime) -> Broadcast:
    """End it for good: what is not decided yet ends with reason `broadcast_stopped`. What was sent stays sent."""
    broadcast = _move(
        broadcast_id, [BroadcastState.RUNNING, BroadcastState.PAUSED], BroadcastState.STOPPED, now
    )
    Waiting.objects.filter(broadcast=broadcast).update(due_at=now)
    return broadcast


@transaction.atomic
def _move(
    broadcast_id: int, allowed: list[BroadcastState], state: BroadcastState, now: datetime
) -> Broadcast:
    broadcast = Broadcast.objects.select_for_update().get(pk=broadcast_id)
    if broadcast.state not in allowed:
        raise BroadcastError(
            f"state: it is {broadcast.get_state_display().lower()}, so it cannot be {state.label.lower()}"
        )
    before, broadcast.state = broadcast.state, state
    broadcast.finished_at = now if state == BroadcastState.STOPPED else None
    broadcast.save(update_fields=["state", "finished_at"])
    is_resumed = (before, state) == (BroadcastState.PAUSED, BroadcastState.RUNNING)
    _announce(broadcast, "resumed" if is_resumed else state.value, now)
    return broadcast


def consider_broadcasts(*, now: datetime, limit: int = 5000) -> Counts:
    """Put running broadcasts forward, a chunk of each in turn, so that a large one does not hold up a small one.

    Counts: `taken` customers looked at, `put_forward` candidates. Resumes after the last customer of the chunk before,
    which is kept in the same transaction as its candidates: a crash neither skips nor repeats anyone.
    """
    counts = Counts()
    running = list(_running(now))
    while running and counts["taken"] < limit:
        size = min(CHUNK, ceil(limit / len(running)))
        going_on = []
        for broadcast_id in running:
            done = _consider_chunk(broadcast_id, size, now)
            counts.update(done)
            if done["taken"] == size:
                going_on.append(broadcast_id)
        running = going_on
    return counts


def _running(now: datetime) -> list[int]:
    return list(
        Broadcast.objects.filter(state=BroadcastState.RUNNING, started_at__lte=now)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


@transaction.atomic
def _consider_chunk(broadcast_id: int, size: int, now: datetime) -> Counts:
    broadcast = (
        Broadcast.objects.filter(pk=broadcast_id, state=BroadcastState.RUNNING)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("nudge", "workspace")
        .first()
    )
    if broadcast is None:
        return Counts()
    if now > broadcast.not_after:
        return _finish(broadcast, now)
    if broadcast.nudge.status == NudgeStatus.ARCHIVED:
        return _finish(broadcast, now, state=BroadcastState.STOPPED)
    held = broadcast.nudge.status != NudgeStatus.ACTIVE or broadcast.nudge.awaits_approval
    if held or _is_backed_up(broadcast, now):
        return Counts()
    try:
        audience = customers_matching(broadcast.nudge.conditions, workspace=broadcast.workspace, now=now)
    except ConditionError as error:
        logger.warning("broadcast %s: its conditions cannot be checked: %s", broadcast.pk, error)
        return _finish(broadcast, now, state=BroadcastState.STOPPED)
    chunk = list(
        audience.filter(pk__gt=broadcast.last_customer_id).order_by("pk").values_list("pk", flat=True)[:size]
    )
    asked = [Asked(customer_id, f"broadcast:{broadcast.pk}") for customer_id in chunk]
    made = forward(nudge=broadcast.nudge, asked=asked, now=now, broadcast=broadcast, checked=True)
    if len(chunk) < size:
        _finish(broadcast, now)
    Broadcast.objects.filter(pk=broadcast.pk).update(
        last_customer_id=chunk[-1] if chunk else F("last_customer_id"),
        put_forward=F("put_forward") + len(made),
    )
    return Counts(taken=len(chunk), put_forward=len(made))


def _is_backed_up(broadcast: Broadcast, now: datetime) -> bool:
    waiting = Waiting.objects.filter(workspace=broadcast.workspace, is_urgent=False, due_at__lte=now + NEARLY)
    return waiting[:BACKLOG].count() >= BACKLOG


def _finish(broadcast: Broadcast, now: datetime, state: BroadcastState = BroadcastState.DONE) -> Counts:
    Broadcast.objects.filter(pk=broadcast.pk).update(state=state, finished_at=now)
    return Counts()
