"""Two broadcasts and two flows on the same customers at once: several workers, one of them killed."""

from __future__ import annotations

import os
import threading

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from engagement import statements
from nudges.audits import find_drift, find_violations
from nudges.considering import let_into, start_broadcast
from nudges.flowing import advance_flows
from nudges.models import Candidate, Decision, FlowRun, FlowTally, Message, Waiting
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say
from tests.races.push_on import push_on
from tests.races.test_caps_race import somebody_waits_for_a_lock
from tests.races.workers import Worker, wait_until

pytestmark = pytest.mark.usefixtures("committed")
PEOPLE = 2000 if os.environ.get("RACES") == "long" else 60
CAP = 2


@pytest.mark.timeout(3000 if os.environ.get("RACES") == "long" else 300)
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


def in_a_thread(done: threading.Event | None = None, hold: threading.Event | None = None) -> threading.Thread:
    """Another worker; with `hold` it stays in its transaction, all steps taken, until told to commit."""

    def work() -> None:
        try:
            with transaction.atomic():
                advance_flows(now=NOW)
                if done and hold:
                    done.set()
                    hold.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("claim", ["nudges.claim_askings", "nudges.claim_runs"])
@pytest.mark.parametrize(("locked", "taken"), [(True, 1), (False, 2)])
def test_the_claim_is_what_has_each_step_taken_once(
    monkeypatch: pytest.MonkeyPatch, claim: str, locked: bool, taken: int
) -> None:
    """While one worker has taken somebody on and not yet committed, another one looks what is due.

    Without the claim both take them on, and they are counted twice: the proof that the race above can fail. (The
    database refuses the second candidate and the second run even then.)
    """
    right = statements.statement(claim)
    wrong = right if locked else right.replace("FOR UPDATE SKIP LOCKED", "")
    assert (wrong == right) == locked
    read = statements.statement
    monkeypatch.setattr(statements, "statement", lambda name: wrong if name == claim else read(name))
    workspace = make.workspace()
    flow = make_flows.flow(workspace, say(make_nudges.nudge(workspace)))
    customer = make.customer(workspace)
    if claim == "nudges.claim_askings":
        let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    else:
        make_flows.run(flow, customer)
    moved, commit = threading.Event(), threading.Event()
    first = in_a_thread(moved, commit)
    assert moved.wait(60)
    second = in_a_thread()
    wait_until(lambda: not second.is_alive() or somebody_waits_for_a_lock())
    commit.set()
    first.join(60)
    second.join(60)
    counted = "entered" if claim == "nudges.claim_askings" else "finished"
    assert FlowTally.objects.filter(step="", what=counted).aggregate(n=Sum("n"))["n"] == taken
    assert Candidate.objects.count() == FlowRun.objects.count() == 1
