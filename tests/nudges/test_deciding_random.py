"""Random policies, histories and clocks: the engine decides what a slow, plain reading of the rules decides.

And whatever is drawn, no cap is ever exceeded and pressure never drifts from the messages.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.models import Customer, Workspace
from journeys.models import Stage
from nudges.audits import find_drift, find_violations
from nudges.deciding import decide_nudges
from nudges.hearing import hear_reply
from nudges.models import Candidate, Cap, Decision, Message, Nudge, Preference, Waiting
from nudges.pressure import release_slots
from tests import make, make_nudges
from tests.nudges import reference
from tests.nudges.reference import DAY, HOUR, MINUTE, Person, Rule, Shop, Verdict, Window, Wish

pytestmark = pytest.mark.django_db
IS_LONG = os.environ.get("RACES") == "long"  # `make races`
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "America/New_York",
    "Pacific/Kiritimati",
]
# Days on which clocks change are drawn as often as all others together.
BEGINNINGS = [
    datetime(2026, 3, 28, 9, tzinfo=UTC),
    datetime(2026, 10, 24, 9, tzinfo=UTC),
    datetime(2018, 11, 3, 9, tzinfo=UTC),
    datetime(2026, 2, 27, 9, tzinfo=UTC),
    datetime(2026, 6, 3, 9, tzinfo=UTC),
]
NIGHTS = [None, None, (time(21), time(8)), (time(12), time(13, 30)), (time(23, 30), time(5))]
# None of them begins or ends where a clock change could double or swallow it: those are tried one by one.
WEEKS = [
    [Window([1, 2, 3, 4, 5], time(9), time(18))],
    [Window([6, 7], time(10), time(14, 30)), Window([3], time(0), None)],
    [Window([1, 3, 5, 7], time(8), time(12)), Window([1, 2, 3, 4, 5, 6, 7], time(20), None)],
]
SCOPES = [
    *[
        ("any", ""),
        ("channel", ""),
        ("channel", "email"),
        ("category", ""),
        ("category", "c1"),
        ("interest", ""),
    ],
    *[
        ("interest", "business"),
        ("promise", ""),
        ("promise", "choose_us"),
        ("need", ""),
        ("need", "n1"),
        ("flow", ""),
    ],
]
STAGES = {"n1": "shortlist", "n2": "purchase"}


class World:
    """One workspace in the database, and the same in plain Python."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.workspace: Workspace = make.workspace(holdout_percent=chance.choice([0, 0, 50]))
        self.shop = Shop([], holdout_percent=float(self.workspace.holdout_percent))
        self._make_policy()
        self._make_caps()
        self.needs = {slug: make_nudges.need(self.workspace, slug) for slug in STAGES}
        self.categories = [make.category(self.workspace, slug) for slug in ("c1", "c2")]
        self.people = [self._make_person(number) for number in range(chance.randint(1, 3))]
        self.windows: dict[int, list[Window]] = {}
        self.nudges = [self._make_nudge() for _n in range(5)]
        self.open: dict[int, Wish] = {}

    def _make_policy(self) -> None:
        chance, shop = self.chance, self.shop
        gap, business = chance.choice([None, None, 1800, 7200]), chance.choice([None, None, 0, 1, 2])
        shop.quiet = chance.choice(NIGHTS)
        shop.exempts_service = chance.random() < 0.5
        shop.share_percent = chance.choice([None, None, 0, 30, 60, 100])
        shop.is_adaptive = chance.random() < 0.5
        shop.windows = chance.choice([[], [], [], *WEEKS])
        self.look_ahead = chance.choice([0, 3600, 86400])
        start, end = shop.quiet or (None, None)
        make_nudges.policy(
            self.workspace,
            min_gap_seconds=gap,
            business_limit=business,
            business_window_seconds=2 * 86400,
            business_share_percent=shop.share_percent,
            allow_service_exempt=shop.exempts_service,
            is_adaptive=shop.is_adaptive,
            look_ahead_seconds=self.look_ahead,
            quiet_start=start,
            quiet_end=end,
            send_windows=written(shop.windows),
        )
        if gap:
            shop.rules.append(Rule("min_gap", "min_gap", "any", "", 1, seconds=gap))
        if business is not None:
            rule = Rule(
                "business_limit", "business_budget", "interest", "business", business, seconds=2 * 86400
            )
            shop.rules.append(rule)

    def _make_caps(self) -> None:
        windows = self.chance.sample(
            ["day", "week", "month", 60, 3600, 86400, 3 * 86400, 90 * 86400], self.chance.randint(0, 4)
        )
        for per in windows:
            scope, value = self.chance.choice(SCOPES)
            limit = self.chance.choice([0, 1, 1, 2, 2, 3, 4])
            cap = make_nudges.cap(self.workspace, limit, per=per, scope=scope, value=value)
            window: dict[str, Any] = {"unit": per} if isinstance(per, str) else {"seconds": per}
            floor = self.chance.choice([None, *range(limit + 1)])
            Cap.objects.filter(pk=cap.pk).update(floor=floor)
            self.shop.rules.append(
                Rule(f"cap:{cap.pk}", "capped", scope, value, limit, floor=floor, **window)
            )

    def _make_person(self, number: int) -> Person:
        chance = self.chance
        zone = chance.choice(ZONES)
        customer: Customer = make.customer(self.workspace, email=f"{number}@example.org", timezone=zone)
        person = Person(customer.pk, zone, quiet=chance.choice([None, None, None, *NIGHTS]))
        person.own_limit = chance.choice([None, None, None, 0, 1, 3])
        start, end = person.quiet or (None, None)
        Preference.objects.create(
            workspace=self.workspace,
            customer=customer,
            max_per_week=person.own_limit,
            quiet_start=start,
            quiet_end=end,
            updated_at=BEGINNINGS[2],
        )
        for slug, stage in STAGES.items():
            make_nudges.customer_need(customer, self.needs[slug], stage)
        person.allowed = chance.random() < 0.9
        if not person.allowed:
            for category in self.categories:
                for channel in ("email", "inbox", "staff_task"):
                    make.consent(customer, category, channel=channel, state="denied")
        return person

    def _make_nudge(self) -> Nudge:
        chance = self.chance
        promise = chance.choice(["choose_well", "choose_us", "choose_us", "service"])
        windows = chance.choice([[], [], [], *WEEKS])
        made = make_nudges.nudge(
            self.workspace,
            promise=promise,
            send_windows=written(windows),
            interest="customer" if promise == "service" else chance.choice(["customer", "business"]),
            category=chance.choice(self.categories),
            channels=[chance.choice(["email", "email", "staff_task", "inbox"])],
            priority=chance.choice([10, 50, 50]),
            expected_value=chance.choice([0, 0, 0.5]),
            on_cap=chance.choice(["drop", "defer"]),
            counts=chance.random() < 0.9,
            respects_caps=promise != "service" or chance.random() < 0.5,
            expires_after_hours=chance.choice([2, 30, 200]),
            trigger_need=chance.choice([None, *self.needs.values()]),
        )
        self.windows[made.pk] = windows
        return made

    def put_forward(self, now: datetime) -> None:
        for person in self.people:
            for nudge in self.chance.choices(self.nudges, k=self.chance.randint(0, 3)):
                at = now - self.chance.choice([timedelta(0), MINUTE])
                candidate = make_nudges.candidate(
                    nudge, Customer.objects.get(pk=person.id), at=at, due_at=now
                )
                self.open[candidate.pk] = self.wish(candidate)

    def wish(self, candidate: Candidate) -> Wish:
        nudge = candidate.nudge
        need = nudge.trigger_need.slug if nudge.trigger_need else ""
        return Wish(
            id=candidate.pk,
            customer=candidate.customer_id,
            put_forward_at=candidate.put_forward_at,
            not_after=candidate.not_after,
            channel=nudge.channels[0],
            category=nudge.category.slug,
            interest=nudge.interest,
            promise=nudge.promise,
            need=need,
            relevance=Stage.values.index(STAGES[need]) + 1 if need else 0,
            priority=nudge.priority,
            value=nudge.expected_value,
            on_cap=nudge.on_cap,
            counts=nudge.counts and nudge.channels[0] != "inbox",
            respects_caps=nudge.respects_caps,
            windows=self.windows[nudge.pk],
        )

    def live(self, now: datetime) -> None:
        """Somebody moves, pauses, answers, or a message is found to have reached nobody."""
        person = self.chance.choice(self.people)
        what = self.chance.choice(["move", "pause", "release", "answer", "answer", "nothing"])
        if what == "move":
            person.zone = self.chance.choice(ZONES)
            Customer.objects.filter(pk=person.id).update(timezone=person.zone)
        elif what == "pause":
            person.paused_until = now + self.chance.choice([-HOUR, HOUR, DAY])
            Preference.objects.filter(pk=person.id).update(paused_until=person.paused_until)
        elif what == "release" and person.sent:
            gone = self.chance.randrange(len(person.sent))
            message = counting(person)[gone]
            assert release_slots([message.pk]) == 1
            del person.sent[gone]
        elif what == "answer" and person.sent:
            liked = self.chance.randrange(len(person.sent))
            hear_reply(message_id=counting(person)[liked].pk, kind="helpful", detail={}, now=now)
            if not person.sent[liked].is_answered:
                person.sent[liked].is_answered = True
                person.helped_at.append(now)

    def decide(self, now: datetime) -> None:
        due = set(
            Candidate.objects.filter(workspace=self.workspace, waiting__due_at__lte=now).values_list(
                "pk", flat=True
            )
        )
        wishes = [self.open[pk] for pk in sorted(due)] + self.scheduled(due, now)
        expected = reference.decide(self.shop, self.people, wishes, now)
        decide_nudges(now=now)
        decisions = {d.candidate_id: d for d in Decision.objects.filter(candidate__in=due)}
        assert decisions.keys() == expected.keys() == due
        for pk, verdict in expected.items():
            self.compare(decisions[pk], verdict, now)
        self.settle(expected)

    def scheduled(self, due: set[int], now: datetime) -> list[Wish]:
        """What waits within the look-ahead, for customers who have something due."""
        busy = {self.open[pk].customer for pk in due}
        times = Candidate.objects.filter(pk__in=self.open.keys() - due, customer__in=busy).select_related(
            "waiting"
        )
        soon = times.filter(waiting__due_at__lte=now + timedelta(seconds=self.look_ahead)).order_by("pk")
        return [replace(self.open[one.pk], scheduled_at=one.waiting.due_at) for one in soon]

    def compare(self, decision: Decision, verdict: Verdict, now: datetime) -> None:
        told = (decision.outcome, decision.reason, decision.rule, decision.allowed_at)
        assert told == (verdict.outcome, verdict.reason, verdict.rule, verdict.allowed_at)
        if verdict.count is not None:
            assert decision.count == verdict.count
        assert Message.objects.filter(candidate=decision.candidate_id).exists() == (verdict.outcome == "send")
        assert decision.winner_id is not None or decision.reason != "outranked"
        if verdict.outcome == "defer":
            due = Waiting.objects.get(pk=decision.candidate_id).due_at
            assert verdict.allowed_at is not None
            earliest = max(verdict.allowed_at, now + MINUTE)
            assert earliest <= due <= min(earliest + 5 * MINUTE, self.open[decision.candidate_id].not_after)

    def settle(self, expected: dict[int, Verdict]) -> None:
        """What the holdout kept from a customer held a place in its run only; who is done is not asked again."""
        for person in self.people:
            person.sent = [
                one for one in person.sent if one.rival is None or expected[one.rival].outcome == "send"
            ]
            for one in person.sent:
                one.rival = None
        self.open = {pk: wish for pk, wish in self.open.items() if expected.get(pk, WAITS).outcome == "defer"}


WAITS = Verdict("defer", "")


def written(windows: list[Window]) -> list[dict[str, Any]]:
    """As a policy and a nudge keep them."""
    return [
        {"days": one.days, "start": f"{one.start:%H:%M}", "end": f"{one.end:%H:%M}" if one.end else "24:00"}
        for one in windows
    ]


def counting(person: Person) -> list[Message]:
    return list(Message.objects.filter(customer_id=person.id, counts=True).order_by("decided_at", "pk"))


@pytest.mark.timeout(3000 if IS_LONG else 120)
@settings(max_examples=1000 if IS_LONG else 25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_the_engine_and_a_plain_reading_decide_the_same(seed: int) -> None:
    chance = random.Random(seed)
    with transaction.atomic():
        world = World(chance)
        now = chance.choice(BEGINNINGS)
        for _step in range(10):
            world.put_forward(now)
            world.decide(now)
            world.live(now)
            # Mostly on; now and then a worker's clock is behind.
            now += chance.choice([MINUTE, 20 * MINUTE, HOUR, 5 * HOUR, 9 * HOUR, DAY, 3 * DAY, -10 * MINUTE])
        assert find_violations() == []
        assert find_drift(now=now) == []
        transaction.set_rollback(True)
