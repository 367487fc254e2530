"""Small requests that come at once are taken together: each is answered, and nobody suffers from another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from engagement.events import IncomingEvent
from engagement.ingesting import Ingested, grouping, ingest_together
from engagement.models import Event, Workspace
from tests import make
from tests.races.workers import wait_until

pytestmark = pytest.mark.usefixtures("committed")

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def event(message_id: str, **fields: Any) -> IncomingEvent:
    defaults = {"type": "track", "name": "Click", "occurred_at": NOW, "user_id": "ada"}
    return IncomingEvent(**(defaults | {"message_id": message_id} | fields))


class Crowd:
    """Requests sent while the first one is held up, so that they gather."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workspace = workspace
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.really: Callable[..., Ingested] = grouping.ingest_events
        monkeypatch.setattr(grouping, "ingest_events", self.take)

    def take(self, *, events: Sequence[IncomingEvent], **how: Any) -> Ingested:
        self.sizes.append(len(events))
        if len(self.sizes) == 1:
            self.gate.wait(60)
        return self.really(events=events, **how)

    def send(self, *batches: Sequence[IncomingEvent]) -> list[Future[Ingested]]:
        with ThreadPoolExecutor(len(batches)) as pool:
            futures = []
            for before, batch in enumerate(batches):
                futures.append(pool.submit(self.one, batch))
                wait_until(lambda before=before: len(self.sizes) == 1 and self.gathered() == before)
            self.gate.set()
            for future in futures:
                future.exception(timeout=60)
        return futures

    def gathered(self) -> int:
        """How many requests wait behind the one that is held up."""
        return sum(len(waiting) for waiting in grouping._waiting.values())

    def one(self, events: Sequence[IncomingEvent]) -> Ingested:
        try:
            return ingest_together(
                workspace_id=self.workspace.id, events=events, received_at=NOW, source="tracking"
            )
        finally:
            connection.close()


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    return Crowd(make.workspace(), monkeypatch)


def test_those_who_wait_are_taken_together(crowd: Crowd) -> None:
    done = crowd.send(*[[event(f"m{n}")] for n in range(10)])
    assert crowd.sizes == [1, 9]
    assert all(future.exception() is None for future in done)
    assert Event.objects.count() == 10
    assert not grouping._waiting


def test_a_lone_request_waits_for_nobody(crowd: Crowd) -> None:
    crowd.gate.set()
    began = time.monotonic()
    crowd.one([event("m1")])
    assert time.monotonic() - began < 20
    assert (crowd.sizes, grouping._waiting) == ([1], {})


def test_a_large_request_does_not_queue(crowd: Crowd) -> None:
    crowd.gate.set()
    crowd.one([event(f"m{n}") for n in range(grouping.SMALL + 1)])
    assert (crowd.sizes, grouping._waiting) == ([grouping.SMALL + 1], {})


def test_a_group_has_its_bounds(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_TOGETHER", 3)
    crowd.send(*[[event(f"m{n}")] for n in range(8)])
    assert crowd.sizes == [1, 3, 3, 1]
    assert Event.objects.count() == 8


def test_what_cannot_be_stored_costs_only_its_sender(crowd: Crowd) -> None:
    bad = event("bad", properties={"text": "\0"})
    done = crowd.send([event("m1")], [event("m2")], [bad], [event("m3")])
    assert [type(future.exception()) for future in done] == [type(None), type(None), DataError, type(None)]
    assert set(Event.objects.values_list("message_id", flat=True)) == {"m1", "m2", "m3"}
    assert not grouping._waiting


def test_when_the_store_is_away_everybody_hears_so(crowd: Crowd) -> None:
    def fail(**_: Any) -> Ingested:
        raise OperationalError("gone")

    crowd.really = fail
    done = crowd.send([event("m1")], [event("m2")], [event("m3")])
    assert [type(future.exception()) for future in done] == [OperationalError] * 3
    assert not grouping._waiting


def test_who_has_waited_too_long_withdraws_and_holds_up_nobody(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "LONGEST_WAIT", 0.1)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(crowd.one, [event("m1")])
        wait_until(lambda: crowd.sizes == [1])
        second = pool.submit(crowd.one, [event("m2")])
        assert isinstance(second.exception(timeout=60), OperationalError)
        crowd.gate.set()
        assert first.result(timeout=60).accepted == 1
        assert pool.submit(crowd.one, [event("m3")]).result(timeout=60).accepted == 1
    assert set(Event.objects.values_list("message_id", flat=True)) == {"m1", "m3"}
    assert not grouping._waiting


def test_workspaces_do_not_wait_for_each_other(crowd: Crowd) -> None:
    other = make.workspace()
    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(crowd.one, [event("m1")])
        wait_until(lambda: crowd.sizes == [1])
        ingest_together(workspace_id=other.id, events=[event("m1")], received_at=NOW, source="tracking")
        assert Event.objects.filter(workspace=other).count() == 1
        assert not held.done()
        crowd.gate.set()
        held.result(timeout=60)
