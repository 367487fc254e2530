"""Two customers found to be one: what had been sent to either counts for both, and nothing is decided before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Customer, Merge, Workspace
from nudges.deciding import absorb_merges, decide_nudges
from nudges.models import Candidate, Decision, Message, Nudge, Preference, Pressure, Reply
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, became, read

pytestmark = pytest.mark.django_db
CAPPED = ("suppress", "capped")


@pytest.fixture
def ghost(workspace: Workspace) -> Customer:
    return make.customer(workspace, email="ghost@example.org")


def merge(source: Customer, target: Customer, **fields: Any) -> Merge:
    source.merged_into = target
    source.save()
    return Merge.objects.create(
        workspace=source.workspace, source=source, target=target, cause="alias", at=NOW, **fields
    )


def test_nothing_is_decided_before_the_rows_are_joined(
    workspace: Workspace, customer: Customer, ghost: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, ghost, at=NOW - HOUR)
    candidate = make_nudges.candidate(nudge, customer)
    merge(ghost, customer)
    assert decide_nudges(now=NOW) == {}
    assert absorb_merges(now=NOW) == {"taken": 1}
    assert became(candidate) == CAPPED


def test_others_need_not_wait_for_a_merge(
    workspace: Workspace, customer: Customer, ghost: Customer, nudge: Nudge
) -> None:
    merge(ghost, customer)
    made = make_nudges.candidate(nudge, make.customer(workspace, email="other@example.org"))
    make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    assert read(made) == ("send", "sent")
    assert Decision.objects.count() == 1


def test_everything_moves_and_pressure_is_joined_in_order(
    workspace: Workspace, customer: Customer, ghost: Customer, nudge: Nudge
) -> None:
    sent = [
        make_nudges.sent(nudge, who, at=NOW - hours * HOUR)
        for who, hours in ((customer, 1), (ghost, 2), (customer, 3), (ghost, 4))
    ]
    Reply.objects.create(workspace=workspace, message=sent[1], customer=ghost, kind="helpful", at=NOW)
    waiting = make_nudges.candidate(nudge, ghost)
    record = merge(ghost, customer, absorbed_by=["journeys"])
    absorb_merges(now=NOW)
    record.refresh_from_db()
    assert record.absorbed_by == ["journeys", "nudges"]
    for table in (Candidate, Decision, Message, Reply):
        assert not table.objects.filter(customer=ghost).exists()
    pressure = Pressure.objects.get(customer=customer)
    assert pressure.message_ids == [message.pk for message in sent]
    assert pressure.sent_at == [message.decided_at for message in sent]
    assert Pressure.objects.get(customer=ghost).message_ids == []
    moved = Message.objects.get(pk=sent[1].pk)
    assert (moved.moved_from, moved.moved_at) == (ghost.pk, NOW)
    assert became(waiting) == ("send", "sent")
    assert Message.objects.get(candidate=waiting).customer == customer


def test_absorbing_twice_changes_nothing(customer: Customer, ghost: Customer, nudge: Nudge) -> None:
    make_nudges.sent(nudge, ghost, at=NOW)
    merge(ghost, customer)
    absorb_merges(now=NOW)
    before = Pressure.objects.get(customer=customer).message_ids
    assert absorb_merges(now=NOW) == {}
    assert Pressure.objects.get(customer=customer).message_ids == before


def test_a_chain_of_merges_ends_at_the_last(
    customer: Customer, ghost: Customer, workspace: Workspace, nudge: Nudge
) -> None:
    last = make.customer(workspace, email="last@example.org")
    message = make_nudges.sent(nudge, ghost, at=NOW)
    second = merge(customer, last)
    merge(ghost, customer)
    assert absorb_merges(now=NOW) == {"taken": 2}
    message.refresh_from_db()
    assert (message.customer, message.moved_from) == (last, ghost.pk)
    assert Pressure.objects.get(customer=last).message_ids == [message.pk]
    second.refresh_from_db()
    assert second.absorbed_by == ["nudges"]


@pytest.mark.parametrize("decided", [[], ["theirs"], ["ours"], ["theirs", "ours"]])
def test_put_forward_to_both_on_one_occasion_one_is_left_undecided_at_most(
    customer: Customer, ghost: Customer, nudge: Nudge, decided: list[str]
) -> None:
    later = NOW + DAY
    made = {
        name: make_nudges.candidate(
            nudge, who, occasion="broadcast:1", due_at=NOW if name in decided else later
        )
        for name, who in (("theirs", ghost), ("ours", customer))
    }
    decide_nudges(now=NOW)
    merge(ghost, customer)
    absorb_merges(now=NOW)
    left = Candidate.objects.filter(customer=customer)
    assert left.count() == max(len(decided), 1)
    assert left.exclude(waiting=None).count() == (0 if decided else 1)
    assert set(left.filter(waiting=None)) == {made[name] for name in decided}
    assert not Candidate.objects.filter(customer=ghost).exists()


def test_the_later_word_on_limits_stays_and_a_pause_of_either_holds(
    workspace: Workspace, customer: Customer, ghost: Customer
) -> None:
    Preference.objects.create(
        workspace=workspace, customer=customer, max_per_week=5, paused_until=NOW + DAY, updated_at=NOW
    )
    Preference.objects.create(
        workspace=workspace, customer=ghost, max_per_week=2, updated_at=NOW + timedelta(hours=1)
    )
    merge(ghost, customer)
    absorb_merges(now=NOW)
    [preference] = Preference.objects.all()
    assert (preference.customer, preference.max_per_week, preference.paused_until) == (customer, 2, NOW + DAY)
