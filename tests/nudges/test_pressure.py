"""A slot is given back when nothing reached the customer, and only then."""

from __future__ import annotations

import pytest

from engagement.models import Customer, Workspace
from nudges.models import Message, Nudge, Pressure
from nudges.pressure import release_slots
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import HOUR, became

pytestmark = pytest.mark.django_db


def test_what_reached_nobody_stops_counting(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 2)
    kept, failed = (make_nudges.sent(nudge, customer, at=NOW - hours * HOUR) for hours in (3, 2))
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "capped")
    assert release_slots([failed.pk]) == 1
    pressure = Pressure.objects.get(customer=customer)
    assert (pressure.message_ids, pressure.sent_at, pressure.channels) == (
        [kept.pk],
        [kept.decided_at],
        ["email"],
    )
    assert not Message.objects.get(pk=failed.pk).counts
    assert became(make_nudges.candidate(nudge, customer)) == ("send", "sent")


def test_giving_back_twice_gives_back_once(customer: Customer, nudge: Nudge) -> None:
    first, second = (make_nudges.sent(nudge, customer, at=NOW) for _n in range(2))
    assert release_slots([first.pk, first.pk]) == 1
    assert release_slots([first.pk]) == 0
    assert Pressure.objects.get(customer=customer).message_ids == [second.pk]


def test_giving_back_nothing_is_nothing(customer: Customer) -> None:
    assert release_slots([]) == 0
    assert release_slots([987654]) == 0


def test_a_whole_batch_at_once_touches_nobody_else(workspace: Workspace, nudge: Nudge) -> None:
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(4)]
    messages = [make_nudges.sent(nudge, person, at=NOW) for person in people]
    assert release_slots([messages[0].pk, messages[2].pk]) == 2
    left = [len(Pressure.objects.get(customer=person).message_ids) for person in people]
    assert left == [0, 1, 0, 1]
