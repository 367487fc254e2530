"""The ledger read back: why (not), how often, and a customer's timeline."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.ledgers import counts_by_reason, explain, read_decisions
from nudges.models import Decision, Nudge
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, decide

pytestmark = pytest.mark.django_db


def test_an_explanation_names_the_messages_that_used_the_slots(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    cap = make_nudges.cap(workspace, 2)
    used = [make_nudges.sent(nudge, customer, at=NOW - hours * HOUR) for hours in (1, 2)]
    told = explain(decide(make_nudges.candidate(nudge, customer)))
    assert told.used_by == used
    assert (told.rule, told.allowed_at, told.winner) == (f"cap:{cap.pk}", NOW + 22 * HOUR, None)
    assert "2 of 2" in told.marketer
    assert "kept this one back" in told.customer


def test_an_explanation_names_the_winner(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 1)
    winner, loser = (make_nudges.candidate(nudge, customer) for _n in range(2))
    assert explain(decide(loser)).winner == winner


def test_counts_by_reason_are_of_this_workspace_this_time_and_this_nudge(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    other = make.workspace()
    make_nudges.candidate(make_nudges.nudge(other), make.customer(other, email="o@example.org"))
    make_nudges.sent(nudge, customer, at=NOW - 9 * DAY)
    for _n in range(3):
        make_nudges.candidate(nudge, customer)
    make_nudges.candidate(make_nudges.nudge(workspace), make.customer(workspace))
    decide_nudges(now=NOW)
    since = NOW - DAY
    counts = {("suppress", "outranked"): 2, ("send", "sent"): 1, ("suppress", "unreachable"): 1}
    assert counts_by_reason(workspace=workspace, since=since) == counts
    assert counts_by_reason(workspace=workspace, since=since, nudge=nudge) == {
        ("suppress", "outranked"): 2,
        ("send", "sent"): 1,
    }


def test_the_timeline_tells_what_was_decided_newest_first(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    for hours in (2, 1):
        decide(make_nudges.candidate(nudge, customer, at=NOW - hours * HOUR), NOW - hours * HOUR)
    entries = read_decisions(customer)
    assert [entry.at for entry in entries] == [NOW - HOUR, NOW - 2 * HOUR]
    assert [entry.kind for entry in entries] == ["held", "send"]
    assert "1 of 1" in entries[0].explanation
    assert nudge.name in entries[0].title
    assert [entry.at for entry in read_decisions(customer, before=NOW - HOUR)] == [NOW - 2 * HOUR]
    assert len(read_decisions(customer, limit=1)) == 1


def test_a_long_timeline_costs_as_many_queries_as_a_short_one(customer: Customer, nudge: Nudge) -> None:
    counted = []
    for size in (2, 20):
        for _n in range(size):
            make_nudges.candidate(nudge, customer)
        decide_nudges(now=NOW)
        with CaptureQueriesContext(connection) as queries:
            entries = read_decisions(customer)
        counted.append(len(queries))
        assert len(entries) == Decision.objects.count()
    assert counted[0] == counted[1]
