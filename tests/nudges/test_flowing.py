"""People in flows: how they go on from step to step."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Workspace
from nudges.composing import change_status
from nudges.considering import let_into
from nudges.deciding import decide_nudges
from nudges.flowing import advance_flows
from nudges.models import Candidate, Decision, FlowRun, FlowTally, Message, Nudge
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, HOUR, MINUTE
from tests.nudges.flowing_one import GOLD, enter, path_of, run_of, said_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _decided_at_once(workspace: Workspace) -> None:
    make_nudges.policy(workspace, collect_seconds=0)


def test_a_customer_goes_from_step_to_step_as_time_passes(workspace: Workspace, customer: Customer) -> None:
    first, second = make_nudges.nudge(workspace, name="First"), make_nudges.nudge(workspace, name="Second")
    flow = make_flows.flow(workspace, say(first), wait("2d"), say(second))
    enter(flow, customer)
    assert said_to(customer) == ["First"]
    assert run_of(customer).step == "s2"
    assert advance_flows(now=NOW + 2 * DAY - MINUTE) == {}
    assert advance_flows(now=NOW + 2 * DAY)["finished"] == 1
    assert said_to(customer) == ["First", "Second"]
    assert path_of(customer) == [("s1", "passed"), ("s2", "passed"), ("s3", "passed")]
    run = run_of(customer)
    assert (run.state, run.ended_at, run.ended_by) == ("finished", NOW + 2 * DAY, "")


def test_what_a_flow_puts_forward_is_decided_as_all_else_and_names_it(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge), slug="welcome")
    enter(flow, customer)
    decide_nudges(now=NOW)
    assert Message.objects.get().flow == "welcome"


def test_a_cap_of_one_flow_holds_for_its_nudges_and_for_no_others(
    workspace: Workspace, customer: Customer
) -> None:
    """Cap scope "one flow": one in 7 days of flow X holds for X's two nudges, not for others."""
    one, two, other = (make_nudges.nudge(workspace, name=name) for name in ("One", "Two", "Other"))
    make_nudges.cap(workspace, 1, per=7 * 86400, scope="flow", value="x")
    enter(make_flows.flow(workspace, say(one), wait("1d"), say(two), slug="x"), customer)
    enter(make_flows.flow(workspace, wait("2d"), say(other), slug="y"), customer)
    for days in range(4):
        advance_flows(now=NOW + days * DAY)
        decide_nudges(now=NOW + days * DAY)
    became = dict(Decision.objects.values_list("nudge__name", "reason"))
    assert became == {"One": "sent", "Two": "capped", "Other": "sent"}


def test_yes_and_no_part_and_meet_again(workspace: Workspace, nudge: Nudge) -> None:
    gold = make.customer(workspace, traits={"plan": "gold"})
    plain = make.customer(workspace)
    ask = {
        "kind": "condition",
        "if": GOLD,
        "yes": [{"id": "y", **say(nudge)}],
        "no": [{"id": "n", **wait("1h")}],
    }
    enter(make_flows.flow(workspace, ask, wait("1d")), gold, plain)
    assert (path_of(gold), run_of(gold).step) == ([("s1", "yes"), ("y", "passed")], "s2")
    assert (path_of(plain), run_of(plain).step) == ([("s1", "no")], "n")
    advance_flows(now=NOW + HOUR)
    assert run_of(plain).step == "s2"
    assert (said_to(gold), said_to(plain)) == ([nudge.name], [])


def test_a_split_and_an_exit(workspace: Workspace, nudge: Nudge) -> None:
    branches = [
        {"share": 50, "steps": [{"id": "out", "kind": "exit"}]},
        {"share": 50, "steps": [{"id": "n", **say(nudge)}]},
    ]
    people = [make.customer(workspace) for _n in range(40)]
    flow = make_flows.flow(workspace, {"kind": "split", "branches": branches}, wait("1d"))
    enter(flow, *people)
    out = FlowRun.objects.filter(state="finished")
    assert 5 < out.count() < 35
    assert Candidate.objects.count() == 40 - out.count() == FlowRun.objects.filter(step="s2").count()
    tallied = dict(FlowTally.objects.filter(step="s1").values_list("what", "n"))
    assert tallied == {"1": out.count(), "2": 40 - out.count()}


def test_waits_end_where_the_customer_is(workspace: Workspace, nudge: Nudge) -> None:
    tokyo, lima = (
        make.customer(workspace, timezone="Asia/Tokyo"),
        make.customer(workspace, timezone="America/Lima"),
    )
    nowhere = make.customer(workspace, timezone="Mars/Olympus")  # goes by the workspace's, which is UTC
    morning = {"kind": "wait", "until": {"time": "09:00"}}
    enter(make_flows.flow(workspace, morning, say(nudge)), tokyo, lima, nowhere)
    assert run_of(tokyo).due_at == NOW + 12 * HOUR
    assert run_of(lima).due_at == NOW + 2 * HOUR
    assert run_of(nowhere).due_at == NOW + 21 * HOUR


def test_the_same_task_twice_advances_once(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, say(nudge), wait("1d"))
    for _twice in range(2):
        enter(flow, customer)
    assert FlowRun.objects.count() == Candidate.objects.count() == 1
    assert FlowTally.objects.filter(step="s1").count() == 1


def test_a_nudge_that_was_put_away_since_is_explained_and_holds_up_nobody(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge))
    change_status(nudge=nudge, status="archived", actor=None, now=NOW)
    enter(flow, customer)
    decide_nudges(now=NOW)
    assert Decision.objects.get().reason == "nudge_inactive"
    assert run_of(customer).state == "finished"


def test_the_number_of_statements_does_not_grow_with_people(workspace: Workspace, nudge: Nudge) -> None:
    ask = {"kind": "condition", "if": GOLD, "yes": [{"id": "y", **say(nudge)}], "no": []}
    split = {"kind": "split", "branches": [{"share": 50}, {"share": 50}]}
    morning = {"kind": "wait", "until": {"time": "09:00"}}

    def statements_for(people: int) -> int:
        flow = make_flows.flow(
            workspace, ask, split, say(nudge), morning, goal=GOLD, exits={"reachable": "sms"}
        )
        customers = [make.customer(workspace) for _n in range(people)]
        let_into(flow=flow, customer_ids=[one.pk for one in customers], occasion="api:1", now=NOW)
        with CaptureQueriesContext(connection) as queries:
            counts = advance_flows(now=NOW)
        assert counts["advanced"] == people
        return len(queries)

    assert statements_for(3) == statements_for(60)
