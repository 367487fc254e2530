"""What else touches people in flows: other workspaces, merges, records, erasure, keeping."""

from __future__ import annotations

import pytest
from django.db import connection

from engagement.erasing import erase_customer
from engagement.models import Customer, Workspace
from engagement.people.merging import merge_customers
from nudges.considering import let_into
from nudges.deciding import absorb_merges, decide_nudges
from nudges.flowing import advance_flows
from nudges.keeping import fold_tallies, keep_ledger
from nudges.models import Candidate, FlowRun, FlowTally, Nudge, Waiting
from nudges.records import customer_record
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY
from tests.nudges.flowing_one import enter, run_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _decided_at_once(workspace: Workspace) -> None:
    make_nudges.policy(workspace, collect_seconds=0)


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
