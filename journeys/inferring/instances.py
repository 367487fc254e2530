"""What is remembered of one need of one customer between two signs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from journeys.filtering import NONE, POST_PURCHASE, PRIOR, RISING, Belief, days_to_lapse

DAY = timedelta(days=1)
LIFETIME = timedelta(days=180)  # of silence, after which a need is closed
FRESH_AFTER = timedelta(days=30)  # after an order: from then on a look at other products is a new need
REST = timedelta(days=30)  # after the customer closed a need: before that, looking around does not reopen it
QUIET = timedelta(days=30)  # after which a need that never got anywhere is dormant
NEAR = timedelta(days=7)  # two products seen within this are being compared

MOST_SEEN, MOST_SAID, MOST_IN_CART, MOST_ORDERS, TOP = 30, 60, 50, 20, 3
LAPSED, RESOLVED = "lapsed", "resolved"
SILENCE = "silence"

# For each signal: for which stages it speaks, and how much.
Table = Mapping[str, tuple[tuple[int, float], ...]]


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A sign that counted: for which stage, how much, and what it was."""

    stage: int
    weight: float
    event_id: int
    at: datetime
    name: str
    signal: str
    subject: str


class Order(msgspec.Struct, frozen=True, array_like=True):
    """An order of this need, with the need's own products in it."""

    id: str
    skus: tuple[str, ...]


class Instance(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One need of one customer from its opening to its closing.

    `belief` holds at `as_of`, the last sign; `told_until` is the last moment that was told, be it one of silence.
    `said` are the signals already counted on `day`, `seen` the products viewed with the time, newest first.
    """

    sequence: int
    belief: Belief
    as_of: datetime
    stage: int = NONE
    stage_since: datetime
    probability: float
    opened_at: datetime
    opened_by: int
    told_until: datetime
    dormant_since: datetime | None = None
    snoozed_until: datetime | None = None
    closed_at: datetime | None = None
    closed_reason: str = ""
    closed_by_word: bool = False
    ordered_at: datetime | None = None
    flag: str = ""
    day: str = ""
    said: tuple[str, ...] = ()
    seen: tuple[tuple[str, datetime], ...] = ()
    cart: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    bought: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    evidence: tuple[Mark, ...] = ()


class Change(NamedTuple):
    """The shown stage moved, by the sign `event_id` (None: by silence)."""

    sequence: int
    from_stage: int
    to_stage: int
    probability: float
    at: datetime
    event_id: int | None
    evidence: tuple[Mark, ...]


def opened(sequence: int, at: datetime, event_id: int) -> Instance:
    """A new instance about which nothing is known but that something happened."""
    return Instance(
        sequence=sequence,
        belief=PRIOR,
        as_of=at,
        stage_since=at,
        probability=PRIOR[NONE],
        opened_at=at,
        opened_by=event_id,
        told_until=at,
    )


def due_at(now: Instance) -> datetime | None:
    """When time alone will next change this instance; None once it is closed."""
    if now.closed_at:
        return None
    closing = now.as_of + LIFETIME
    if now.dormant_since or now.stage == POST_PURCHASE:
        return closing
    if now.stage == NONE:
        return now.as_of + QUIET
    days = days_to_lapse(now.belief)
    return closing if days is None else min(now.as_of + days * DAY, closing)


def add_mark(now: Instance, new: Mark) -> None:
    """Keep the strongest marks of each stage, and apart from them the strongest that speak against it."""
    if not new.weight:
        return
    against = new.weight < 0
    group = [new]
    others: list[Mark] = []
    for each in now.marks:
        (group if each.stage == new.stage and (each.weight < 0) == against else others).append(each)
    now.marks = tuple(sorted([*others, *sorted(group, key=strength)[:TOP]], key=place))


def place(each: Mark) -> tuple[int, float, float, int]:
    return (each.stage, *strength(each))


def strength(each: Mark) -> tuple[float, float, int]:
    """Sorts the mark that matters most first: the strongest, then the latest."""
    return (-abs(each.weight), -each.at.timestamp(), -each.event_id)


def marks_for(now: Instance, to_stage: int) -> tuple[Mark, ...]:
    """The three events that mattered most for the step from the stage shown to another, of each event one mark."""
    if to_stage < now.stage:
        against = (each for each in now.marks if each.weight < 0)
        return best(against) or best(each for each in now.marks if each.stage == to_stage)
    steps = range(now.stage + 1, to_stage + 1)
    return best(each for each in now.marks if each.stage in steps and each.weight > 0) or best(
        each for each in now.marks if each.stage in RISING and each.weight > 0
    )


def best(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    chosen: dict[int, Mark] = {}
    for each in sorted(marks, key=strength):
        chosen.setdefault(each.event_id, each)
    return tuple(list(chosen.values())[:TOP])
