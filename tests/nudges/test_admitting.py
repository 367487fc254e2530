"""Who is let into a flow, once, and who is not and why."""

from __future__ import annotations

from typing import Any

import pytest

from engagement.models import Customer, Workspace
from nudges.considering import consider_events, consider_stage_changes, let_into
from nudges.flowing import advance_flows, publish_flow, save_draft
from nudges.models import Candidate, Decision, FlowRun, Nudge, Waiting
from nudges.reasons import Reason
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, HOUR, MINUTE
from tests.nudges.flowing_one import GOLD, enter, refusal_of, run_of
from tests.nudges.test_considering_events import happen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _decided_at_once(workspace: Workspace) -> None:
    make_nudges.policy(workspace, collect_seconds=0)


def test_an_event_lets_in_once_however_often_it_is_read(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(
        workspace,
        say(nudge),
        state="draft",
        trigger="event",
        trigger_event="Cart Viewed",
        trigger_where=[{"property": "value", "gte": 50}],
        re_entry="after_end",
    )
    save_draft(flow=flow, values={}, actor=None, now=NOW - HOUR)
    publish_flow(flow=flow, actor=None, now=NOW - HOUR)
    happen(customer, "Cart Viewed", value=20)
    happen(customer, "Order Completed", value=80)
    happen(customer, "Cart Viewed", at=NOW - 2 * HOUR, value=90)  # before it listened
    for _twice in range(2):
        happen(customer, "Cart Viewed", value=80, message_id="same")
        assert consider_events(now=NOW)["asked_into_flows"] == (0 if _twice else 1)
        advance_flows(now=NOW)
    happen(customer, "Page Viewed")  # news that has it read the day's events again
    consider_events(now=NOW)
    advance_flows(now=NOW)
    assert FlowRun.objects.count() == Candidate.objects.count() == 1


def test_a_stage_lets_in_with_its_need(workspace: Workspace, customer: Customer) -> None:
    need = make_nudges.need(workspace)
    nudge = make_nudges.nudge(workspace, trigger_need=need)
    flow = make_flows.flow(
        workspace, say(nudge), trigger="stage", trigger_stage="shortlist", trigger_need=need
    )
    mine = make_nudges.customer_need(customer, need, "shortlist")
    make_nudges.stage_change(mine)
    make_nudges.stage_change(make_nudges.customer_need(make.customer(workspace), need, "purchase"))
    assert consider_stage_changes(now=NOW)["asked_into_flows"] == 1
    advance_flows(now=NOW)
    assert run_of(customer, flow).customer_need == mine
    assert Candidate.objects.get().customer_need == mine


def test_who_is_inside_already_is_not_let_in_again(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, wait("1d"), say(nudge), slug="x", re_entry="after_end")
    enter(flow, customer)
    enter(flow, customer, occasion="api:2")
    assert refusal_of(customer) == ("already_inside", "flow:x")
    assert FlowRun.objects.get(state="running").occasion == "api:1"
    assert Candidate.objects.get().decision  # nothing more comes of it
    assert not Waiting.objects.exists()


def test_two_askings_at_once_let_in_one(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, wait("1d"), say(nudge))
    for key in ("api:1", "api:2"):
        let_into(flow=flow, customer_ids=[customer.pk], occasion=key, now=NOW)
    advance_flows(now=NOW)
    assert sorted(FlowRun.objects.values_list("occasion", "state")) == [
        ("api:1", "running"),
        ("api:2", "refused"),
    ]


@pytest.mark.parametrize(
    ("rule", "after", "again"),
    [
        ({"re_entry": "never"}, 400 * DAY, False),
        ({"re_entry": "after_end"}, MINUTE, True),
        ({"re_entry": "after_days", "re_entry_days": 30}, 30 * DAY - MINUTE, False),
        ({"re_entry": "after_days", "re_entry_days": 30}, 30 * DAY, True),
    ],
)
def test_whether_somebody_may_come_again(
    workspace: Workspace, customer: Customer, nudge: Nudge, rule: dict[str, Any], after: Any, again: bool
) -> None:
    flow = make_flows.flow(workspace, say(nudge), slug="x", **rule)
    enter(flow, customer)
    enter(flow, customer, at=NOW + after, occasion="api:2")
    if again:
        assert run_of(customer).state == "finished"
    else:
        assert refusal_of(customer) == ("inside_before", "flow:x")


def test_whom_the_conditions_do_not_fit_is_told_so_in_the_ledger(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge), slug="x", name="Welcome", conditions=GOLD)
    enter(flow, customer)
    assert refusal_of(customer) == ("refused", "flow:x")
    decision = Decision.objects.get()
    assert "flow" in Reason.REFUSED.marketer(decision)
    assert "flow" not in Reason.REFUSED.customer(decision)


def test_whom_the_goal_fits_already_is_not_let_in(workspace: Workspace, nudge: Nudge) -> None:
    gold = make.customer(workspace, traits={"plan": "gold"})
    enter(make_flows.flow(workspace, say(nudge), goal=GOLD), gold)
    assert refusal_of(gold)[0] == "refused"


def test_a_share_is_left_out_so_that_it_can_be_seen_what_it_does(workspace: Workspace, nudge: Nudge) -> None:
    people = [make.customer(workspace) for _n in range(40)]
    unfit = make.customer(workspace, traits={"plan": "none"})
    flow = make_flows.flow(
        workspace, say(nudge), holdout_percent=50, conditions={"not": {"trait": "plan", "is": "none"}}
    )
    enter(flow, *people, unfit)
    held = FlowRun.objects.filter(ended_by="holdout")
    assert 5 < held.count() < 35
    assert refusal_of(unfit)[0] == "refused"  # who would not come in anyway is in no group
    enter(flow, *people, occasion="api:2")
    assert set(held.values_list("customer", flat=True)) == set(
        FlowRun.objects.filter(ended_by="holdout", occasion="api:2").values_list("customer", flat=True)
    )


def test_every_refusal_has_words_for_both(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    for reason in (
        "already_inside",
        "inside_before",
        "refused",
        "holdout",
        "flow_paused",
        "flow_ended",
        "left_flow",
    ):
        decision = Decision(reason=reason, rule="flow:welcome", outcome="suppress")
        assert "“welcome”" in Reason(reason).marketer(decision)
        assert "welcome" not in Reason(reason).customer(decision)
