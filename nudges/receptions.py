"""How a customer received what we sent, and what the adaptive cap makes of it: the formula, and reads of one customer.

The same formula is the database's `nudges_reception` and `nudges_adapted`, which deciding goes by; a test holds them
equal. Half-lives and the fading sum are those of Duolingo's recovery (Yancey & Settles, KDD 2020: 15 days) and of
pressure by e-mail and push; docs/adaptive-cap.md tells the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor as floored
from typing import NamedTuple

from engagement.models import Customer
from nudges.models import Policy, Pressure, Promise, Reception

LONGEST = timedelta(days=90)  # nothing older matters
HEARD_BY = timedelta(hours=72)  # a message without any sign by then was ignored
TIRES = 0.25  # what a message tires by itself
RECOVERS = timedelta(days=3)  # half of that is gone after this
FORGETS = timedelta(days=15)  # half of an ignored message, or of a sign, is forgotten after this
BENEFIT = 2.0  # of the doubt: what a customer of whom nothing is known has to their credit


class Pushed(NamedTuple):
    """A message that counted."""

    at: datetime
    message_id: int
    is_service: bool = False


class Sign(NamedTuple):
    """A sign from the customer: which message it is about (0: none), and what it was worth."""

    message_id: int
    at: datetime
    worth: float


@dataclass(frozen=True, slots=True)
class Felt:
    """What speaks for and against writing to a customer as often as the limit allows; each part fades with time."""

    recent: float = 0
    in_a_row: int = 0
    ignored: float = 0
    bad: float = 0
    good: float = 0

    @property
    def credit(self) -> float:
        """What speaks for writing."""
        return BENEFIT + self.good

    @property
    def against(self) -> float:
        """What speaks for leaving them alone."""
        return self.bad + self.ignored + self.recent

    @property
    def level(self) -> float:
        """From 1 (the whole limit) down towards 0 (the floor)."""
        return round(self.credit / (self.credit + self.against), 4)


def feel(pushed: Iterable[Pushed], signs: Iterable[Sign], *, now: datetime) -> Felt:
    """The parts of the formula as of `now`, from the messages of 90 days and the signs about them."""
    recent_ones = [one for one in pushed if one.at > now - LONGEST]
    heard = [sign for sign in signs if sign.at > now - LONGEST]
    answered = {sign.message_id for sign in signs}
    newest = max((one.at for one in recent_ones if one.message_id in answered), default=None)
    row = [
        one.at
        for one in recent_ones
        if not one.is_service and one.at <= now - HEARD_BY and (newest is None or one.at > newest)
    ]
    return Felt(
        recent=sum(TIRES * faded(now - one.at, RECOVERS) for one in recent_ones),
        in_a_row=len(row),
        ignored=sum(faded(now - at, FORGETS) for at in row),
        bad=sum(-sign.worth * faded(now - sign.at, FORGETS) for sign in heard if sign.worth < 0),
        good=sum(sign.worth * faded(now - sign.at, FORGETS) for sign in heard if sign.worth > 0),
    )


def faded(age: timedelta, half_life: timedelta) -> float:
    """What is left of 1 after `age`."""
    return 2.0 ** -(max(age, timedelta(0)) / half_life)


def adapted(limit: int, floor: int | None, level: float | None) -> int:
    """A cap's limit at this level: between floor and limit, rounded half up, never above the limit."""
    if floor is None or level is None:
        return limit
    return min(limit, floor + floored(level * (limit - floor) + 0.5))


def reception_of(customer: Customer, *, now: datetime) -> Felt:
    """How this customer received the messages of the last 90 days; two queries."""
    pressure = Pressure.objects.filter(customer=customer).first()
    reception = Reception.objects.filter(customer=customer).first()
    return feel(pushed_of(pressure), signs_of(reception), now=now)


def pushed_of(pressure: Pressure | None) -> list[Pushed]:
    if pressure is None:
        return []
    rows = zip(pressure.sent_at, pressure.message_ids, pressure.promises, strict=True)
    return [Pushed(at, message_id, promise == Promise.SERVICE) for at, message_id, promise in rows]


def signs_of(reception: Reception | None) -> list[Sign]:
    if reception is None:
        return []
    return [
        Sign(*row) for row in zip(reception.message_ids, reception.signs_at, reception.worths, strict=True)
    ]


def is_adaptive(customer: Customer) -> bool:
    """Whether the adaptive cap is on for this customer: the workspace's choice, and off in the holdout."""
    on = Policy.objects.filter(workspace_id=customer.workspace_id, is_adaptive=True).exists()
    return on and not customer.workspace.holds_out(customer.pk)
