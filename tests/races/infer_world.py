"""Workers that infer, and workers that make work for inference; each says what it did."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec

from engagement.counts import Counts
from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Workspace
from journeys.closing import ClosedForGood, close_need, reopen_need, snooze_need
from journeys.inferring import infer_needs, lapse_needs
from journeys.models import CustomerNeed
from tests.journeys.telling import a_busy_year
from tests.make import NOW
from tests.races.workers import is_told_to_end


def infer(seed: int) -> dict[str, int]:
    """Infer until told to end and nothing is left to read."""
    chance, total = random.Random(seed), Counts()
    while True:
        is_last = is_told_to_end()
        counts = infer_needs(now=NOW, limit=chance.randrange(1, 12))
        total.update(counts)
        if chance.random() < 0.1:
            total.update(lapsed=lapse_needs(now=NOW, limit=5).done)
        if is_last and not counts.done:
            return dict(total)


def write(seed: int, users: int, signs_in: bool) -> dict[str, int]:
    """A shuffled part of the year, when `signs_in` with visitors who do."""
    chance, workspace = random.Random(seed), Workspace.objects.get()
    events = a_busy_year(seed, users=users, events=30)
    chance.shuffle(events)
    sent = 0
    while events:
        batch, events = events[: (size := chance.randrange(1, 12))], events[size:]
        if signs_in:
            batch = [as_visitor(event, chance) for event in batch]
        batch = [msgspec.structs.replace(event, message_id=f"{seed}-{event.message_id}") for event in batch]
        accepted = ingest_events(
            workspace_id=workspace.pk, events=batch, received_at=NOW, source="tracking"
        ).accepted
        sent += accepted
    return {"sent": sent}


def as_visitor(event: IncomingEvent, chance: random.Random) -> IncomingEvent:
    """Half of the events are of a visitor; now and then one of them signs in, and two customers become one."""
    if chance.random() < 0.5:
        return event
    visitor = f"v-{event.user_id}-{chance.randrange(3)}"
    user_id = event.user_id if chance.random() < 0.08 else None
    return msgspec.structs.replace(event, anonymous_id=visitor, user_id=user_id)


def speak(seed: int) -> dict[str, int]:
    """Close, snooze and reopen needs until told to end."""
    chance, said = random.Random(seed), Counts()
    while not is_told_to_end():
        needs = list(
            CustomerNeed.objects.exclude(customer__merged_into__isnull=False).values_list("id", flat=True)
        )
        if not needs:
            continue
        pk, now = chance.choice(needs), NOW + timedelta(microseconds=said.total())
        try:
            match chance.randrange(3):
                case 0:
                    close_need(customer_need_id=pk, reason="not_relevant", now=now)
                case 1:
                    reopen_need(customer_need_id=pk, now=now)
                case _:
                    snooze_need(customer_need_id=pk, until=now + timedelta(days=3), now=now)
        except ClosedForGood:
            said["refused"] += 1
        said["said"] += 1
    return dict(said)
