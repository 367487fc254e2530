"""Caps: every scope, both kinds of windows, limits of 0, n and none; the strictest wins."""

from datetime import timedelta

import pytest

from nudges.deciding import decide_nudges
from nudges.models import Candidate, Decision, Message, Pressure
from tests import make, make_nudges
from tests.make import NOW

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def decide(candidate: Candidate, now=NOW) -> Decision:
    decide_nudges(now=now)
    return Decision.objects.get(candidate=candidate)


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def customer(workspace):
    return make.customer(workspace, email="ann@example.org")


@pytest.fixture
def nudge(workspace):
    return make_nudges.nudge(workspace)


def test_without_a_cap_it_is_sent(customer, nudge):
    candidate = make_nudges.candidate(nudge, customer)
    counts = decide_nudges(now=NOW)
    assert counts == {"taken": 1, "decided": 1, "send": 1}
    decision = Decision.objects.get(candidate=candidate)
    assert (decision.outcome, decision.reason, decision.channel) == ("send", "sent", "email")
    message = Message.objects.get(candidate=candidate)
    assert (message.address, message.state, message.counts) == ("ann@example.org", "decided", True)
    assert (message.subject, message.text, message.html) == ("", "", "")
    assert message.next_attempt_at == message.decided_at == NOW
    assert Pressure.objects.get(customer=customer).message_ids == [message.pk]


def test_a_rolling_cap_names_what_used_it_and_when_it_frees(workspace, customer, nudge):
    cap = make_nudges.cap(workspace, 2, per=86400)
    older = make_nudges.sent(nudge, customer, at=NOW - 10 * HOUR)
    newer = make_nudges.sent(nudge, customer, at=NOW - 2 * HOUR)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.rule) == ("suppress", "capped", f"cap:{cap.pk}")
    assert (decision.limit, decision.count, decision.used_by) == (2, 2, [newer.pk, older.pk])
    assert decision.allowed_at == NOW + 14 * HOUR
    assert Message.objects.count() == 2
