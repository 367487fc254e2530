"""What replies make of a nudge's value, and how little one reply may make of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.keeping import fold_tallies
from nudges.models import Decision, Message, Nudge, NudgeWorth, Reply
from nudges.weighing import PRIOR_MESSAGES, weigh_nudges
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, read

pytestmark = pytest.mark.django_db


def answered(
    nudge: Nudge, customer: Customer, *kinds: str, silent: int = 0, days: int = 1, **fields: Any
) -> None:
    for kind in [*kinds, *[""] * silent]:
        message: Message = make_nudges.sent(nudge, customer, at=NOW - days * DAY)
        if kind:
            Reply.objects.create(
                workspace=nudge.workspace,
                message=message,
                customer=customer,
                kind=kind,
                at=NOW - HOUR,
                **fields,
            )


def value(nudge: Nudge) -> float:
    nudge.refresh_from_db()
    return nudge.expected_value


def test_the_published_formula(workspace: Workspace, customer: Customer) -> None:
    good, bad, new = (make_nudges.nudge(workspace) for _n in range(3))
    answered(good, customer, "helpful", "helpful", "changed", "not_now", silent=6)
    answered(bad, customer, "not_relevant", silent=9)
    assert weigh_nudges(now=NOW) == {"changed": 3}
    mean = (2.5 - 1) / 20
    assert value(good) == pytest.approx((2.5 + PRIOR_MESSAGES * mean) / (10 + PRIOR_MESSAGES), abs=1e-6)
    assert value(bad) == pytest.approx((-1 + PRIOR_MESSAGES * mean) / (10 + PRIOR_MESSAGES), abs=1e-6)
    assert value(new) == pytest.approx(mean, abs=1e-6)
    fold_tallies(now=NOW)
    assert weigh_nudges(now=NOW) == {"changed": 0}


def test_one_happy_reply_says_little_many_say_much(workspace: Workspace, customer: Customer) -> None:
    lucky, proven, silent = (make_nudges.nudge(workspace) for _n in range(3))
    answered(lucky, customer, "helpful")
    answered(proven, customer, *["helpful"] * 45, silent=5)
    answered(silent, customer, silent=100)
    weigh_nudges(now=NOW)
    assert value(proven) > value(lucky) > value(silent)


def test_only_standing_replies_to_recent_messages_of_this_workspace_count(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = make_nudges.nudge(workspace)
    answered(nudge, customer, "helpful", undone_at=NOW)
    answered(nudge, customer, "helpful", days=91)
    other = make.workspace()
    answered(make_nudges.nudge(other), make.customer(other), "helpful")
    weigh_nudges(now=NOW)
    assert value(nudge) == 0


def test_what_helped_before_goes_first_among_equals(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1)
    plain, helpful = make_nudges.nudge(workspace), make_nudges.nudge(workspace)
    answered(helpful, make.customer(workspace), "helpful", "helpful")
    answered(plain, make.customer(workspace), silent=2)
    weigh_nudges(now=NOW)
    loser, winner = make_nudges.candidate(plain, customer), make_nudges.candidate(helpful, customer)
    decide_nudges(now=NOW)
    assert (read(winner), read(loser)) == (("send", "sent"), ("suppress", "outranked"))


def test_people_in_a_like_situation_are_those_at_the_same_stage(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = make_nudges.nudge(workspace)
    answered(nudge, customer, *["helpful"] * 4)
    Decision.objects.update(stage="shortlist")
    answered(nudge, customer, *["not_relevant"] * 4)
    Decision.objects.filter(stage="").update(stage="purchase")
    weigh_nudges(now=NOW)
    assert value(nudge) == 0
    worth = {one.stage: one.value for one in NudgeWorth.objects.filter(nudge=nudge)}
    assert worth == {
        "shortlist": pytest.approx(4 / (4 + PRIOR_MESSAGES), abs=1e-6),
        "purchase": pytest.approx(-4 / (4 + PRIOR_MESSAGES), abs=1e-6),
    }
    assert weigh_nudges(now=NOW + 120 * DAY) == {"changed": 1}
    assert not NudgeWorth.objects.exists()


def test_expected_value_is_from_replies_by_people_in_a_like_situation(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.cap(workspace, 1)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace), "shortlist").need
    loved, fitting = (make_nudges.nudge(workspace, trigger_need=need) for _n in range(2))
    other = make.customer(workspace)
    answered(loved, other, *["helpful"] * 40)
    Decision.objects.update(stage="purchase")
    answered(loved, other, *["not_relevant"] * 10)
    answered(fitting, other, *["helpful"] * 4, silent=4)
    Decision.objects.filter(stage="").update(stage="shortlist")
    weigh_nudges(now=NOW)
    assert value(loved) > value(fitting)
    loser, winner = make_nudges.candidate(loved, customer), make_nudges.candidate(fitting, customer)
    decide_nudges(now=NOW)
    assert (read(winner), read(loser)) == (("send", "sent"), ("suppress", "outranked"))


def test_who_never_got_it_has_not_ignored_it(workspace: Workspace, customer: Customer) -> None:
    arrived, lost = make_nudges.nudge(workspace), make_nudges.nudge(workspace)
    answered(arrived, customer, "helpful")
    answered(lost, customer, "helpful", silent=4)
    silent = Message.objects.filter(nudge=lost, replies=None).order_by("pk")
    for message, state in zip(silent, ["bounced", "failed", "decided", "claimed"], strict=True):
        Message.objects.filter(pk=message.pk).update(state=state, claim_token=uuid4())
    weigh_nudges(now=NOW)
    assert value(lost) == value(arrived) > 0
    assert {one.messages for one in NudgeWorth.objects.all()} == {1}
    Message.objects.update(state="delivered")
    weigh_nudges(now=NOW)
    assert value(lost) < value(arrived)
