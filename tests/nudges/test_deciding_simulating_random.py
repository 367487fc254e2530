"""Random policies, histories and clocks: what simulating says is what deciding then does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.models import Customer
from nudges.deciding import SimulatedDecision, simulate
from nudges.models import Candidate, Decision, Message, Nudge
from tests import make_nudges
from tests.nudges.reference import DAY, HOUR, MINUTE
from tests.nudges.test_deciding_random import BEGINNINGS, IS_LONG, World

pytestmark = pytest.mark.django_db
SAID = (
    "outcome",
    "reason",
    "rule",
    "limit",
    "count",
    "allowed_at",
    "winner_id",
    "stage",
    "channel",
    "in_holdout",
)


@pytest.mark.timeout(3000 if IS_LONG else 120)
@settings(max_examples=500 if IS_LONG else 15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_simulating_says_what_deciding_then_does(seed: int) -> None:
    chance = random.Random(seed)
    with transaction.atomic():
        world = World(chance)
        now = chance.choice(BEGINNINGS)
        for _step in range(6):
            world.put_forward(now)
            nudge = chance.choice(world.nudges)
            people = sorted(person.id for person in world.people)
            told = simulate(nudge=nudge, customer_ids=people, now=now).decisions
            candidates = [put_forward(world, nudge, customer_id, now) for customer_id in people]
            last = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            world.decide(now)
            done = Decision.objects.filter(candidate__in=candidates).order_by("customer_id")
            assert [said(one) for one in told] == [said(one) for one in done]
            # What is sent in the same run has no id when it is only imagined.
            assert [one.used_by for one in told] == [[m for m in one.used_by if m <= last] for one in done]
            world.live(now)
            now += chance.choice([MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, 9 * HOUR, DAY, 3 * DAY, -10 * MINUTE])
        transaction.set_rollback(True)


def put_forward(world: World, nudge: Nudge, customer_id: int, now: Any) -> Candidate:
    candidate = make_nudges.candidate(nudge, Customer.objects.get(pk=customer_id), at=now, due_at=now)
    world.open[candidate.pk] = world.wish(candidate)
    return candidate


def said(decision: SimulatedDecision | Decision) -> tuple[Any, ...]:
    return tuple(getattr(decision, name) for name in SAID)
