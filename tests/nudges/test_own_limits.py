"""A customer's own limits: fewer, a pause, hours, channels, topics. They hold beside the workspace's, only stricter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

import pytest
from django.core import mail

from engagement.models import Address, Customer, Workspace
from nudges.channels.trying import try_channel
from nudges.hearing.preferring import Choices, save_preferences
from nudges.models import Message, Nudge, Pressure
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, became

pytestmark = pytest.mark.django_db
SENT = ("send", "sent", "email")


@dataclass
class Case:
    """What the workspace allows, what the customer chose, and what became of one more message."""

    became: tuple[str, str, str]
    own: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    cap: int | None = None
    sent_before: int = 0


AWAY = NOW + timedelta(days=3)
NOON = {"quiet_start": time(NOW.hour - 1), "quiet_end": time(NOW.hour + 1)}
NIGHT = {"quiet_start": time(23), "quiet_end": time(6)}
CASES = {
    "nothing chosen": Case(SENT),
    "fewer than the workspace's cap": Case(("suppress", "own_cap", "email"), {"max_per_week": 1}, cap=3, sent_before=1),
    "more than the workspace's cap": Case(("suppress", "capped", "email"), {"max_per_week": 9}, cap=1, sent_before=1),
    "as many as are left": Case(SENT, {"max_per_week": 2}, cap=3, sent_before=1),
    "none at all": Case(("suppress", "own_cap", "email"), {"max_per_week": 0}, cap=3),
    "a pause": Case(("suppress", "paused", "email"), {"paused_until": AWAY}),
    "a pause that is over": Case(SENT, {"paused_until": NOW - HOUR}),
    "hours of their own": Case(("defer", "quiet_hours", "email"), dict(NOON)),
    "other hours do not lift the workspace's": Case(("defer", "quiet_hours", "email"), dict(NIGHT), dict(NOON)),
    "a channel left": Case(("send", "sent", "sms"), {"allowed": {"email": False}}),
    "all channels left": Case(("suppress", "no_consent", ""), {"allowed": {"email": False, "sms": False}}),
    "a topic paused": Case(("suppress", "paused", "email"), {"paused_topic": AWAY}),
    "another topic paused": Case(SENT, {"paused_other_topic": AWAY}),
}  # fmt: skip


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    return make_nudges.nudge(workspace, channels=["email", "sms"])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_they_make_the_workspaces_limits_stricter_and_never_laxer(
    workspace: Workspace, nudge: Nudge, case: Case
) -> None:
    customer = make.customer(workspace, email="ann@example.org")
    Address.objects.create(
        workspace=workspace, customer=customer, channel="sms", value="+491701234567", updated_at=NOW
    )
    make_nudges.policy(workspace, **case.policy)
    if case.cap is not None:
        make_nudges.cap(workspace, case.cap, per=7 * 86400)
    for n in range(case.sent_before):
        make_nudges.sent(nudge, customer, at=NOW - DAY - n * HOUR)
    choose(customer, nudge, case.own)
    before = Message.objects.count()
    candidate = make_nudges.candidate(nudge, customer)
    outcome, reason = became(candidate)
    decision = candidate.decision
    assert (outcome, reason, decision.channel if reason != "no_consent" else "") == case.became
    assert Message.objects.count() - before == (outcome == "send")


def choose(customer: Customer, nudge: Nudge, own: dict[str, Any]) -> None:
    """As the preference page would keep it."""
    own = dict(own)
    allowed = {(nudge.category_id, channel): wanted for channel, wanted in own.pop("allowed", {}).items()}
    other = make.category(nudge.workspace, "another-topic")
    topics = {
        topic: own.pop(name)
        for topic, name in ((nudge.category_id, "paused_topic"), (other.pk, "paused_other_topic"))
        if name in own
    }
    choices = Choices(allowed=allowed, paused_topics=topics, **own)
    save_preferences(customer=customer, choices=choices, now=NOW - 2 * HOUR)


def test_test_messages_do_not_count(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 1)
    for _time in range(3):
        try_channel(workspace=workspace, channel="email", customer=customer, now=NOW)
    assert len(mail.outbox) == 3
    assert not Message.objects.exists()
    assert not Pressure.objects.exclude(sent_at=[]).exists()
    assert became(make_nudges.candidate(nudge, customer)) == ("send", "sent")
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "capped")
