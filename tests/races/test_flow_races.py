"""Two broadcasts and two flows on the same customers at once: several workers, one of them killed."""

from __future__ import annotations

import os

import pytest

from nudges.audits import find_drift, find_violations
from nudges.considering import let_into, start_broadcast
from nudges.models import Candidate, Decision, FlowRun, FlowTally, Message, Waiting
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say
from tests.races.push_on import push_on
from tests.races.workers import Worker, wait_until

pytestmark = pytest.mark.usefixtures("committed")
PEOPLE = 2000 if os.environ.get("RACES") == "long" else 60
CAP = 2


def test_no_cap_is_exceeded_and_each_step_is_taken_once() -> None:
    workspace = make.workspace()
    make_nudges.policy(workspace, collect_seconds=0)
    make_nudges.cap(workspace, CAP)
    make_nudges.cap(workspace, 1, scope="flow", value="x")
    people = [make.customer(workspace, email=f"{n}@example.org").pk for n in range(PEOPLE)]
    nudges = [make_nudges.nudge(workspace) for _n in range(4)]
    for trigger in ("broadcast", "broadcast"):
        start_broadcast(nudge=make_nudges.nudge(workspace, trigger=trigger), started_by=None, now=NOW)
    ask = {"kind": "condition", "if": {"identified": True}, "yes": [{"id": "y", **say(nudges[1])}], "no": []}
    flows = [
        make_flows.flow(workspace, say(nudges[0]), ask, slug="x"),
        make_flows.flow(workspace, say(nudges[2]), say(nudges[3]), slug="y"),
    ]
    for flow in flows:
        for occasion in ("api:1", "api:2"):  # everybody asks twice; one is let in
            let_into(flow=flow, customer_ids=people, occasion=occasion, now=NOW)

    workers = [Worker(push_on) for _n in range(3)]
    try:
        for worker in workers:
            worker.is_ready()
        for worker in workers:
            worker.go()
        wait_until(lambda: FlowRun.objects.filter(state="finished").exists())
        workers[0].kill()
        wait_until(lambda: not FlowRun.objects.filter(state__in=["entering", "running"]).exists())
        wait_until(lambda: Candidate.objects.filter(broadcast__isnull=False).count() == 2 * PEOPLE)
        wait_until(lambda: not Waiting.objects.exists())
        for worker in workers[1:]:
            worker.go()
            worker.end()
    finally:
        for worker in workers:
            worker.kill()

    assert (
        sorted(FlowRun.objects.values_list("state", flat=True))
        == ["finished"] * 2 * PEOPLE + ["refused"] * 2 * PEOPLE
    )
    passed = FlowTally.objects.exclude(step="")
    assert {flow.pk: sum(one.n for one in passed if one.flow_id == flow.pk) for flow in flows} == {
        flows[0].pk: 3 * PEOPLE,
        flows[1].pk: 2 * PEOPLE,
    }
    assert Candidate.objects.filter(flow_run__state="finished").count() == 4 * PEOPLE
    assert Decision.objects.count() == Candidate.objects.count() == 8 * PEOPLE
    assert find_violations() == []
    assert find_drift(now=NOW) == []
    assert Message.objects.count() == CAP * PEOPLE
    assert (
        Message.objects.filter(flow="x").values("customer").distinct().count()
        == Message.objects.filter(flow="x").count()
    )
