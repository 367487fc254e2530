"""A worker that lives with others in one workspace and does what comes to its mind, by a clock of its own."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from engagement.models import Customer
from nudges.considering import put_forward
from nudges.deciding import decide_nudges, release_slots, simulate
from nudges.models import Message, Nudge
from tests.nudges.test_deciding_random import ZONES
from tests.races.workers import wait_for_the_others

STEPS = 12


def live(workspace_id: int, seed: int, beginning: datetime) -> None:
    chance = random.Random(seed)
    nudges = list(Nudge.objects.filter(workspace=workspace_id).select_related("workspace").order_by("pk"))
    people = list(Customer.objects.filter(workspace=workspace_id).order_by("pk").values_list("pk", flat=True))
    wait_for_the_others()
    for step in range(STEPS):
        # Hours pass for all of them, and no two clocks agree.
        now = beginning + timedelta(hours=3 * step, minutes=chance.randrange(-12, 12))
        nudge, some = chance.choice(nudges), chance.sample(people, chance.randint(1, len(people)))
        put_forward(nudge=nudge, customer_ids=some, occasion=f"{seed}:{step}", now=now - timedelta(minutes=2))
        match chance.randrange(6):
            case 0:
                simulate(nudge=nudge, customer_ids=some, now=now)
            case 1:
                Customer.objects.filter(pk=chance.choice(people)).update(timezone=chance.choice(ZONES))
            case 2:
                counting = Message.objects.filter(workspace=workspace_id, counts=True)
                release_slots(list(counting.order_by("?").values_list("pk", flat=True)[:1]))
        decide_nudges(now=now)
