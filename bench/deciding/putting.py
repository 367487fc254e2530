"""Putting the shop's four nudges forward as broadcasts, timed apart from deciding."""

from __future__ import annotations

import importlib
import time
from datetime import timedelta
from typing import Any

from django.db import connection

from bench.deciding.shop import DECIDED_AT, NOW, Shop
from bench.world import raw_connection

LATER = NOW + timedelta(days=2)  # beyond the look-ahead


def start_broadcasts(shop: Shop) -> list[Any]:
    """A broadcast for each nudge. The step that puts forward to everybody is not run: whom is chosen here."""
    considering = importlib.import_module("nudges.considering")
    return [
        considering.start_broadcast(nudge=nudge, started_by=None, now=NOW, not_after=NOW + timedelta(days=3))
        for nudge in shop.nudges
    ]


def put_forward(broadcasts: list[Any], first: int, last: int) -> float:
    """Put all nudges forward to the customers from `first` to `last`, in the chunks of the step, due later.

    Returns the seconds that it took.
    """
    forwarding = importlib.import_module("nudges.considering.forwarding")
    began = time.perf_counter()
    for broadcast in broadcasts:
        for start in range(first, last + 1, 1000):
            asked = [
                forwarding.Asked(customer_id, f"broadcast:{broadcast.pk}")
                for customer_id in range(start, min(start + 1000, last + 1))
            ]
            forwarding.forward(nudge=broadcast.nudge, asked=asked, now=NOW, broadcast=broadcast, checked=True)
    spent = time.perf_counter() - began
    set_due(LATER, first, last)
    return spent


def set_due(at: Any, first: int, last: int, *, odd_only: bool = False) -> None:
    """When the candidates of these customers are due; `odd_only` leaves out every other customer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nudges_waiting SET due_at = %s WHERE customer_id BETWEEN %s AND %s "
            "AND (customer_id %% 2 = 1 OR NOT %s)",
            [at, first, last, odd_only],
        )


def make_due(first: int, last: int, *, odd_only: bool = False) -> None:
    """Have them decided by the next run.

    What is put forward is due from the first on; that it was written once more here must leave nothing to walk past.
    """
    set_due(DECIDED_AT, first, last, odd_only=odd_only)
    with raw_connection() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM nudges_waiting")
