"""What the adaptive cap would change, tried on the messages of the last 30 days. Nothing is written or held back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from engagement.customers import customers_of
from engagement.models import Customer, Workspace
from nudges.limiting import caps_in_force, describe_cap
from nudges.models import Cap, CapScope, Pressure, Reception
from nudges.receptions import Pushed, Sign, adapted, feel, pushed_of, signs_of

LOOKED_AT = 2000  # customers, those seen last
SPAN = timedelta(days=30)
SUBJECTS = {
    CapScope.CHANNEL: "channels",
    CapScope.CATEGORY: "categories",
    CapScope.INTEREST: "interests",
    CapScope.PROMISE: "promises",
    CapScope.FLOW: "flows",
    CapScope.NEED: "needs",
}


@dataclass
class CapTrial:
    """One cap with a floor: how many customers would have which limit now, and what it would have held back."""

    cap: Cap
    sentence: str
    customers: Counter[int] = field(default_factory=Counter)
    messages: int = 0
    held: int = 0

    @property
    def rows(self) -> list[tuple[int, int]]:
        """(limit, customers), the highest limit first."""
        return sorted(self.customers.items(), reverse=True)


@dataclass
class Trial:
    """`looked_at` customers, of whom `lowered` would have a lower limit now."""

    looked_at: int = 0
    lowered: int = 0
    caps: list[CapTrial] = field(default_factory=list)


def try_adaptive(workspace: Workspace, *, now: datetime) -> Trial:
    """Go through the customers seen last, without the holdout, and hold their messages against adaptive limits.

    Each message is judged by the level at its own time and by the messages that would have gone before it; how
    customers would have answered had they got fewer is not known, and not guessed. Four queries.
    """
    trial = Trial(
        caps=[CapTrial(cap, describe_cap(cap)) for cap in caps_in_force(workspace).exclude(floor=None)]
    )
    if not trial.caps:
        return trial
    people = list(customers_of(workspace).order_by("-last_seen_at", "-pk")[:LOOKED_AT])
    pressures = Pressure.objects.in_bulk([one.pk for one in people])
    receptions = Reception.objects.in_bulk([one.pk for one in people])
    for person in people:
        if workspace.holds_out(person.pk):
            continue
        trial.looked_at += 1
        trial.lowered += _try_customer(
            trial.caps, person, pressures.get(person.pk), signs_of(receptions.get(person.pk)), workspace, now
        )
    return trial


def _try_customer(
    caps: Sequence[CapTrial],
    person: Customer,
    pressure: Pressure | None,
    signs: Sequence[Sign],
    workspace: Workspace,
    now: datetime,
) -> bool:
    pushed = pushed_of(pressure)
    level = feel(pushed, signs, now=now).level
    levels = {one.at: _level_at(pushed, signs, one.at) for one in pushed if one.at > now - SPAN}
    zone = person.timezone or workspace.timezone
    for trial in caps:
        trial.customers[adapted(trial.cap.limit, trial.cap.floor, level)] += 1
        if pressure is not None:
            _replay(trial, pressure, levels, zone)
    return any(adapted(one.cap.limit, one.cap.floor, level) < one.cap.limit for one in caps)


def _level_at(pushed: Sequence[Pushed], signs: Sequence[Sign], at: datetime) -> float:
    """The level as it was at a time, from what had been sent and heard until then."""
    before = [one for one in pushed if one.at < at]
    return feel(before, [sign for sign in signs if sign.at < at], now=at).level


def _replay(trial: CapTrial, pressure: Pressure, levels: dict[datetime, float], zone: str) -> None:
    cap, kept = trial.cap, list[tuple[str, datetime]]()
    for at, subject in reversed(_of_scope(cap, pressure)):
        if at not in levels:
            kept.append((subject, frees_at(at, cap, zone)))
            continue
        trial.messages += 1
        used = sum(one == subject and frees > at for one, frees in kept)
        if used < adapted(cap.limit, cap.floor, levels[at]):
            kept.append((subject, frees_at(at, cap, zone)))
        elif (
            used < cap.limit
        ):  # what exceeds the limit itself was let go for another reason, as a service message
            trial.held += 1


def _of_scope(cap: Cap, pressure: Pressure) -> list[tuple[datetime, str]]:
    """The messages that the cap counts, each with its subject, newest first."""
    if cap.scope == CapScope.ANY:
        return [(at, "") for at in pressure.sent_at]
    subjects = getattr(pressure, SUBJECTS[CapScope(cap.scope)])
    rows = zip(pressure.sent_at, subjects, strict=True)
    return [(at, subject) for at, subject in rows if subject and cap.scope_value in ("", subject)]


def frees_at(at: datetime, cap: Cap, zone: str) -> datetime:
    """When a message stops counting against a cap: after the window's seconds, or at the end of its local period."""
    if cap.seconds is not None:
        return at + timedelta(seconds=cap.seconds)
    here = ZoneInfo(zone)
    day = at.astimezone(here).date()
    if cap.unit == "day":
        ends = day + timedelta(days=1)
    elif cap.unit == "week":
        ends = day + timedelta(days=7 - day.weekday())
    else:
        ends = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(ends, time(), tzinfo=here)
