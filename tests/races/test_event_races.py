"""Two schedulers, workers killed meanwhile: each event still starts its nudge once."""

from __future__ import annotations

import os
import time

import pytest

from engagement.models import Unread
from nudges.considering.listening import READER
from nudges.models import Candidate, Decision, Entry, Message, Waiting
from tests import make
from tests.nudges.test_considering_events import happen, starting
from tests.races.start_nudges import schedule
from tests.races.workers import Worker

pytestmark = pytest.mark.usefixtures("committed")
CUSTOMERS, KILLS = (600, 40) if os.environ.get("RACES") == "long" else (25, 3)
EACH = 3


def test_every_event_starts_its_nudge_once_whoever_dies() -> None:
    workspace = make.workspace()
    nudge = starting(workspace, trigger_delay_seconds=0)
    customers = [make.customer(workspace, email=f"{n}@example.org") for n in range(CUSTOMERS)]
    for customer in customers:
        happen(customer)
    schedulers = [Worker(schedule) for _ in range(2)]
    for _round in range(EACH - 1):
        for customer in customers:
            happen(customer)
    for _kill in range(KILLS):
        victim = Worker(schedule)
        while not Entry.objects.exists():
            time.sleep(0.02)
        time.sleep(0.05)  # somewhere in its work, wherever that is
        assert victim.kill()
    for scheduler in schedulers:
        scheduler.go()
        assert scheduler.end() == 0

    assert not Unread.objects.filter(reader=READER).exists()
    assert not Waiting.objects.exists()
    assert Entry.objects.filter(state="done").count() == Entry.objects.count() == CUSTOMERS * EACH
    occasions = Candidate.objects.values_list("customer", "nudge", "occasion")
    assert len(occasions) == len(set(occasions)) == CUSTOMERS * EACH
    assert {one.candidate_id for one in Entry.objects.all()} == set(
        Candidate.objects.values_list("pk", flat=True)
    )
    sent = set(Decision.objects.filter(outcome="send").values_list("candidate", flat=True))
    assert set(Message.objects.values_list("candidate", flat=True)) == sent
    assert Decision.objects.filter(nudge=nudge).count() == len(sent) == CUSTOMERS * EACH
