"""How soon a service message is claimed for sending while a million customers are being broadcast to.

Two workers run the real tasks (consider, decide, send) as the clock has them run, in processes of their own, on four
broadcasts to everybody (CUSTOMERS=… for fewer than a million) in one workspace. Meanwhile a service nudge is put
forward to one customer after the other, in that workspace and in another in turn, and the time until its message is
claimed is taken from the database. Ours is the 99th percentile of the broadcast, the reference that of the same without
one, in milliseconds: lower is better, 2,000 is promised.
"""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from bench.deciding.shop import Shop, make_shop
from bench.measuring import Measured, say

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
ASKED, PAUSE = 150, 0.1


def measure() -> Measured:
    shop = make_shop(customers=CUSTOMERS, each=1)
    world = importlib.import_module("engagement.models")
    lift_quiet_hours()
    other = world.Workspace.objects.create(name="Other", slug="other", holdout_percent=0)
    services = [make_service(workspace) for workspace in (shop.workspace, other)]
    people = [list(range(1, ASKED + 1)), make_people(world, other)]
    with workers():
        latencies(services, people, "start")  # the workers have come up
        alone = latencies(services, people, "alone")
        broadcast_to_all(shop)
        before = decided(shop)
        busy = latencies(services, people, "broadcast")
        meanwhile = decided(shop) - before
    assert meanwhile, "nothing of the broadcasts was decided while service messages were asked for"
    measured = Measured(ours=p99(busy), reference=p99(alone), unit="ms (lower is better)")
    measured.notes |= {
        "customers": CUSTOMERS,
        "p50": round(statistics.median(busy)),
        "slowest": round(max(busy)),
        "p50_without_broadcast": round(statistics.median(alone)),
        "decided_meanwhile": meanwhile,
        "promise_of_2000_ms": "kept" if p99(busy) <= 2000 else "BROKEN",
    }
    say(f"  {measured.notes}")
    return measured


def broadcast_to_all(shop: Shop) -> None:
    """Start the four, and wait until their collecting time is over and they are being decided."""
    considering, now = importlib.import_module("nudges.considering"), timezone.now()
    for nudge in shop.nudges:
        considering.start_broadcast(nudge=nudge, started_by=None, now=now, not_after=now + timedelta(days=1))
    while not decided(shop):
        assert timezone.now() < now + timedelta(minutes=5), "no broadcast is being decided"
        time.sleep(1)


def decided(shop: Shop) -> int:
    """How many decisions there are about the broadcasts."""
    return int(
        importlib.import_module("nudges.models").Decision.objects.filter(nudge__in=shop.nudges).count()
    )


def p99(milliseconds: list[float]) -> float:
    return statistics.quantiles(milliseconds, n=100)[98]


def lift_quiet_hours() -> None:
    """So that the answer does not depend on the time of day at which this runs."""
    importlib.import_module("nudges.models").Policy.objects.update(quiet_start=None, quiet_end=None)


def make_service(workspace: Any) -> Any:
    """A service nudge by e-mail, with words."""
    world, nudges = importlib.import_module("engagement.models"), importlib.import_module("nudges.models")
    category, _ = world.Category.objects.get_or_create(
        workspace=workspace, slug="orders", defaults={"name": "Orders", "opt_in": False}
    )
    nudge = nudges.Nudge.objects.create(
        workspace=workspace,
        name="Your order",
        promise="service",
        interest="customer",
        category=category,
        channels=["inbox"],
        trigger="api",
        status="active",
    )
    nudges.NudgeContent.objects.create(
        workspace=workspace, nudge=nudge, channel="inbox", subject="Your order", body="It is on its way."
    )
    return nudge


def make_people(world: Any, workspace: Any) -> list[int]:
    now = timezone.now()
    return [
        world.Customer.objects.create(
            workspace=workspace, external_id=f"o{n}", first_seen_at=now, last_seen_at=now
        ).pk
        for n in range(ASKED)
    ]


def latencies(services: list[Any], people: list[list[int]], run: str) -> list[float]:
    """Put service nudges forward one by one; the milliseconds until each message was claimed."""
    put_forward = importlib.import_module("nudges.considering").put_forward
    asked: dict[int, Any] = {}
    for number in range(ASKED):
        which = number % 2
        now = timezone.now()
        put_forward(
            nudge=services[which], customer_ids=[people[which][number]], occasion=f"api:{run}", now=now
        )
        asked[people[which][number]] = now
        time.sleep(PAUSE)
    return [wait_for(customer, run, since) for customer, since in asked.items()]


def wait_for(customer: int, run: str, since: Any) -> float:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT m.claimed_at FROM nudges_message AS m JOIN nudges_candidate AS c ON c.id = m.candidate_id "
                "WHERE c.customer_id = %s AND c.occasion = %s AND m.claimed_at IS NOT NULL",
                [customer, f"api:{run}"],
            )
            found = cursor.fetchone()
        if found:
            return float((found[0] - since).total_seconds() * 1000)
        time.sleep(0.05)
    return 60_000.0


@contextmanager
def workers() -> Iterator[None]:
    """Two processes that do what the clock's wake-ups have workers do."""
    running = [subprocess.Popen([sys.executable, "-m", "bench.deciding.loop"]) for _ in range(2)]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
            process.wait(60)
