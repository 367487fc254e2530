"""What has come between deciding and sending: consent withdrawn, a pause, a bounce, time that ran out."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from engagement.conditions import customers_matching
from engagement.statements import run_prepared
from nudges.models import Message, Nudge
from nudges.reasons import Reason

# So long what deciding found of a nudge's conditions is taken as it was.
FRESH = timedelta(seconds=60)

# Waiting helps: the message keeps its slot and goes when the time has come.
WAITS = {
    "merged",
    Reason.BROADCAST_PAUSED,
    Reason.FLOW_PAUSED,
    Reason.UNAPPROVED,
    Reason.QUIET_HOURS,
    Reason.SEND_WINDOW,
}


class Obstacle(NamedTuple):
    """Why a message must not go now; `until` when it may be looked at again, None when it may never go."""

    reason: str
    rule: str
    until: datetime | None


def find_obstacles(messages: Sequence[Message], *, now: datetime) -> dict[int, Obstacle]:
    """What stands in the way of each message that must not go now, by message id."""
    rows = run_prepared(
        "nudges.recheck_messages",
        {
            "ids": [message.pk for message in messages],
            "unfit": sorted(_unfit(messages, now=now)),
            "zones": sorted(_zones(messages)),
            "now": now,
        },
    )
    limits = {message.pk: message.not_after for message in messages}
    return {row["id"]: _obstacle(row, limits[row["id"]]) for row in rows}


def _obstacle(row: dict[str, object], not_after: datetime) -> Obstacle:
    reason, rule, until = str(row["reason"]), str(row["rule"]), row["until"]
    if reason not in WAITS or not isinstance(until, datetime):
        return Obstacle(reason, rule, None)
    if until > not_after:
        return Obstacle(Reason.EXPIRED, reason, None)
    return Obstacle(reason, rule, until)


def _zones(messages: Iterable[Message]) -> set[str]:
    """Those of the time zones named that there are, so that the database stumbles over none."""
    named = {zone for message in messages for zone in (message.customer.timezone, message.workspace.timezone)}
    return {zone for zone in named if _is_zone(zone)}


@cache
def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _unfit(messages: Iterable[Message], *, now: datetime) -> Collection[int]:
    """Messages whose conditions no longer fit, of those tried before or that waited: others were only just asked."""
    asked: dict[Nudge, list[Message]] = {}
    for message in messages:
        if message.nudge.conditions and (message.attempts or message.decided_at < now - FRESH):
            asked.setdefault(message.nudge, []).append(message)
    unfit: set[int] = set()
    for nudge, group in asked.items():
        fitting = set(
            customers_matching(nudge.conditions, workspace=nudge.workspace, now=now)
            .filter(pk__in=[message.customer_id for message in group])
            .values_list("pk", flat=True)
        )
        unfit |= {message.pk for message in group if message.customer_id not in fitting}
    return unfit
