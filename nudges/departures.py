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

# More are not looked at: the page says "10,000 or more".
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Departure:
    """Some of a broadcast's messages that wait for the same: how many, what for, and when one is looked at again."""

    waiting: str
    why: str
    soonest: datetime | None


def departures_of(broadcast: Broadcast, *, now: datetime) -> list[Departure]:
    """What of a broadcast waits to leave, by channel and cause; as many queries however many wait."""
    queue = Message.objects.filter(
        workspace=broadcast.workspace_id, nudge=broadcast.nudge_id, state=MessageState.DECIDED
    ).order_by()
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
    return [
        Departure(
            _how_many(row["channel"], row["n"]),
            turns[row["channel"]] if row["cause"] == "turn" else _later(broadcast, row["cause"]),
            None if row["cause"] == "turn" else row["soonest"],
        )
        for row in rows
    ]


def _how_many(channel: str, n: int) -> str:
    words = {"n": f"{n:,}", "channel": Channel(channel).label}
    if n >= MOST_COUNTED:
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
