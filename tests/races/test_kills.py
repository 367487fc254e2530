"""Worker, clock and database are killed while a real client tracks and messages go out: nothing is lost or doubled."""

from __future__ import annotations

import itertools
import random
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from segment.analytics import Client

from config.local.demo import is_reached
from tests.races.kill_world import CAP
from tests.races.world import World, settled

CUSTOMERS = 150
KILLS = 9


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
