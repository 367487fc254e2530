"""A customer's page: where they are in flows, what comes next, how earlier ways ended; and taking them out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import AuditEntry
from nudges.composing import CannotChange
from nudges.considering import let_into
from nudges.dashboard.customer_flows import ways_of
from nudges.deciding import decide_nudges
from nudges.flowing import advance_flows, pause_flow, take_out
from nudges.models import Decision, FlowRun, FlowTally, Message, Waiting
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office
from tests.make_flows import say, wait

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GOLD = {"kind": "condition", "if": {"trait": "plan", "is": "gold"}, "yes": [wait("1d") | {"id": "y"}]}


@pytest.fixture
def office() -> Office:
    made = Office()
    make_nudges.policy(made.workspace, collect_seconds=0)
    return made


def test_it_says_where_they_are_since_when_and_what_comes_next(office: Office) -> None:
    customer = make.customer(office.workspace)
    nudge = make_nudges.nudge(office.workspace, name="Care tips")
    flow = make_flows.flow(office.workspace, GOLD, wait("2d"), say(nudge), name="After the order")
    let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    [way] = ways_of(customer)
    assert (way.here, way.next, way.run.until) == (
        "Wait: over after 2 days",
        "Nudge: Care tips",
        NOW + 2 * DAY,
    )
    assert (way.since, way.is_inside) == (NOW, True)
    assert [one.words.rpartition(" → ")[2] for one in way.behind] == ["No"]
    shown = office.enter("marketer").get(f"/customers/{customer.pk}").text
    for words in ("After the order", "Nudge: Care tips", "Take out of this flow"):
        assert words in shown
    assert "Take out of this flow" not in office.enter("analyst").get(f"/customers/{customer.pk}").text


def test_the_last_step_leads_to_the_end_and_a_paused_flow_says_so(office: Office) -> None:
    customer = make.customer(office.workspace)
    flow = make_flows.flow(office.workspace, wait("1d"))
    make_flows.run(flow, customer)
    pause_flow(flow=flow, actor=None, now=NOW)
    [way] = ways_of(customer)
    assert (way.next, way.is_paused) == ("the end", True)


def test_earlier_ways_say_how_they_ended_and_who_never_came_in_has_none(office: Office) -> None:
    customer = make.customer(office.workspace)
    flow = make_flows.flow(office.workspace, wait("1d"))
    make_flows.run(flow, customer, state="finished", step="", ended_at=NOW)
    make_flows.run(flow, customer, state="exited", ended_at=NOW + DAY, ended_by="goal")
    make_flows.run(flow, customer, state="refused", step="", ended_at=NOW + DAY, ended_by="holdout")
    assert [(way.run.state, way.why) for way in ways_of(customer)] == [
        ("exited", "The goal was reached"),
        ("finished", ""),
    ]


def test_a_button_takes_them_out(office: Office) -> None:
    customer = make.customer(office.workspace)
    run = make_flows.run(make_flows.flow(office.workspace, wait("1d")), customer)
    answer = office.enter("marketer").post(f"/customers/{customer.pk}/flows/{run.pk}/remove", follow=True)
    assert "Taken out of" in answer.text
    run.refresh_from_db()
    assert (run.state, run.ended_by) == ("exited", "taken_out")
    assert AuditEntry.objects.get().actor == office.members["marketer"].user


def test_who_is_taken_out_gets_no_more_of_it_and_the_trail_says_so(office: Office) -> None:
    customer, other = (make.customer(office.workspace, email=f"{name}@example.org") for name in ("ann", "bo"))
    nudge = make_nudges.nudge(office.workspace)
    flow = make_flows.flow(office.workspace, say(nudge), wait("1d"), say(nudge))
    let_into(flow=flow, customer_ids=[customer.pk, other.pk], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    Waiting.objects.update(due_at=NOW + DAY)  # as for a morning
    run = take_out(run=FlowRun.objects.get(customer=customer), actor=None, now=NOW)
    assert (run.state, run.ended_by, run.ended_at, run.until) == ("exited", "taken_out", NOW, None)
    assert Waiting.objects.get(customer=customer).due_at == NOW  # the ledger says so at once
    assert Waiting.objects.get(customer=other).due_at == NOW + DAY
    decide_nudges(now=NOW + timedelta(minutes=1))
    assert advance_flows(now=NOW + DAY)["advanced"] == 1  # the other
    decide_nudges(now=NOW + DAY)
    assert Decision.objects.get(customer=customer).reason == "left_flow"
    assert not Message.objects.filter(customer=customer).exists()
    assert Message.objects.filter(customer=other).exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id) == ("remove_customer", str(flow.pk))
    assert entry.detail == {"name": flow.name, "customer": customer.pk, "step": "s2"}
    assert FlowTally.objects.get(what="left:taken_out").step == "s2"


def test_who_is_out_is_not_taken_out_again(office: Office) -> None:
    run = make_flows.run(make_flows.flow(office.workspace, wait("1d")), make.customer(office.workspace))
    take_out(run=run, actor=None, now=NOW)
    with pytest.raises(CannotChange, match="not inside any more"):
        take_out(run=run, actor=None, now=NOW + DAY)
    page = office.enter("marketer")
    answer = page.post(f"/customers/{run.customer_id}/flows/{run.pk}/remove", follow=True)
    assert "They are not inside any more." in answer.text
    assert AuditEntry.objects.count() == 1


def test_a_run_of_somebody_else_is_not_found(office: Office) -> None:
    flow = make_flows.flow(office.workspace, wait("1d"))
    run = make_flows.run(flow, make.customer(office.workspace))
    other = make.customer(office.workspace)
    assert office.enter("marketer").post(f"/customers/{other.pk}/flows/{run.pk}/remove").status_code == 404
    assert FlowRun.objects.get().state == "running"


def test_many_ways_cost_as_many_queries_as_one(office: Office) -> None:
    customer = make.customer(office.workspace)

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            ways_of(customer)
        return len(queries)

    make_flows.run(
        make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)), wait("1d")), customer
    )
    few = counted()
    for _n in range(6):
        flow = make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)), wait("1d"))
        make_flows.run(flow, customer, step="s2")
    assert counted() == few == 3
