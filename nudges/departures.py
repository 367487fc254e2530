"""Reads: what was decided in a broadcast and has not left yet, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Count, Min, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.models import Channel
from nudges.models import Broadcast, BroadcastState, Circuit, Message, MessageState, Throughput
from nudges.sending.routes import routes_of
from nudges.throughputs import describe_throughput

# More are not looked at, and the page says so: it asks every few seconds, and a million may wait.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Departure:
    """Some of a broadcast's messages that wait for the same: how many, what for, and when one is looked at again."""

    waiting: str
    why: str
    soonest: datetime | None


@dataclass(frozen=True)
class Departures:
    """What of a broadcast waits to leave. `looked_at`: how many messages were, where more wait; 0: all of them."""

    rows: list[Departure]
    looked_at: int


def departures_of(broadcast: Broadcast, *, now: datetime) -> Departures:
    """What of a broadcast waits to leave, by channel and cause; as much work however many wait.

    Messages stand in one queue by channel and workspace, so it is the first of that queue that are looked at, whichever
    nudge they are of.
    """
    queue = Message.objects.filter(
        workspace=broadcast.workspace_id, channel__in=broadcast.nudge.channels, state=MessageState.DECIDED
    ).order_by()
    is_partial = queue[: MOST_COUNTED + 1].count() > MOST_COUNTED
    counted = (
        Message.objects.filter(pk__in=queue.values("pk")[:MOST_COUNTED], candidate__broadcast=broadcast)
        .values("channel")
        .annotate(
            cause=Case(
                When(next_attempt_at__lte=now, then=Value("turn")),
                When(error="", then=Value("hours")),
                default=Value("failed"),
                output_field=CharField(),
            ),
            n=Count("pk"),
            soonest=Min("next_attempt_at"),
        )
        .order_by("channel", "cause")
    )
    rows = list(counted)
    turns = _turns(broadcast, {row["channel"] for row in rows}, now) if rows else {}
    found = [
        Departure(
            _how_many(row["channel"], row["n"], is_partial),
            turns[row["channel"]] if row["cause"] == "turn" else _later(broadcast, row["cause"]),
            None if row["cause"] == "turn" else row["soonest"],
        )
        for row in rows
    ]
    return Departures(found, MOST_COUNTED if is_partial else 0)


def _how_many(channel: str, n: int, is_partial: bool) -> str:
    words = {"n": f"{n:,}", "channel": Channel(channel).label}
    if is_partial:
        return _("%(n)s or more by %(channel)s") % words
    return ngettext("1 by %(channel)s", "%(n)s by %(channel)s", n) % words


def _later(broadcast: Broadcast, cause: str) -> str:
    """Why messages are not tried before a later time."""
    if cause == "failed":
        return _("The provider did not take them; they are tried again.")
    if broadcast.state == BroadcastState.PAUSED:
        return _("The broadcast is paused; they leave when it goes on.")
    if broadcast.nudge.awaits_approval:
        return _("The nudge was changed and waits for an approval.")
    return _("It is night for these customers, they paused messages, or it is outside the hours for sending.")


def _turns(broadcast: Broadcast, channels: set[str], now: datetime) -> dict[str, str]:
    """Why what is due has not left yet, by channel: its providers fail, the pace that was set, or nothing but time."""
    providers: dict[str, list[str]] = {name: [] for name in sorted(channels)}
    for route in routes_of(broadcast.workspace, now=now):
        if route.name in providers:
            providers[route.name].append(route.key)
    keys = [key for names in providers.values() for key in names]
    circuits = Circuit.objects.filter(provider__in=keys, open_until__gt=now)
    failing = set(circuits.values_list("provider", flat=True))
    paces = list(Throughput.objects.filter(workspace=broadcast.workspace_id).order_by("channel"))
    said = {}
    for channel, names in providers.items():
        bearing = [row for row in paces if row.channel in ("", channel) and channel != Channel.INBOX]
        if names and failing.issuperset(names):
            said[channel] = _(
                "Its provider takes nothing at the moment; it is tried again every few minutes."
            )
        else:
            said[channel] = " ".join(map(describe_throughput, bearing)) or _("They leave in a moment.")
    return said
