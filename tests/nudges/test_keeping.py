"""The ledger is in parts that come and go, forgets by each workspace's retention, and its counts always add up."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.keeping import fold_tallies, keep_ledger
from nudges.ledgers import counts_by_reason
from nudges.models import Candidate, Decision, DecisionTally, Message, Nudge, PushTally, Waiting
from nudges.pressure import release_slots
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, decide

pytestmark = pytest.mark.django_db
PART = 5_000_000


def parts() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'nudges_decision'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def part_of(decision: Decision) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM nudges_decision WHERE id = %s", [decision.pk])
        return str(cursor.fetchone()[0])


def number(candidate: Candidate, pk: int) -> Candidate:
    """The candidate under another number, as if so many had come before."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    Candidate.objects.filter(pk=candidate.pk).update(id=pk)
    Waiting.objects.filter(pk=candidate.pk).update(candidate_id=pk)
    settle()
    return Candidate.objects.get(pk=pk)


def settle() -> None:
    """Check what would be checked at the end of the transaction; until then Postgres changes no part."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_there_is_a_part_for_the_newest_candidate_and_the_one_after_it(
    nudge: Nudge, customer: Customer
) -> None:
    number(make_nudges.candidate(nudge, customer), 7 * PART + 3)
    assert keep_ledger(now=NOW)["made"] == 2
    assert {"nudges_decision_7", "nudges_decision_8"} <= parts()
    assert keep_ledger(now=NOW)["made"] == 0


def test_a_decision_lies_in_its_candidates_part(nudge: Nudge, customer: Customer) -> None:
    assert part_of(decide(make_nudges.candidate(nudge, customer))) == "nudges_decision_0"


def test_what_came_before_its_part_was_made_is_moved_into_it(nudge: Nudge, customer: Customer) -> None:
    decision = decide(number(make_nudges.candidate(nudge, customer), 7 * PART + 3))
    assert part_of(decision) == "nudges_decision_default"
    settle()
    keep_ledger(now=NOW)
    assert part_of(decision) == "nudges_decision_7"
    assert Decision.objects.get().pk == decision.pk


def test_parts_that_retention_has_emptied_go_and_no_others(nudge: Nudge, customer: Customer) -> None:
    number(make_nudges.candidate(nudge, customer), 3 * PART)
    assert keep_ledger(now=NOW)["dropped"] == 2  # 0 and 1 are before the newest, and empty
    decide_nudges(now=NOW)
    number(make_nudges.candidate(nudge, customer), 9 * PART)
    assert keep_ledger(now=NOW)["dropped"] == 1  # 4; 3 holds a decision
    assert {"nudges_decision_3", "nudges_decision_9"} <= parts()
    assert not {"nudges_decision_0", "nudges_decision_4"} & parts()


def test_a_candidate_is_decided_once_says_the_database(
    workspace: Workspace, nudge: Nudge, customer: Customer
) -> None:
    decision = decide(make_nudges.candidate(nudge, customer))
    decision.pk = None
    with pytest.raises(IntegrityError, match="nudges_decision_0_pkey"), transaction.atomic():
        decision.save(force_insert=True)


def test_a_decision_is_of_a_customer_of_its_workspace_says_the_database(
    nudge: Nudge, customer: Customer
) -> None:
    decision = decide(make_nudges.candidate(nudge, customer))
    stranger = make.customer(make.workspace(), email="s@example.org")
    Decision.objects.filter(pk=decision.pk).update(customer=stranger)
    with pytest.raises(IntegrityError, match="decision_customer_in_workspace"), transaction.atomic():
        settle()
    Decision.objects.all().delete()


def held(nudge: Nudge, customer: Customer, at: datetime) -> Decision:
    """A decision of then that nothing hangs on: the customer cannot be reached."""
    return decide(make_nudges.candidate(nudge, customer, at=at), at)


def test_each_workspace_keeps_its_ledger_for_as_long_as_it_says(workspace: Workspace) -> None:
    brief = make.workspace(retention_days=30)
    left = [held(make_nudges.nudge(of), make.customer(of), NOW - 31 * DAY) for of in (workspace, brief)]
    young = held(make_nudges.nudge(brief), make.customer(brief), NOW - 29 * DAY)
    assert keep_ledger(now=NOW)["forgotten"] == 1
    assert set(Decision.objects.values_list("pk", flat=True)) == {left[0].pk, young.pk}
    assert Candidate.objects.filter(workspace=brief).count() == 1


def test_a_message_keeps_its_candidate_and_what_waits_is_kept() -> None:
    workspace = make.workspace(retention_days=30)
    nudge = make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=2000)
    make_nudges.cap(workspace, 1, per=60 * 86400)
    customer = make.customer(workspace, email="ann@example.org")
    then = NOW - 31 * DAY
    for _n in range(2):
        make_nudges.candidate(nudge, customer, at=then)
    decide_nudges(now=then)
    assert keep_ledger(now=NOW)["forgotten"] == 1
    assert Decision.objects.get(workspace=workspace).outcome == "defer"
    kept = Message.objects.get(workspace=workspace).candidate
    assert not Decision.objects.filter(candidate=kept).exists()


def test_forgetting_goes_chunk_by_chunk_to_its_limit(workspace: Workspace) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(retention_days=30)
    nudge = make_nudges.nudge(workspace)
    for _n in range(3):
        held(nudge, make.customer(workspace), NOW - 31 * DAY)
    assert keep_ledger(now=NOW, limit=2)["forgotten"] == 2
    assert keep_ledger(now=NOW)["forgotten"] == 1


def tallied() -> Counter[tuple[object, ...]]:
    total: Counter[tuple[object, ...]] = Counter()
    for tally in DecisionTally.objects.all():
        total[tally.nudge_id, tally.broadcast_id, tally.day, tally.outcome, tally.reason] += tally.n
    return +total


def counted() -> Counter[tuple[object, ...]]:
    return Counter(
        (one.nudge_id, one.broadcast_id, one.decided_at.date(), one.outcome, one.reason)
        for one in Decision.objects.all()
    )


def test_the_counts_are_those_of_the_ledger_also_when_a_decision_takes_the_place_of_another(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=200)
    make_nudges.cap(workspace, 1)
    for _n in range(3):
        make_nudges.candidate(nudge, customer)
    for hours in (0, 25, 50, 75):
        decide_nudges(now=NOW + hours * HOUR)
        assert tallied() == counted()
    assert tallied().total() == 3
    Decision.objects.filter(outcome="send").update(outcome="suppress", reason="expired")
    assert tallied() == counted()


def test_folding_leaves_one_row_for_what_is_the_same_and_changes_no_sum(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    for _n in range(3):
        decide(make_nudges.candidate(nudge, customer))
    before = tallied()
    assert fold_tallies(now=NOW)["taken"] == 3 + 3  # decisions, pushes
    assert tallied() == before
    assert DecisionTally.objects.get().n == 3
    assert PushTally.objects.get().n == 3
    assert fold_tallies(now=NOW).done == 0


def test_hours_that_no_window_reaches_are_forgotten(nudge: Nudge, customer: Customer) -> None:
    decide(make_nudges.candidate(nudge, customer))
    fold_tallies(now=NOW + 39 * DAY)
    assert PushTally.objects.exists()
    fold_tallies(now=NOW + 41 * DAY)
    assert not PushTally.objects.exists()
    assert DecisionTally.objects.exists()


def test_a_day_is_the_workspaces_own() -> None:
    workspace = make.workspace(timezone="Pacific/Kiritimati")  # 14 hours ahead
    nudge = make_nudges.nudge(workspace)
    late = NOW.replace(hour=11)
    held(nudge, make.customer(workspace), late)
    assert DecisionTally.objects.get().day == (late + timedelta(days=1)).date()
    assert counts_by_reason(workspace=workspace, since=late) == {("suppress", "unreachable"): 1}
    assert counts_by_reason(workspace=workspace, since=late + DAY) == {}


def pushes() -> int:
    return sum(PushTally.objects.values_list("n", flat=True))


def test_a_push_is_counted_until_its_slot_is_given_back_or_it_is_erased(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    for _n in range(3):
        decide(make_nudges.candidate(nudge, customer))
    decide(make_nudges.candidate(make_nudges.nudge(workspace, channels=["inbox"]), customer))
    assert pushes() == 3
    first, second, _third, _pull = Message.objects.order_by("pk")
    release_slots([first.pk])
    assert pushes() == 2
    release_slots([first.pk])
    assert pushes() == 2
    second.delete()
    assert pushes() == 1
    Message.objects.filter(pk=first.pk).delete()
    assert pushes() == 1
