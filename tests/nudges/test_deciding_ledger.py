"""The ledger: each candidate ends in exactly one row that says why, with all that is needed to say it."""

from __future__ import annotations

from datetime import datetime

import pytest

from engagement.models import Customer, Workspace
from journeys.models import CustomerNeed
from nudges.considering import put_forward
from nudges.deciding import decide_nudges
from nudges.limiting import add_cap, archive_cap
from nudges.models import Candidate, Decision, Message, Nudge, Policy
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, decide

pytestmark = pytest.mark.django_db
ONE_A_DAY = {"scope": "any", "window": "rolling", "seconds": 86_400, "limit": 1}


def test_every_candidate_ends_in_exactly_one_decision_row(workspace: Workspace, nudge: Nudge) -> None:
    """Sent, held back, deferred and then ended, and refused at the door."""
    add_cap(workspace=workspace, values=ONE_A_DAY, actor=None, now=NOW - DAY)
    waiting = make_nudges.nudge(workspace, on_cap="defer")
    picky = make_nudges.nudge(workspace, conditions={"trait": "plan", "is": "gold"})
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(3)]
    for person in people:
        for one in (nudge, nudge, waiting):
            make_nudges.candidate(one, person)
    put_forward(nudge=picky, customer_ids=[one.pk for one in people], occasion="api:1", now=NOW)
    for hours in (0, 25, 50, 200):
        decide_nudges(now=NOW + hours * HOUR)
    assert Decision.objects.count() == Candidate.objects.count() == 12
    ends = {
        (one.outcome, one.reason): one.pk for one in Decision.objects.exclude(reason="sent").order_by("pk")
    }
    assert ends.keys() == {("suppress", "outranked"), ("suppress", "refused")}
    assert Message.objects.count() == Decision.objects.filter(outcome="send").count() == 6


def test_the_row_keeps_outcome_reason_rule_and_its_version_limit_count_messages_and_the_earliest_time(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace)
    cap = add_cap(workspace=workspace, values=ONE_A_DAY, actor=None, now=NOW - DAY)
    used = make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    nudge = make_nudges.nudge(workspace, version=4)
    row = decide(make_nudges.candidate(nudge, customer))
    assert (row.outcome, row.reason, row.rule) == ("suppress", "capped", f"cap:{cap.pk}")
    assert (row.policy_version, row.nudge_version) == (Policy.objects.get().version, 4)
    assert row.policy_version == 2  # every change of a rule raises it
    assert (row.limit, row.count, row.used_by) == (1, 1, [used.pk])
    assert (row.allowed_at, row.decided_at) == (NOW + 23 * HOUR, NOW)


def test_what_waited_is_written_anew_as_of_when_it_ended(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace)
    cap = add_cap(workspace=workspace, values=ONE_A_DAY, actor=None, now=NOW - DAY)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace), "shortlist")
    waits = make_nudges.nudge(workspace, on_cap="defer", trigger_need=need.need)
    better = make_nudges.candidate(make_nudges.nudge(workspace, promise="service"), customer)
    candidate = make_nudges.candidate(waits, customer)
    then = decide(candidate)
    assert (then.outcome, then.reason, then.rule) == ("defer", "outranked", f"cap:{cap.pk}")
    assert (then.winner_id, then.nudge_version, then.stage) == (better.pk, 1, "shortlist")
    assert then.used_by
    assert then.allowed_at
    archive_cap(cap=cap, actor=None, now=NOW + HOUR)
    Nudge.objects.filter(pk=waits.pk).update(version=5)
    CustomerNeed.objects.filter(pk=need.pk).update(stage="purchase")
    now = then.allowed_at + HOUR
    row = decide(candidate, now)
    assert (row.outcome, row.reason, row.rule, row.decided_at) == ("send", "sent", "", now)
    assert (row.winner_id, row.used_by, row.limit, row.count, row.allowed_at) == (None, [], None, None, None)
    assert (row.nudge_version, row.policy_version) == (5, Policy.objects.get().version)
    assert row.policy_version > then.policy_version
    assert row.stage == "purchase"
    assert (then.context["eligible"], row.context["eligible"]) == ([better.pk, candidate.pk], [candidate.pk])
    [step] = row.earlier
    assert datetime.fromisoformat(step["at"]) == then.decided_at
    assert datetime.fromisoformat(step["until"]) == then.allowed_at
    assert (step["outcome"], step["reason"], step["rule"]) == (then.outcome, then.reason, then.rule)


def test_the_state_of_need_stage_and_conditions_then_is_kept(
    workspace: Workspace, customer: Customer
) -> None:
    """A row of which no reason tells of them stood behind an open need at its stage, and its conditions fitted."""
    need = make_nudges.customer_need(customer, make_nudges.need(workspace), "purchase")
    gold = {"conditions": {"trait": "plan", "is": "gold"}, "trigger_need": need.need}
    kept = make_nudges.nudge(workspace, **gold, version=2)
    Customer.objects.filter(pk=customer.pk).update(traits={"plan": "gold"})
    first = decide(make_nudges.candidate(kept, customer))
    assert (first.reason, first.stage, first.customer_need_id, first.nudge_version) == (
        "sent",
        "purchase",
        need.pk,
        2,
    )
    later = make_nudges.candidate(kept, customer)
    Customer.objects.filter(pk=customer.pk).update(traits={"plan": "silver"})
    type(need).objects.filter(pk=need.pk).update(stage="post_purchase")
    second = decide(later)
    assert (second.reason, second.rule, second.stage) == ("conditions_not_met", "conditions", "post_purchase")
    first.refresh_from_db()
    assert first.stage == "purchase"  # as it stood then


def test_the_eligible_set_the_chances_and_what_ranked_them_are_logged(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, version=7)
    low, high = make_nudges.nudge(workspace, priority=10), make_nudges.nudge(workspace, expected_value=0.25)
    second, first = make_nudges.candidate(low, customer), make_nudges.candidate(high, customer)
    paused = make_nudges.nudge(workspace)
    barred = make_nudges.candidate(paused, customer)
    Nudge.objects.filter(pk=paused.pk).update(status="paused")
    decide_nudges(now=NOW)
    assert Decision.objects.get(candidate=barred).context["eligible"] == []  # it was in no running
    rows = [Decision.objects.get(candidate=one) for one in (first, second)]
    assert [row.policy_version for row in rows] == [7, 7]
    assert [row.context["eligible"] for row in rows] == [[first.pk, second.pk]] * 2
    assert [(row.context["place"], row.context["chance"], row.context["value"]) for row in rows] == [
        (1, 1, 0.25),
        (2, 1, 0),
    ]
    assert {row.context["zone"] for row in rows} == {"UTC"}
    assert {row.in_holdout for row in rows} == {False}
