"""Worker, clock and database are killed while a real client tracks and messages go out: nothing is lost or doubled."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from segment.analytics import Client

from config.local import services
from config.local.demo import is_reached, web
from config.local.postgres import Postgres
from config.local.processes import Child, Children
from config.local.redis import wait_until
from config.local.state import State, free_port
from tests.races.kill_world import CAP

CUSTOMERS = 150
KILLS = 9
PYTHON = [sys.executable, "-m"]


class World:
    """An installation of its own, with durable services, that can be killed part by part."""

    def __init__(self, state: State, environment: dict[str, str], outbox: Path) -> None:
        smtp, self.port = free_port(), free_port()
        self.state, self.outbox = state, outbox
        self.environment = environment | {
            "BASE_URL": f"http://127.0.0.1:{self.port}",
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
            "STATIC_ROOT": str(outbox.parent / "static"),
            "DEBUG": "1",
            "LOG_LEVEL": "WARNING",
        }
        celery = [*PYTHON, "celery", "-A", "config"]
        commands = {
            "mail": [*PYTHON, "demo.mailbox", "--smtp-port", str(smtp), "--dir", str(outbox)],
            "web": web(self.port),
            "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-gossip"],
            "clock": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(outbox.parent / "clock")],
        }
        self.children = Children(
            [Child(name, command, self.environment) for name, command in commands.items()]
        )

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, what: str) -> dict[str, Any]:
        """What a function of `kill_world` returns inside this installation."""
        asked = f"import json; from tests.races import kill_world; print(json.dumps(kill_world.{what}()))"
        said = self.manage("manage.py", "shell", "--no-imports", "--command", asked)
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
        return answer

    def kill(self, name: str) -> None:
        if name == "postgres":
            pid = Postgres(self.state).pid()
            assert pid
            os.kill(pid, signal.SIGKILL)
            assert wait_until(lambda: services.revive(self.state, "demo"), seconds=30)
            return
        next(child for child in self.children.children if child.name == name).signal(signal.SIGKILL)

    def letters(self) -> Counter[str]:
        """How often each dispatch id was accepted by the SMTP peer."""
        ids = (message_from_bytes(path.read_bytes())["Message-ID"] for path in self.outbox.glob("*.eml"))
        return Counter(id.strip("<>").split("@")[0] for id in ids)


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path_factory.mktemp("kills")
    state = State(folder / "state")
    with services.services(state, "demo") as environment:
        made = World(state, environment, folder / "outbox")
        made.manage("manage.py", "migrate", "--verbosity", "0")
        try:
            yield made
        finally:
            made.children.end()


def visit(client: Client, number: int) -> int:
    """One customer looks round for two needs; returns the number of calls."""
    user, now = f"customer-{number}", datetime.now(UTC)
    client.identify(user, {"email": f"{user}@kills.example"}, timestamp=now)
    calls = [
        (event, {"product_id": f"{need}-{sku}", "category": need})
        for need in ("tents", "boots")
        for event, sku in [
            ("Product Viewed", 1),
            ("Product Viewed", 2),
            ("Product Added to Wishlist", 1),
            ("Product Added", 2),
        ]
    ]
    for event, properties in calls:
        client.track(user, event, properties, timestamp=now)
    return 1 + len(calls)


@pytest.mark.timeout(420)
def test_kills_during_a_replay_lose_nothing_double_nothing_and_exceed_no_cap(world: World) -> None:
    made = world.ask("make")
    assert world.children.tend_until(lambda: is_reached(f"http://127.0.0.1:{world.port}/healthz"), seconds=60)
    errors: list[Any] = []
    client = Client(
        made["write_key"],
        host=f"http://127.0.0.1:{world.port}",
        max_queue_size=100_000,
        on_error=lambda error, items: errors.append(error),
    )
    chance = random.Random(7)
    victims = itertools.cycle(chance.sample(["worker", "clock", "postgres"], 3))
    tracked = 0
    for number in range(CUSTOMERS):
        tracked += visit(client, number)
        if number % (CUSTOMERS // KILLS) == CUSTOMERS // KILLS - 1:
            time.sleep(chance.uniform(0.5, 1.5))
            world.kill(next(victims))
        world.children.tend()
        time.sleep(0.05)
    world.children.tend_until(lambda: client.queue.empty(), seconds=60)
    client.join()
    assert errors == []
    world.ask("broadcast")
    world.kill("worker")

    counts = settled(world)
    assert counts["events"] == counts["event_ids"] == tracked
    assert counts["candidates"] == counts["decisions"] == sum(counts["by_outcome"].values())
    assert counts["by_outcome"]["send"] == sum(counts["messages"].values())
    assert (
        counts["by_outcome"]["send"] == CUSTOMERS * CAP
    )  # four nudges and a broadcast wanted two slots each
    assert counts["most_for_one_customer"] <= CAP
    world.manage("manage.py", "audit_caps")

    letters = world.letters()
    assert max(letters.values()) == 1  # nothing doubled
    assert set(counts["sent"]) <= set(letters)  # nothing said to be sent that was not
    # What was being sent when a process died may have gone out or not; the ledger says "not known", and so it must be.
    assert set(letters) <= set(counts["sent"]) | set(counts["unknown"])
    assert len(counts["unknown"]) <= CUSTOMERS * CAP // 10
    assert set(counts["messages"]) <= {"sent", "unknown"}


def settled(world: World, *, seconds: float = 240) -> dict[str, Any]:
    """The counts once nothing is waiting any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        world.children.tend_until(lambda: False, seconds=3)
        counts = world.ask("count")
        waiting = counts["messages"].get("decided", 0) + counts["messages"].get("claimed", 0)
        if (
            not (counts["unread"] or counts["changes_waiting"] or counts["due"] or waiting)
            and counts["candidates"]
        ):
            return counts
    pytest.fail(f"not settled after {seconds} s: {counts}")
