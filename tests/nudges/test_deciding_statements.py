"""A chunk costs as many statements for 500 customers as for 10."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Workspace
from engagement.statements import run_statement, statement
from nudges.considering import put_forward
from nudges.deciding import decide_nudges, simulate
from nudges.deciding.chunks import decide_chunk
from nudges.deciding.judging import make_tables
from nudges.models import Decision
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import HOUR
from tests.plans import believe, nodes

pytestmark = pytest.mark.django_db


def statements_for(customers: int) -> int:
    workspace: Workspace = make.workspace(holdout_percent=10)
    make_nudges.policy(workspace, min_gap_seconds=60, business_limit=3, business_share_percent=80)
    make_nudges.cap(workspace, 1)
    people = [make.customer(workspace, email=f"{customers}-{n}@example.org").pk for n in range(customers)]
    everyone = {"identified": True}
    for n, interest in enumerate(("customer", "business")):
        nudge = make_nudges.nudge(
            workspace, conditions=everyone, interest=interest, promise="choose_us", on_cap="defer"
        )
        put_forward(nudge=nudge, customer_ids=people, occasion=f"api:{n}", now=NOW - HOUR)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        decide_nudges(now=NOW)
    assert Decision.objects.filter(workspace=workspace).count() == 2 * customers
    return len(queries)


def test_500_customers_cost_as_many_statements_as_10() -> None:
    statements_for(500)  # what a connection asks once
    assert statements_for(10) == statements_for(500)


def test_a_limit_is_of_candidates_and_those_of_the_same_customers_come_along(workspace: Workspace) -> None:
    people = [make.customer(workspace, email=f"{n}@example.org").pk for n in range(6)]
    for n in range(2):
        nudge = make_nudges.nudge(workspace)
        put_forward(nudge=nudge, customer_ids=people, occasion=f"api:{n}", now=NOW - HOUR)
    counts = decide_nudges(now=NOW, limit=4)
    assert (counts["taken"], counts["decided"]) == (2, 4)
    assert decide_nudges(now=NOW, limit=3)["decided"] == 4  # of two customers again, whose others come along
    assert decide_nudges(now=NOW)["decided"] == 4


def test_a_chunk_is_as_large_where_a_customers_candidates_are_due_one_after_the_other(
    workspace: Workspace,
) -> None:
    nudges = [make_nudges.nudge(workspace) for _ in range(2)]
    for n in range(4):
        person = make.customer(workspace, email=f"{n}@example.org").pk
        for k, nudge in enumerate(nudges):
            at = NOW - timedelta(hours=20 - 2 * n - k)
            put_forward(nudge=nudge, customer_ids=[person], occasion="api:1", now=at)
    counts = decide_chunk(now=NOW, size=4)
    assert (counts["taken"], counts["decided"]) == (2, 4)


def test_simulating_costs_the_same_for_10_and_500(workspace: Workspace) -> None:
    nudge = make_nudges.nudge(workspace)
    people = [make.customer(workspace, email=f"{n}@example.org").pk for n in range(500)]
    simulate(nudge=nudge, customer_ids=people, now=NOW)  # what a connection asks once
    counted = []
    for some in (people[:10], people):
        with CaptureQueriesContext(connection) as queries:
            simulate(nudge=nudge, customer_ids=some, now=NOW)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_claim_is_made_once_even_where_statistics_are_older_than_the_rows() -> None:
    """A planner that thinks the tables empty once turned the joins round, and claimed for each customer there was."""
    with connection.cursor() as cursor:
        believe(
            cursor, ("nudges_waiting", "nudges_pressure", "engagement_customer", "engagement_merge"), 9, 0
        )
        workspace = make.workspace()
        people = [make.customer(workspace).pk for _ in range(5)]
        put_forward(nudge=make_nudges.nudge(workspace), customer_ids=people, occasion="api:1", now=NOW - HOUR)
        run_statement("nudges.steer_planner", {})
        run_statement("nudges.make_pressures", {"now": NOW})
        due = {"workspaces": [workspace.pk], "share": 100, "now": NOW, "urgent_only": False}
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement('nudges.claim_customers')}", due)
        [([told],)] = cursor.fetchall()
    [locking] = [node for node in nodes(told["Plan"]) if node["Node Type"] == "LockRows"]
    assert (locking["Actual Loops"], locking["Actual Rows"]) == (1, len(people))


@pytest.mark.parametrize("name", ["choose_channels", "count_past", "yield_round"])
def test_what_joins_the_runs_tables_whole_reads_of_others_only_the_rows_of_its_customers(name: str) -> None:
    """Without nested loops a plain join reads everybody's rows: a million of pressure once, for 800 customers."""
    make_tables()
    run_statement("nudges.steer_planner", {})
    run_statement("nudges.join_whole", {})
    large = ("nudges_pressure", "nudges_reception", "engagement_address", "engagement_consent")
    with connection.cursor() as cursor:
        believe(cursor, large, 30_000, 1_000_000)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement(f'nudges.{name}')}", {"now": NOW, "round": 2})
        [([told],)] = cursor.fetchall()
    read = [node for node in nodes(told["Plan"]) if node.get("Relation Name") in large]
    assert read
    assert [node["Relation Name"] for node in read if not {"Index Cond", "Recheck Cond"} & set(node)] == []


def test_what_few_customers_have_is_looked_up_however_many_have_it() -> None:
    """A planner that expects few of them once read everybody's preferences for each chunk."""
    make_tables()
    run_statement("nudges.steer_planner", {})
    run_statement("nudges.join_by_lookup", {})
    few = ("nudges_preference", "nudges_reception")
    with connection.cursor() as cursor:
        believe(cursor, few, 300, 20_000)
        asked = {"zones": ["UTC"], "stages": ["need"], "now": NOW}
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement('nudges.gather_facts')}", asked)
        [([told],)] = cursor.fetchall()
    read = [node for node in nodes(told["Plan"]) if node.get("Relation Name") in few]
    assert len(read) == len(few)
    assert [node["Relation Name"] for node in read if not {"Index Cond", "Recheck Cond"} & set(node)] == []


def test_writing_the_ledger_reads_of_it_only_the_rows_of_its_candidates() -> None:
    """What was decided before is looked up by the ledger's key, in every part, however many rows it has."""
    parts = ("nudges_decision_0", "nudges_decision_1", "nudges_decision_default")
    make_tables()
    run_statement("nudges.steer_planner", {})
    with connection.cursor() as cursor:
        believe(cursor, parts, 30_000, 1_000_000)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement('nudges.write_decisions')}", {"now": NOW})
        [([told],)] = cursor.fetchall()
    read = [
        node
        for node in nodes(told["Plan"])
        if node.get("Relation Name") in parts and "Scan" in node["Node Type"]
    ]
    assert {node["Relation Name"] for node in read} == set(parts)
    assert [node["Relation Name"] for node in read if not {"Index Cond", "Recheck Cond"} & set(node)] == []
