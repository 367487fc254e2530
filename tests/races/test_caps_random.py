"""Random policies, several workers with clocks that differ: a plain recount finds no cap exceeded."""

from __future__ import annotations

import os
import random

import pytest
from django.db.models import Count

from nudges.audits import find_drift, find_violations
from nudges.models import Candidate, Decision, Message
from tests.nudges.reference import DAY, Rule, Sent, frees_at
from tests.nudges.test_deciding_random import BEGINNINGS, World
from tests.races.decide_random import live
from tests.races.workers import Worker, all_at_once

pytestmark = pytest.mark.usefixtures("committed")
SEEDS = range(100) if os.environ.get("RACES") == "long" else range(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_interleaving_of_workers_exceeds_a_cap(seed: int) -> None:
    chance = random.Random(seed)
    world, beginning = World(chance), chance.choice(BEGINNINGS)
    all_at_once([Worker(live, world.workspace.pk, 10 * seed + n, beginning) for n in range(5)])
    assert too_many(world) == []
    assert find_violations() == []
    assert find_drift(now=beginning + 3 * DAY) == []
    assert not Candidate.objects.filter(decision=None, waiting__due_at__lte=beginning).exists()
    assert Decision.objects.filter(outcome="send").count() == Message.objects.count()
    doubled = Decision.objects.values("candidate").annotate(n=Count("pk")).filter(n__gt=1)
    assert not doubled.exists()


def too_many(world: World) -> list[str]:
    """Every message that counts, against every rule: those before it that count still, one by one."""
    found = []
    for person in world.people:
        rules = list(world.shop.rules)
        if person.own_limit is not None:
            rules.append(Rule("own", "own_cap", "any", "", person.own_limit, seconds=7 * 86400))
        messages = Message.objects.filter(customer=person.id, counts=True).exclude(channel="inbox")
        earlier: list[Sent] = []
        for message in messages.select_related("category", "candidate__decision").order_by(
            "decided_at", "pk"
        ):
            this = Sent(
                message.decided_at,
                message.zone,
                message.channel,
                message.category.slug,
                message.interest,
                message.promise,
                message.need_slug,
            )
            if not message.candidate.decision.context["exempt"]:
                found += [f"{message.pk} broke {rule}" for rule in rules if is_full(rule, this, earlier)]
            earlier.append(this)
    return found


def is_full(rule: Rule, this: Sent, earlier: list[Sent]) -> bool:
    subject = "" if rule.scope == "any" else getattr(this, rule.scope)
    if rule.scope != "any" and (not subject or rule.value not in ("", subject)):
        return False
    alike = [one for one in earlier if rule.scope == "any" or getattr(one, rule.scope) == subject]
    return sum(frees_at(one, rule, this.zone) > this.at for one in alike) >= rule.limit
