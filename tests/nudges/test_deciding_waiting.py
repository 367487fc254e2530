"""Nudges that wait at a cap: until when, what is asked again, and when waiting makes no sense."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Decision, Message, Nudge
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, became, bucket_of, decide

pytestmark = pytest.mark.django_db
SENT, WAITS = ("send", "sent"), ("defer", "capped")


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    return make_nudges.nudge(workspace, on_cap="defer")


def test_it_waits_until_the_cap_frees_and_is_sent_then(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW - 20 * HOUR)
    candidate = make_nudges.candidate(nudge, customer)
    decision = decide(candidate)
    assert (decision.outcome, decision.reason, decision.allowed_at) == ("defer", "capped", NOW + 4 * HOUR)
    candidate.refresh_from_db()
    assert NOW + 4 * HOUR <= candidate.waiting.due_at <= NOW + 4 * HOUR + timedelta(minutes=5)
    assert decide_nudges(now=candidate.waiting.due_at - timedelta(seconds=1)) == {}
    assert became(candidate, candidate.waiting.due_at) == SENT
    assert Decision.objects.filter(candidate=candidate).count() == 1


def test_who_came_into_the_holdout_while_it_waited_does_not_get_it(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW - 20 * HOUR)
    candidate = make_nudges.candidate(nudge, customer)
    assert not decide(candidate).in_holdout
    Workspace.objects.filter(pk=workspace.pk).update(holdout_percent=50)
    bucket_of(workspace, customer, lambda bucket: bucket < 5000)
    candidate.refresh_from_db()
    decision = decide(candidate, candidate.waiting.due_at)
    assert (decision.outcome, decision.reason, decision.in_holdout) == ("suppress", "holdout", True)
    assert not Message.objects.filter(candidate=candidate).exists()


def test_it_waits_a_minute_at_least(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.policy(workspace, min_gap_seconds=60)
    make_nudges.sent(nudge, customer, at=NOW - timedelta(seconds=59))
    candidate = make_nudges.candidate(nudge, customer)
    assert became(candidate) == ("defer", "min_gap")
    candidate.refresh_from_db()
    spread = timedelta(seconds=candidate.pk % 300)
    assert candidate.waiting.due_at == NOW + timedelta(seconds=60) + spread


def test_the_time_at_which_it_is_allowed_is_never_at_night(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, quiet_start=time(18), quiet_end=time(8))
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW - 16 * HOUR)
    assert decide(make_nudges.candidate(nudge, customer)).allowed_at == NOW + 20 * HOUR  # 8:00, not 20:00


def test_what_would_wait_too_long_has_expired_and_says_at_which_cap(
    workspace: Workspace, customer: Customer
) -> None:
    cap = make_nudges.cap(workspace, 1, per=7 * 86400)
    nudge = make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=24)
    make_nudges.sent(nudge, customer, at=NOW - DAY)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.rule) == ("suppress", "expired", f"cap:{cap.pk}")
    assert decision.allowed_at == NOW + 6 * DAY


def test_it_is_never_due_after_its_last_moment(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1)
    nudge = make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=24)
    make_nudges.sent(nudge, customer, at=NOW - timedelta(seconds=2))
    for _n in range(4):
        candidate = make_nudges.candidate(nudge, customer)
        assert became(candidate) == WAITS
        candidate.refresh_from_db()
        assert candidate.waiting.due_at <= candidate.not_after


def test_everything_is_asked_again_when_it_is_let_go(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1)
    customer.traits = {"plan": "gold"}
    customer.save()
    need = make_nudges.customer_need(customer, make_nudges.need(workspace))
    waiting = {
        "consent": make_nudges.nudge(workspace, on_cap="defer", category=make.category(workspace, "offers")),
        "conditions": make_nudges.nudge(
            workspace, on_cap="defer", conditions={"trait": "plan", "is": "gold"}
        ),
        "need": make_nudges.nudge(workspace, on_cap="defer", trigger_need=need.need),
    }
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    made = {name: make_nudges.candidate(nudge, customer) for name, nudge in waiting.items()}
    decide_nudges(now=NOW)
    assert set(Decision.objects.filter(candidate__in=made.values()).values_list("outcome", flat=True)) == {
        "defer"
    }
    make.consent(customer, waiting["consent"].category, state="denied")
    customer.traits = {}
    customer.save()
    need.snoozed_until = NOW + 9 * DAY
    need.save()
    decide_nudges(now=NOW + DAY)
    reasons = {name: Decision.objects.get(candidate=candidate).reason for name, candidate in made.items()}
    assert reasons == {"consent": "no_consent", "conditions": "conditions_not_met", "need": "snoozed"}
    assert Message.objects.count() == 1


def test_the_trail_of_waiting_is_kept_but_bounded(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1, per=60)
    nudge = make_nudges.nudge(workspace, on_cap="defer")
    candidate = make_nudges.candidate(nudge, customer)
    now = NOW
    for _n in range(25):
        make_nudges.sent(nudge, customer, at=now)
        decide_nudges(now=now)
        candidate.refresh_from_db()
        now = candidate.waiting.due_at
    trail = Decision.objects.get(candidate=candidate).earlier
    assert len(trail) == 20
    assert all(step["reason"] == "capped" and step["until"] for step in trail)
    assert trail == sorted(trail, key=lambda step: step["at"])
