"""Several processes infer at once while events come in: the same story as one process tells from the log afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from engagement.models import Event, Merge, Unread, Workspace
from journeys.inferring import infer_needs, lapse_needs
from journeys.models import CustomerNeed, ReadingPosition, StageChange
from tests.committed import environment_of_test_database
from tests.journeys.telling import story, told_from_nothing
from tests.make import NOW
from tests.make_journeys import need, shop

pytestmark = pytest.mark.usefixtures("committed")
USERS = 8


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.races.infer_world", *arguments],
        env=environment_of_test_database(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Let a process finish its work, and hear what it did."""
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    answer: dict[str, Any] = json.loads(said)
    return answer


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
    readers = [start("infer", str(seed)) for seed in range(3)]
    writers = [start("write", str(seed), str(USERS), "known") for seed in range(2)]
    sent = sum(end(writer)["sent"] for writer in writers)
    done = [end(reader) for reader in readers]
    assert sum(counts["events"] for counts in done) == sent == Event.objects.count()
    assert min(counts["events"] for counts in done) > 0  # all of them had their share
    assert not Unread.objects.filter(reader="journeys").exists()
    assert no_step_is_told_twice()
    lapse_needs(now=NOW)
    assert story(workspace) == told_from_nothing(workspace)


def test_merges_words_and_killed_processes_change_nothing_of_that() -> None:
    workspace = a_shop()
    readers = [start("infer", str(seed)) for seed in range(3)]
    speaker = start("speak", "1")
    writers = [start("write", str(seed), str(USERS), "visitors") for seed in range(2)]
    while not ReadingPosition.objects.exists():
        time.sleep(0.02)
    killed = 0
    while any(writer.poll() is None for writer in writers):
        time.sleep(0.3)
        victim = readers.pop(0)
        victim.kill()
        victim.communicate()
        killed += 1
        readers.append(start("infer", str(10 + killed)))
    for writer in writers:
        end(writer)
    assert end(speaker)["said"] > 0
    for reader in readers:
        end(reader)
    assert killed > 0
    assert infer_needs(now=NOW).done == 0
    assert not Merge.objects.exclude(absorbed_by=["journeys"]).exists()
    assert Merge.objects.count() > 3
    assert not CustomerNeed.objects.exclude(customer__merged_into=None).filter(closed_at=None).exists()
    assert no_step_is_told_twice()
    lapse_needs(now=NOW)
    assert story(workspace) == told_from_nothing(workspace)
