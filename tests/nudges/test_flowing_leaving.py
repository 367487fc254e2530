"""Who has left a flow gets nothing more of it, and a flow that stands still holds up no other."""

from __future__ import annotations

import pytest

from engagement.models import Customer, Workspace
from nudges.considering import consider_events, let_into
from nudges.deciding import decide_nudges
from nudges.flowing import (
    advance_flows,
    end_flow,
    pause_flow,
    publish_flow,
    resume_flow,
    save_draft,
    take_out,
)
from nudges.models import Candidate, Decision, Flow, FlowRun, Message, Nudge
from nudges.sending.rechecking import find_obstacles
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


def test_a_long_wait_holds_nobody_whose_goal_is_reached(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(
        workspace, wait("30d"), say(nudge), goal={"event": "Order Completed", "within": "60d"}
    )
    save_draft(flow=flow, values={"holdout_percent": 0}, actor=None, now=NOW)
    publish_flow(flow=flow, actor=None, now=NOW)  # it hears events from now on
    enter(flow, customer)
    happen(customer, "Order Completed", at=NOW + HOUR)
    consider_events(now=NOW + HOUR)
    assert advance_flows(now=NOW + HOUR)["exited"] == 1
    run = run_of(customer)
    assert (run.state, run.ended_by, run.ended_at) == ("exited", "goal", NOW + HOUR)
    assert not Candidate.objects.exists()


def test_who_is_only_woken_goes_on_waiting(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, wait("30d"), say(nudge), exits=GOLD)
    enter(flow, customer)
    FlowRun.objects.update(due_at=NOW + DAY)
    advance_flows(now=NOW + DAY)
    run = run_of(customer)
    assert (run.state, run.due_at, run.trail) == ("running", NOW + 30 * DAY, [])


def test_what_waits_of_somebody_who_left_is_not_sent(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge), wait("1d"), exits=GOLD, slug="x")
    enter(flow, customer)
    enter(make_flows.flow(workspace, say(make_nudges.nudge(workspace, name="Kept"))), customer)
    customer.traits = {"plan": "gold"}
    customer.save()
    FlowRun.objects.filter(flow=flow).update(due_at=NOW)
    advance_flows(now=NOW)
    decide_nudges(now=NOW)
    assert dict(Decision.objects.values_list("nudge__name", "reason")) == {
        nudge.name: "left_flow",
        "Kept": "sent",
    }
    assert Decision.objects.get(nudge=nudge).rule == "flow:x"


def test_a_message_that_was_decided_does_not_go_to_somebody_who_left(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge), wait("1d"), slug="x")
    enter(flow, customer)
    decide_nudges(now=NOW)
    message = Message.objects.get()
    assert find_obstacles([message], now=NOW) == {}
    pause_flow(flow=flow, actor=None, now=NOW)
    paused = find_obstacles([message], now=NOW)[message.pk]
    assert (paused.reason, paused.rule, paused.until) == ("flow_paused", "flow:x", NOW + MINUTE)
    end_flow(flow=flow, actor=None, now=NOW)
    assert find_obstacles([message], now=NOW)[message.pk][:2] == ("flow_ended", "flow:x")


def test_a_paused_flow_moves_nobody_and_what_it_put_forward_waits(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge), wait("1h"), say(nudge), slug="x")
    enter(flow, customer)
    pause_flow(flow=flow, actor=None, now=NOW)
    decide_nudges(now=NOW)
    assert (Decision.objects.get().outcome, Decision.objects.get().reason) == ("defer", "flow_paused")
    late = make.customer(workspace)
    enter(flow, late, at=NOW + DAY)
    assert refusal_of(late) == ("flow_paused", "flow:x")
    assert run_of(customer).step == "s2"
    resume_flow(flow=flow, actor=None, now=NOW + DAY)
    advance_flows(now=NOW + DAY)
    decide_nudges(now=NOW + DAY)
    assert run_of(customer).state == "finished"
    assert {one.reason for one in Decision.objects.filter(customer=customer)} == {"sent"}


def test_an_ended_flow_lets_everybody_out(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, say(nudge), wait("1h"), slug="x")
    enter(flow, customer)
    end_flow(flow=flow, actor=None, now=NOW)
    decide_nudges(now=NOW)
    assert (run_of(customer).state, run_of(customer).ended_by) == ("exited", "flow_ended")
    assert Decision.objects.get().reason == "flow_ended"
    with pytest.raises(ValueError, match="only a live flow"):
        let_into(flow=Flow.objects.get(), customer_ids=[customer.pk], occasion="api:9", now=NOW)


def test_what_was_decided_and_not_sent_does_not_go_to_who_has_left(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge), wait("1d"), slug="x")
    let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    decide_nudges(now=NOW)
    message = Message.objects.get()
    assert find_obstacles([message], now=NOW) == {}
    take_out(run=FlowRun.objects.get(), actor=None, now=NOW)
    assert find_obstacles([message], now=NOW)[message.pk] == ("left_flow", "flow:x", None)


def test_a_paused_flow_with_people_who_are_due_holds_up_no_other(
    workspace: Workspace, customer: Customer
) -> None:
    flows = [make_flows.flow(workspace, wait(span), wait("1d")) for span in ("1h", "2h")]
    for flow in flows:
        let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
        advance_flows(now=NOW)
    pause_flow(flow=flows[0], actor=None, now=NOW)
    assert advance_flows(now=NOW + 3 * HOUR, limit=1)["taken"] == 1
    assert list(FlowRun.objects.order_by("flow").values_list("step", flat=True)) == ["s1", "s2"]
    assert advance_flows(now=NOW + DAY, limit=1) == {}
