"""People in flows: who is let in, how they go on from step to step, and how they leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.erasing import erase_customer
from engagement.models import Customer, Workspace
from engagement.people.merging import merge_customers
from nudges.composing import change_status
from nudges.considering import consider_events, consider_stage_changes, let_into
from nudges.deciding import absorb_merges, decide_nudges
from nudges.flowing import advance_flows, end_flow, pause_flow, publish_flow, resume_flow, save_draft
from nudges.keeping import fold_tallies, keep_ledger
from nudges.models import Candidate, Decision, Flow, FlowRun, FlowTally, Message, Nudge, Waiting
from nudges.reasons import Reason
from nudges.records import customer_record
from nudges.sending.rechecking import find_obstacles
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, HOUR, MINUTE
from tests.nudges.test_considering_events import happen

pytestmark = pytest.mark.django_db
GOLD = {"trait": "plan", "is": "gold"}


@pytest.fixture
def workspace(db: None) -> Workspace:
    made = make.workspace()
    make_nudges.policy(made, collect_seconds=0)
    return made


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    return make_nudges.nudge(workspace)


def enter(flow: Flow, *customers: Customer, at: datetime = NOW, occasion: str = "api:1") -> None:
    let_into(flow=flow, customer_ids=[one.pk for one in customers], occasion=occasion, now=at)
    advance_flows(now=at)


def run_of(customer: Customer, flow: Flow | None = None) -> FlowRun:
    runs = FlowRun.objects.filter(customer=customer)
    return (runs.filter(flow=flow) if flow else runs).latest("id")


def path_of(customer: Customer) -> list[tuple[str, str]]:
    return [(one["step"], one["went"]) for one in run_of(customer).trail]


def refusal_of(customer: Customer) -> tuple[str, str]:
    """The reason on the run and in the ledger, which are the same, and the rule."""
    run = run_of(customer)
    decision = Decision.objects.get(candidate__flow_run=run)
    assert (run.state, decision.outcome, decision.reason) == ("refused", "suppress", run.ended_by)
    return decision.reason, decision.rule


def said_to(customer: Customer) -> list[str]:
    return list(
        Candidate.objects.filter(customer=customer).order_by("id").values_list("nudge__name", flat=True)
    )


# Going on


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


# Being let in


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


# Leaving


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


# What else touches it


def test_people_of_other_workspaces_are_passed_over(workspace: Workspace, nudge: Nudge) -> None:
    stranger = make.customer(make.workspace())
    flow = make_flows.flow(workspace, say(nudge))
    assert let_into(flow=flow, customer_ids=[stranger.pk], occasion="api:1", now=NOW) == 0
    assert not FlowRun.objects.exists()


def test_two_customers_found_to_be_one_go_on_as_one(workspace: Workspace, nudge: Nudge) -> None:
    ann, ann_too = make.customer(workspace), make.customer(workspace)
    both, hers = (
        make_flows.flow(workspace, wait("1d"), say(nudge)),
        make_flows.flow(workspace, wait("1d"), say(nudge)),
    )
    enter(both, ann, ann_too)
    enter(hers, ann_too)
    merge_customers(workspace_id=workspace.pk, source_id=ann_too.pk, target_id=ann.pk, cause="api", now=NOW)
    assert advance_flows(now=NOW + DAY) == {}  # not before their rows are joined
    absorb_merges(now=NOW + DAY)
    assert sorted(FlowRun.objects.filter(customer=ann, flow=both).values_list("state", "ended_by")) == [
        ("exited", "merged"),
        ("running", ""),
    ]
    assert run_of(ann, hers).state == "running"
    advance_flows(now=NOW + DAY)
    assert Candidate.objects.filter(customer=ann).count() == 2


def test_a_customers_record_says_which_flows_they_went_through(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    enter(make_flows.flow(workspace, say(nudge), name="Welcome"), customer)
    [told] = customer_record(customer)["flows"]
    assert (told["flow__name"], told["state"], told["asked_at"]) == ("Welcome", "finished", NOW)


def test_an_erased_customer_leaves_no_way_through_a_flow(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    other = make.customer(workspace, email="other@example.org")
    enter(
        make_flows.flow(workspace, say(nudge), wait("2d"), say(make_nudges.nudge(workspace))), customer, other
    )
    decide_nudges(now=NOW)
    enter(make_flows.flow(workspace, say(make_nudges.nudge(workspace)), slug="second"), customer, other)
    erase_customer(customer=customer, actor=None, now=NOW)
    connection.check_constraints()
    assert set(FlowRun.objects.values_list("customer", flat=True)) == {other.pk}
    assert set(Candidate.objects.values_list("customer", flat=True)) == {other.pk}
    assert set(Waiting.objects.values_list("customer", flat=True)) == {other.pk}


def test_who_was_not_let_in_is_forgotten_in_time_and_who_was_is_not(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, say(nudge))
    enter(flow, customer)
    enter(flow, customer, occasion="api:2")
    late = NOW + (workspace.retention_days + 1) * DAY
    assert keep_ledger(now=late)["turned_away"] == 1
    assert FlowRun.objects.get().state == "finished"


def test_tallies_of_one_kind_are_folded(workspace: Workspace, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, say(nudge))
    for n in range(3):
        enter(flow, make.customer(workspace), occasion=f"api:{n}")
    fold_tallies(now=NOW)
    assert sorted(FlowTally.objects.values_list("step", "what", "n")) == [
        ("", "entered", 3),
        ("", "finished", 3),
        ("s1", "passed", 3),
    ]
