"""Simulating: the answer of deciding, and not a trace of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from engagement.models import Customer, Workspace
from nudges.considering import put_forward
from nudges.deciding import decide_nudges, simulate
from nudges.models import Candidate, Decision, Message, Nudge, Pressure
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR

pytestmark = pytest.mark.django_db
TABLES = (Candidate, Decision, Message, Pressure, Nudge)


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in TABLES}


def next_message_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM nudges_message_id_seq")
        return cursor.fetchone()[0]


def test_it_answers_what_deciding_would_and_writes_nothing(workspace: Workspace, nudge: Nudge) -> None:
    cap = make_nudges.cap(workspace, 1)
    free, capped, absent = (
        make.customer(workspace, email=mail) for mail in ("a@example.org", "b@example.org", None)
    )
    used = make_nudges.sent(nudge, capped, at=NOW - HOUR)
    before, ids = everything(), next_message_id()
    result = simulate(nudge=nudge, customer_ids=[free.pk, capped.pk, absent.pk], now=NOW)
    assert everything() == before
    assert next_message_id() == ids
    assert result.counts == {("send", "sent"): 1, ("suppress", "capped"): 1, ("suppress", "unreachable"): 1}
    by_customer = {decision.customer_id: decision for decision in result.decisions}
    assert by_customer[free.pk].channel == "email"
    assert (by_customer[capped.pk].rule, by_customer[capped.pk].used_by) == (f"cap:{cap.pk}", [used.pk])
    assert by_customer[capped.pk].allowed_at == NOW + 23 * HOUR


def test_it_is_imagined_for_the_need_that_is_open_though_a_later_one_is_closed(workspace: Workspace) -> None:
    need = make_nudges.need(workspace)
    customer = make.customer(workspace, email="a@example.org")
    make_nudges.customer_need(customer, need, "shortlist", sequence=1)
    make_nudges.customer_need(
        customer, need, "purchase", sequence=2, closed_at=NOW - DAY, closed_reason="done"
    )
    nudge = make_nudges.nudge(workspace, trigger="stage_change", trigger_need=need, trigger_stage="shortlist")
    [told] = simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW).decisions
    assert (told.reason, told.stage) == ("sent", "shortlist")


def test_it_agrees_with_deciding(workspace: Workspace) -> None:
    make_nudges.policy(workspace, business_limit=1)
    make_nudges.cap(workspace, 2, per="week")
    nudge = make_nudges.nudge(workspace, interest="business", promise="choose_us", on_cap="defer")
    people = [make.customer(workspace, email=f"{n}@example.org" if n % 5 else None) for n in range(20)]
    for n, person in enumerate(people):
        for _k in range(n % 3):
            make_nudges.sent(make_nudges.nudge(workspace), person, at=NOW - HOUR)
    told = simulate(nudge=nudge, customer_ids=[person.pk for person in people], now=NOW)
    for person in people:
        make_nudges.candidate(nudge, person)
    decide_nudges(now=NOW)
    done = {
        d.customer_id: (d.outcome, d.reason, d.count, d.allowed_at)
        for d in Decision.objects.filter(nudge=nudge)
    }
    assert {d.customer_id: (d.outcome, d.reason, d.count, d.allowed_at) for d in told.decisions} == done


def test_a_draft_is_tried_as_if_it_were_active(workspace: Workspace, customer: Customer) -> None:
    draft = make_nudges.nudge(workspace, status="draft")
    assert simulate(nudge=draft, customer_ids=[customer.pk], now=NOW).counts == {("send", "sent"): 1}
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_a_dry_run_goes_over_the_whole_audience(workspace: Workspace) -> None:
    for n in range(7):
        make.customer(workspace, email=f"{n}@example.org", traits={"plan": "gold" if n < 5 else "silver"})
    nudge = make_nudges.nudge(workspace, conditions={"trait": "plan", "is": "gold"})
    assert simulate(nudge=nudge, now=NOW).counts == {("send", "sent"): 5}


def test_a_named_customer_whom_it_does_not_fit_hears_why(workspace: Workspace, customer: Customer) -> None:
    nudge = make_nudges.nudge(workspace, conditions={"trait": "plan", "is": "gold"})
    result = simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW)
    assert result.counts == {("suppress", "conditions_not_met"): 1}


def test_it_competes_with_what_is_due_anyway(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 1)
    rival = make_nudges.candidate(make_nudges.nudge(workspace, priority=90), customer)
    [decision] = simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW).decisions
    assert (decision.reason, decision.winner_id) == ("outranked", rival.pk)
    assert not Decision.objects.exists()


def test_among_equals_the_imagined_comes_last(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    """As the newest candidate does. Regression: it had an id below all others, and won where it would lose."""
    make_nudges.cap(workspace, 1)
    rival = make_nudges.candidate(make_nudges.nudge(workspace), customer)
    [decision] = simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW).decisions
    assert (decision.reason, decision.winner_id) == ("outranked", rival.pk)


def test_at_a_later_time_the_answer_is_another(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW - HOUR)
    assert simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW).counts == {("suppress", "capped"): 1}
    assert simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW + DAY).counts == {("send", "sent"): 1}


def test_another_tenants_customers_are_left_out(nudge: Nudge) -> None:
    stranger = make.customer(make.workspace(), email="x@example.org")
    result = simulate(nudge=nudge, customer_ids=[stranger.pk], now=NOW)
    assert (result.counts, result.decisions) == ({}, [])


def test_deciding_afterwards_is_not_disturbed(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW)
    put_forward(nudge=nudge, customer_ids=[customer.pk], occasion="api:1", now=NOW - HOUR)
    assert decide_nudges(now=NOW) == {"taken": 1, "decided": 1, "send": 1}
