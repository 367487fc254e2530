"""Customers with a known truth: what helps them, how soon they tire, how long they take to recover, when they leave.

Truth that no policy sees: a message helps with a chance that falls with weariness. Weariness rises by one with each
message (by a third with one that helped) and halves in each person's own time. Whom a message did not help may leave,
the likelier the wearier; who left gets nothing more. What a policy sees: replies and opens, of which there are fewer
than messages that helped, and some of messages that did not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp
from random import Random

from nudges.receptions import Pushed, Sign

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAYS = 180
ASKS = 0.9  # the chance that a day has a message for somebody
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """One sort of customer, and its share."""

    share: float
    helps: float  # the chance that a message helps who is rested
    tires: float  # how much of that each unit of weariness takes
    recovers: float  # days in which weariness halves
    replies: float  # of helped: says so
    opens: float  # of helped: is seen to open it


WORLDS = {
    "mixed": [
        Kind(0.25, helps=0.5, tires=0.03, recovers=3, replies=0.10, opens=0.5),
        Kind(0.50, helps=0.35, tires=0.15, recovers=7, replies=0.05, opens=0.4),
        Kind(0.25, helps=0.2, tires=0.5, recovers=20, replies=0.02, opens=0.3),
    ],
    "alike": [Kind(1, helps=0.35, tires=0.15, recovers=7, replies=0.05, opens=0.4)],
    "silent readers": [
        Kind(0.5, helps=0.5, tires=0.03, recovers=3, replies=0.0, opens=0.0),
        Kind(0.5, helps=0.2, tires=0.5, recovers=20, replies=0.05, opens=0.5),
    ],
    "nobody tires": [
        Kind(0.5, helps=0.3, tires=0.0, recovers=7, replies=0.05, opens=0.4),
        Kind(0.5, helps=0.3, tires=0.0, recovers=7, replies=0.0, opens=0.1),
    ],
}


@dataclass
class Life:
    """One customer under one policy: what was sent and heard, which the policy sees, and what came of it."""

    kind: Kind
    seed: int
    pushed: list[Pushed] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    weariness: float = 0
    helped: int = 0
    ignored: int = 0
    has_left: bool = False

    def heard(self, now: datetime) -> list[Sign]:
        """The signs that have come by now."""
        return [sign for sign in self.signs if sign.at <= now]


Policy = Callable[[Life, datetime, float], bool]  # may this be sent now? Given chance of its own, from 0 to 1


def live(kind: Kind, seed: int, allows: Policy) -> Life:
    """A customer's half year. The same seed meets every policy with the same luck on the same days."""
    life, chance = Life(kind, seed), Random(seed)
    for day in range(DAYS):
        luck = [chance.random() for _n in range(7)]
        life.weariness *= 2 ** (-1 / kind.recovers)
        now = START + day * DAY
        if not life.has_left and luck[0] < ASKS and allows(life, now, luck[6]):
            receive(life, now, luck)
    return life


def receive(life: Life, now: datetime, luck: list[float]) -> None:
    """One message: whether it helped, what was seen of that, and whether it was one too many."""
    kind, number = life.kind, len(life.pushed) + 1
    life.pushed.append(Pushed(now, number))
    is_help = luck[1] < kind.helps * exp(-kind.tires * life.weariness)
    if is_help:
        life.helped += 1
        worth = 1.0 if luck[2] < kind.replies else 0.25 if luck[3] < kind.opens else None
    else:
        life.ignored += 1
        worth = -1.0 if luck[2] < 0.005 else 0.25 if luck[3] < 0.03 else None
        life.has_left = luck[5] < 0.002 + 0.03 * (1 - exp(-kind.tires * life.weariness))
    if worth is not None:
        life.signs.append(Sign(number, now + 2 * luck[4] * DAY, worth))
    life.weariness += 1 / 3 if is_help else 1


def population(world: str, size: int) -> list[tuple[Kind, int]]:
    """(kind, seed) of each customer; kinds in their shares."""
    people: list[tuple[Kind, int]] = []
    for number, kind in enumerate(WORLDS[world]):
        people += [(kind, 1_000_000 * number + seed) for seed in range(round(size * kind.share))]
    return people
