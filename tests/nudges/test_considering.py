"""Putting forward: by stage changes, broadcasts and the API, once an occasion, to whom it fits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Workspace
from nudges import considering
from nudges.considering import (
    BroadcastError,
    consider_broadcasts,
    consider_stage_changes,
    pause_broadcast,
    put_forward,
    resume_broadcast,
    start_broadcast,
    stop_broadcast,
)
from nudges.deciding import decide_nudges
from nudges.models import Broadcast, Candidate, Decision, Message, Nudge, Pressure, Waiting
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, read

pytestmark = pytest.mark.django_db


def put(nudge: Nudge, *customers: Customer, occasion: str = "api:1", now: Any = NOW) -> int:
    return put_forward(nudge=nudge, customer_ids=[one.pk for one in customers], occasion=occasion, now=now)


def test_one_candidate_an_occasion_however_often_it_is_asked_for(customer: Customer, nudge: Nudge) -> None:
    assert put(nudge, customer, customer) == 1
    assert put(nudge, customer) == 0
    assert put(nudge, customer, occasion="api:2") == 1
    assert Candidate.objects.count() == 2
    assert Pressure.objects.filter(customer=customer).count() == 1


def test_it_is_due_after_the_collecting_time_a_service_message_at_once(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, collect_seconds=90)
    put(nudge, customer)
    put(make_nudges.nudge(workspace, promise="service"), customer)
    due = dict(Waiting.objects.values_list("is_urgent", "due_at"))
    assert due == {False: NOW + timedelta(seconds=90), True: NOW}
    assert Candidate.objects.filter(not_after=NOW + 72 * HOUR).count() == 2


def test_conditions_are_checked_when_it_is_put_forward(workspace: Workspace, customer: Customer) -> None:
    gold = make.customer(workspace, traits={"plan": "gold"})
    nudge = make_nudges.nudge(workspace, conditions={"trait": "plan", "is": "gold"})
    assert put(nudge, customer, gold) == 1
    assert Waiting.objects.get().customer == gold


def test_refused_entries_are_explained_in_the_same_ledger(workspace: Workspace, customer: Customer) -> None:
    nudge = make_nudges.nudge(workspace, conditions={"trait": "plan", "is": "gold"})
    assert put(nudge, customer) == 0
    assert put(nudge, customer) == 0  # the same occasion again
    refused = Decision.objects.get()
    assert (refused.outcome, refused.reason, refused.rule) == ("suppress", "refused", "conditions")
    assert (refused.customer, refused.nudge, refused.decided_at) == (customer, nudge, NOW)
    assert decide_nudges(now=NOW + HOUR) == {}
    assert not Message.objects.exists()


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
def test_only_an_active_nudge_is_put_forward(workspace: Workspace, customer: Customer, status: str) -> None:
    assert put(make_nudges.nudge(workspace, status=status), customer) == 0


def test_another_tenants_customer_is_passed_over(nudge: Nudge) -> None:
    assert put(nudge, make.customer(make.workspace())) == 0


def test_who_was_found_to_be_another_is_taken_as_that_one(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    gone = make.customer(workspace, merged_into=customer)
    assert put(nudge, gone, customer) == 1
    assert Candidate.objects.get().customer == customer


@pytest.mark.parametrize("occasion", ["", "x" * 81])
def test_an_occasion_must_name_something(customer: Customer, nudge: Nudge, occasion: str) -> None:
    with pytest.raises(ValueError, match="occasion"):
        put(nudge, customer, occasion=occasion)


def test_the_open_need_that_it_is_about_goes_with_it(workspace: Workspace, customer: Customer) -> None:
    need = make_nudges.need(workspace)
    make_nudges.customer_need(customer, need, closed_at=NOW, closed_reason="lapsed")
    current = make_nudges.customer_need(customer, need, sequence=2)
    put(make_nudges.nudge(workspace, trigger_need=need), customer)
    assert Candidate.objects.get().customer_need == current


# ---- stage changes


def waiting_nudge(workspace: Workspace, **fields: Any) -> Nudge:
    return make_nudges.nudge(workspace, **{"trigger": "stage_change", "trigger_stage": "shortlist"} | fields)


def test_a_stage_change_puts_forward_the_nudges_that_wait_for_it(
    workspace: Workspace, customer: Customer
) -> None:
    need = make_nudges.customer_need(customer, make_nudges.need(workspace))
    change = make_nudges.stage_change(need)
    fitting = [waiting_nudge(workspace), waiting_nudge(workspace, trigger_need=need.need)]
    waiting_nudge(workspace, trigger_stage="purchase")
    waiting_nudge(workspace, trigger_need=make_nudges.need(workspace, "other"))
    waiting_nudge(workspace, status="draft")
    waiting_nudge(make.workspace())
    make_nudges.nudge(workspace, trigger="api")
    assert consider_stage_changes(now=NOW) == {"taken": 1, "put_forward": 2}
    assert set(Candidate.objects.values_list("nudge", flat=True)) == {nudge.pk for nudge in fitting}
    candidate = Candidate.objects.first()
    assert (candidate.customer_need, candidate.stage_change, candidate.occasion) == (
        need,
        change,
        f"stage:{change.pk}",
    )
    change.refresh_from_db()
    assert change.considered_at == NOW


def test_a_stage_change_is_considered_once(workspace: Workspace, customer: Customer) -> None:
    waiting_nudge(workspace)
    change = make_nudges.stage_change(make_nudges.customer_need(customer, make_nudges.need(workspace)))
    consider_stage_changes(now=NOW)
    assert consider_stage_changes(now=NOW) == {"taken": 0}
    change.considered_at = None  # as if the task had died before it could say so
    change.save()
    consider_stage_changes(now=NOW)
    assert Candidate.objects.count() == 1


def test_a_change_that_a_late_event_superseded_puts_nothing_forward(
    workspace: Workspace, customer: Customer
) -> None:
    waiting_nudge(workspace)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace))
    change = make_nudges.stage_change(need, superseded_at=NOW)
    consider_stage_changes(now=NOW)
    assert not Candidate.objects.exists()
    change.refresh_from_db()
    assert change.considered_at == NOW


def test_a_nudge_with_broken_conditions_holds_up_nobody_else(
    workspace: Workspace, customer: Customer
) -> None:
    waiting_nudge(workspace, conditions={"nonsense": 1})
    good = waiting_nudge(workspace)
    make_nudges.stage_change(make_nudges.customer_need(customer, make_nudges.need(workspace)))
    consider_stage_changes(now=NOW)
    assert Candidate.objects.get().nudge == good


def test_many_changes_cost_as_many_statements_as_few(workspace: Workspace) -> None:
    waiting_nudge(workspace, conditions={"identified": True})
    need = make_nudges.need(workspace)
    counted = []
    for size in (3, 60):
        for _n in range(size):
            make_nudges.stage_change(make_nudges.customer_need(make.customer(workspace), need))
        with CaptureQueriesContext(connection) as queries:
            assert consider_stage_changes(now=NOW, limit=1000)["taken"] == size
        counted.append(len(queries))
    assert counted[0] == counted[1]


# ---- broadcasts


@pytest.fixture
def people(workspace: Workspace) -> list[Customer]:
    return [make.customer(workspace, email=f"{n}@example.org", traits={"n": n}) for n in range(7)]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(considering.broadcasts, "CHUNK", 2)


def test_a_broadcast_reaches_everyone_it_fits_once(workspace: Workspace, people: list[Customer]) -> None:
    nudge = make_nudges.nudge(workspace, conditions={"trait": "n", "lt": 5})
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW)
    assert (broadcast.audience, broadcast.state) == (5, "running")
    assert consider_broadcasts(now=NOW) == {"taken": 5, "put_forward": 5}
    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.put_forward, broadcast.finished_at) == ("done", 5, NOW)
    assert consider_broadcasts(now=NOW) == {}
    assert set(Candidate.objects.values_list("occasion", flat=True)) == {f"broadcast:{broadcast.pk}"}


@pytest.mark.usefixtures("small_chunks")
def test_it_goes_on_after_the_last_customer_and_neither_skips_nor_repeats(
    nudge: Nudge, people: list[Customer]
) -> None:
    """Regression of another system: resuming after a crash sent to a third thrice and to a third never."""
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW)
    consider_broadcasts(now=NOW, limit=2)
    assert Candidate.objects.count() == 2
    # A worker that died after the candidates were written but before its place was kept: both are one transaction,
    # so this cannot happen; were it to, the occasion would still hold.
    Broadcast.objects.update(last_customer_id=0)
    consider_broadcasts(now=NOW)
    assert Candidate.objects.filter(broadcast=broadcast).count() == 7
    assert Candidate.objects.values("customer").distinct().count() == 7


@pytest.mark.usefixtures("small_chunks")
def test_a_large_broadcast_does_not_hold_up_a_small_one(nudge: Nudge, people: list[Customer]) -> None:
    other = make.workspace()
    make.customer(other, email="z@example.org")
    start_broadcast(nudge=nudge, started_by=None, now=NOW)
    start_broadcast(nudge=make_nudges.nudge(other), started_by=None, now=NOW)
    consider_broadcasts(now=NOW, limit=3)
    assert Candidate.objects.filter(workspace=other).count() == 1


@pytest.mark.usefixtures("small_chunks")
def test_paused_it_waits_and_says_so_resumed_it_goes_on(nudge: Nudge, people: list[Customer]) -> None:
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW)
    consider_broadcasts(now=NOW, limit=2)
    pause_broadcast(broadcast_id=broadcast.pk, now=NOW)
    assert consider_broadcasts(now=NOW) == {}
    decide_nudges(now=NOW + MINUTE)
    waiting = Candidate.objects.all()
    assert {read(one) for one in waiting} == {("defer", "broadcast_paused")}
    assert not Message.objects.exists()
    later = NOW + HOUR
    resume_broadcast(broadcast_id=broadcast.pk, now=later)
    consider_broadcasts(now=later)
    decide_nudges(now=later + MINUTE)
    assert Message.objects.count() == 7
    assert Decision.objects.filter(earlier__0__reason="broadcast_paused").count() == 2


@pytest.mark.usefixtures("small_chunks")
def test_stopped_it_ends_what_is_not_decided_and_leaves_what_was_sent(
    nudge: Nudge, people: list[Customer]
) -> None:
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW)
    consider_broadcasts(now=NOW, limit=2)
    decide_nudges(now=NOW + MINUTE)
    consider_broadcasts(now=NOW + MINUTE, limit=2)
    stop_broadcast(broadcast_id=broadcast.pk, now=NOW + MINUTE)
    assert consider_broadcasts(now=NOW + MINUTE) == {}
    decide_nudges(now=NOW + MINUTE)
    assert Message.objects.count() == 2
    assert Decision.objects.filter(outcome="suppress", reason="broadcast_stopped").count() == 2
    with pytest.raises(BroadcastError, match="stopped"):
        resume_broadcast(broadcast_id=broadcast.pk, now=NOW)


def test_its_end_ends_all_it_put_forward(nudge: Nudge, people: list[Customer]) -> None:
    start_broadcast(nudge=nudge, started_by=None, now=NOW, not_after=NOW + 30 * MINUTE)
    consider_broadcasts(now=NOW)
    assert set(Candidate.objects.values_list("not_after", flat=True)) == {NOW + 30 * MINUTE}
    decide_nudges(now=NOW + HOUR)
    assert set(Decision.objects.values_list("reason", flat=True)) == {"expired"}


def test_after_its_end_nobody_more_is_put_forward(nudge: Nudge, people: list[Customer]) -> None:
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW, not_after=NOW + MINUTE)
    assert consider_broadcasts(now=NOW + HOUR) == {}
    broadcast.refresh_from_db()
    assert broadcast.state == "done"
    assert not Candidate.objects.exists()


def test_it_waits_while_too_much_is_undecided(
    nudge: Nudge, people: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(considering.broadcasts, "BACKLOG", 3)
    monkeypatch.setattr(considering.broadcasts, "CHUNK", 2)
    start_broadcast(nudge=nudge, started_by=None, now=NOW)
    consider_broadcasts(now=NOW)
    assert Candidate.objects.count() == 4
    decide_nudges(now=NOW + MINUTE)
    consider_broadcasts(now=NOW + MINUTE)
    assert Candidate.objects.count() == 7


def test_it_waits_for_a_paused_nudge_and_ends_with_an_archived_one(
    nudge: Nudge, people: list[Customer]
) -> None:
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW)
    for status, state in (("paused", "running"), ("archived", "stopped")):
        Nudge.objects.filter(pk=nudge.pk).update(status=status)
        consider_broadcasts(now=NOW)
        broadcast.refresh_from_db()
        assert broadcast.state == state
    assert not Candidate.objects.exists()


def test_what_cannot_be_started_says_why(workspace: Workspace, nudge: Nudge) -> None:
    with pytest.raises(BroadcastError, match="active"):
        start_broadcast(nudge=make_nudges.nudge(workspace, status="draft"), started_by=None, now=NOW)
    with pytest.raises(BroadcastError, match="not_after"):
        start_broadcast(nudge=nudge, started_by=None, now=NOW, not_after=NOW - DAY)
    assert not Broadcast.objects.exists()
