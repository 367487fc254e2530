"""Several processes infer at once while events come in: the same story as one process tells from the log afterwards."""

from __future__ import annotations

import time

import pytest

from engagement.models import Event, Merge, Unread, Workspace
from journeys.inferring import infer_needs, lapse_needs
from journeys.models import CustomerNeed, ReadingPosition, StageChange
from tests.journeys.telling import story, told_from_nothing
from tests.make import NOW
from tests.make_journeys import need, shop
from tests.races.infer_world import infer, speak, write
from tests.races.workers import Worker

pytestmark = pytest.mark.usefixtures("committed")
USERS = 8


def all_told(workers: list[Worker]) -> list[dict[str, int]]:
    """Let workers finish, and hear what they did."""
    for worker in workers:
        worker.go()
    return [worker.answer() for worker in workers]


def a_shop() -> Workspace:
    workspace = shop()
    need(workspace, "hats")
    return workspace


def no_step_is_told_twice() -> bool:
    steps = StageChange.objects.filter(superseded_at=None).values_list(
        "customer_id", "customer_need__need_id", "customer_need__sequence", "at", "to_stage"
    )
    return len(steps) == len(set(steps)) > 20


def test_three_processes_read_every_event_once_and_tell_what_one_would() -> None:
    workspace = a_shop()
    readers = [Worker(infer, seed) for seed in range(3)]
    writers = [Worker(write, seed, USERS, False) for seed in range(2)]
    sent = sum(writer.answer()["sent"] for writer in writers)
    done = all_told(readers)
    assert sum(counts["events"] for counts in done) == sent == Event.objects.count()
    assert sum(counts["events"] > 0 for counts in done) > 1  # they shared the work
    assert not Unread.objects.filter(reader="journeys").exists()
    assert no_step_is_told_twice()
    lapse_needs(now=NOW)
    assert story(workspace) == told_from_nothing(workspace)


def test_merges_words_and_killed_processes_change_nothing_of_that() -> None:
    workspace = a_shop()
    readers = [Worker(infer, seed) for seed in range(3)]
    speaker = Worker(speak, 1)
    writers = [Worker(write, seed, USERS, True) for seed in range(2)]
    while not ReadingPosition.objects.exists():
        time.sleep(0.02)
    killed = 0
    while not killed or any(writer.process.is_alive() for writer in writers):
        time.sleep(0.3)
        killed += readers.pop(0).kill()
        readers.append(Worker(infer, 10 + killed))
    for writer in writers:
        writer.answer()
    [spoken] = all_told([speaker])
    assert spoken["said"] > 0
    all_told(readers)
    assert killed > 0
    assert infer_needs(now=NOW).done == 0
    assert not Merge.objects.exclude(absorbed_by=["journeys"]).exists()
    assert Merge.objects.count() > 3
    assert not CustomerNeed.objects.exclude(customer__merged_into=None).filter(closed_at=None).exists()
    assert no_step_is_told_twice()
    lapse_needs(now=NOW)
    assert story(workspace) == told_from_nothing(workspace)
