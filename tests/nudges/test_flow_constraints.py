"""What the database itself refuses of flows, whatever the code does: every constraint of nudges/models/flows.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from engagement.models import Customer, Workspace
from nudges.models import Flow, FlowRun, FlowVersion
from tests import make, make_flows
from tests.make import NOW
from tests.nudges.refusals import refused

pytestmark = pytest.mark.django_db

RUNS: dict[str, dict[str, Any]] = {
    "run_state_known": {"state": "lost"},
    "run_over_has_an_end": {"state": "finished"},
    "run_says_why_it_ended": {"state": "refused", "ended_at": NOW},
    "run_inside_is_at_a_step": {"step": ""},
}
FLOWS: dict[str, Callable[[Flow], Any]] = {
    "flow_slug_once": lambda flow: make_flows.flow(flow.workspace, slug=flow.slug),
    "flow_of_workspace": lambda flow: Flow.objects.create(
        pk=flow.pk, workspace=flow.workspace, name="x", slug="x", created_at=NOW
    ),
    "flow_state_known": lambda flow: Flow.objects.update(state="lost"),
    "flow_that_runs_is_published": lambda flow: Flow.objects.update(version=None),
    "flow_version_once": lambda flow: FlowVersion.objects.create(flow=flow, number=1, published_at=NOW),
    "version_of_flow": lambda flow: FlowVersion.objects.create(pk=flow.version_id, flow=flow, number=2),
    "one_version_being_written": lambda flow: [make_flows.version(flow), make_flows.version(flow)],
    "flow_trigger_known": lambda flow: make_flows.version(flow, trigger="moon"),
    "re_entry_known": lambda flow: make_flows.version(flow, re_entry="sometimes"),
    "re_entry_after_1_to_730_days": lambda flow: make_flows.version(flow, re_entry="after_days"),
    "flow_holdout_up_to_half": lambda flow: make_flows.version(flow, holdout_percent=51),
}
OTHERS = {"run_once_an_occasion", "one_run_of_a_customer"}
NAMES = OTHERS | FLOWS.keys() | RUNS.keys()


@pytest.mark.parametrize(("name", "broken"), FLOWS.items())
def test_flows(workspace: Workspace, name: str, broken: Callable[[Flow], Any]) -> None:
    flow = make_flows.flow(workspace)
    # Beside the primary key these two keys only serve those that refer to them.
    said = {"flow_of_workspace": "nudges_flow_pkey", "version_of_flow": "nudges_flowversion_pkey"}.get(
        name, name
    )
    with refused(said), transaction.atomic():
        broken(flow)


@pytest.mark.parametrize(("name", "fields"), RUNS.items())
def test_runs(workspace: Workspace, customer: Customer, name: str, fields: dict[str, Any]) -> None:
    flow = make_flows.flow(workspace)
    with refused(name), transaction.atomic():
        make_flows.run(flow, customer, **fields)


def test_a_customer_is_inside_a_flow_once(workspace: Workspace, customer: Customer) -> None:
    flow = make_flows.flow(workspace)
    run = make_flows.run(flow, customer, occasion="event:1")
    with refused("one_run_of_a_customer"), transaction.atomic():
        make_flows.run(flow, customer)
    FlowRun.objects.filter(pk=run.pk).update(state="finished", ended_at=NOW)
    make_flows.run(flow, customer)
    with refused("run_once_an_occasion"), transaction.atomic():
        make_flows.run(flow, customer, occasion="event:1", state="entering", step="")


def test_what_was_published_never_changes(workspace: Workspace) -> None:
    flow = make_flows.flow(workspace, make_flows.wait("1d"))
    draft = make_flows.version(flow, make_flows.wait("2d"))
    with refused("never changes"), transaction.atomic():
        FlowVersion.objects.filter(flow=flow, number=1).update(steps=[])
    FlowVersion.objects.filter(pk=draft.pk).update(steps=[])
    publisher = make.member(workspace).user
    FlowVersion.objects.filter(pk=draft.pk).update(published_at=NOW, published_by=publisher)
    publisher.delete()
    assert FlowVersion.objects.get(pk=draft.pk).published_by is None


@pytest.mark.parametrize(
    ("name", "mixed"),
    [
        ("flow_run_customer_in_workspace", lambda flow, other: {"customer": other.runs.get().customer}),
        (
            "flow_run_flow_in_workspace",
            lambda flow, other: {"workspace": other.workspace, "customer": other.runs.get().customer},
        ),
        ("flow_run_in_version_of_flow", lambda flow, other: {"version": other.version}),
    ],
)
def test_nothing_mixes_two_workspaces_or_flows(
    workspace: Workspace, customer: Customer, name: str, mixed: Callable[[Flow, Flow], dict[str, Any]]
) -> None:
    flow, foreign = make_flows.flow(workspace), make.workspace()
    other = make_flows.flow(foreign)
    make_flows.run(flow, customer)
    make_flows.run(other, make.customer(foreign))
    with refused(name), transaction.atomic():
        FlowRun.objects.filter(flow=flow).update(**mixed(flow, other))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_flow_runs_a_version_of_its_own(workspace: Workspace) -> None:
    flow, other = make_flows.flow(workspace), make_flows.flow(workspace)
    with refused("flow_has_version_of_its_own"), transaction.atomic():
        Flow.objects.filter(pk=flow.pk).update(version=other.version)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
