"""Decisions a second beside a bare INSERT … SELECT of the same rows, and beside one task for each recipient.

A million customers (CUSTOMERS=… for another number) with ten messages of history each over 30 days, five caps of mixed
scopes and windows, a business budget for each customer and one for the workspace, quiet hours, consents, own limits, a
holdout; four nudges compete as broadcasts. Ours is `decide_nudges` on candidates put forward before, which is timed
apart. See `bench/deciding/bare.py` for the reference and `bench/deciding/peer.py` for the other.
"""

from __future__ import annotations

import importlib
import os
import statistics
import time
from datetime import timedelta

from django.db import connection

from bench.deciding import bare
from bench.deciding.shop import NOW, Shop, make_shop
from bench.measuring import Measured, say

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
EACH = int(os.environ.get("HISTORY", "10"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
DECIDED_AT = NOW + timedelta(seconds=61)


def measure() -> Measured:
    shop = make_shop(customers=CUSTOMERS, each=EACH)
    size = min(CUSTOMERS // ROUNDS, int(os.environ.get("ROUND_SIZE", "50000"))) // 2 * 2
    bounds = [(start + 1, start + size) for start in range(0, size * ROUNDS, size)]
    spent = {"put_forward": 0.0}
    broadcasts = start_broadcasts(shop)
    for first, last in bounds:
        spent["put_forward"] += put_forward(shop, broadcasts, first, last)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) nudges_candidate, nudges_pressure")
    seconds: dict[int, float] = {}
    decided: dict[int, int] = {}

    def ours(number: int) -> float:
        first, last = bounds[number]
        with connection.cursor() as cursor:  # only this round's are due
            cursor.execute(
                "UPDATE nudges_candidate SET due_at = %s WHERE customer_id BETWEEN %s AND %s AND customer_id %% 2 = 1 "
                "AND state = 'due'",
                [DECIDED_AT, first, last],
            )
        decided[number], seconds[number] = decide_all()
        return decided[number] / seconds[number]

    def reference(number: int) -> float:
        first, last = bounds[number]
        rows = bare.stage(first, last)
        return rows / bare.insert()

    pairs = []
    for number in range(ROUNDS):
        pairs.append(
            (ours(number), reference(number))
        )  # in this order: the reference writes what ours decided
        say(f"  round {number + 1}: ours {pairs[-1][0]:,.0f}, reference {pairs[-1][1]:,.0f} decisions/s")
    measured = Measured(
        ours=statistics.median(pair[0] for pair in pairs),
        reference=statistics.median(pair[1] for pair in pairs),
        unit="decisions/s",
        rounds=pairs,
    )
    put = size * ROUNDS * len(shop.nudges)
    measured.notes |= {
        "put_forward_per_second": round(put / spent["put_forward"]),
        "decided": sum(decided.values()),
    }
    return measured


def start_broadcasts(shop: Shop) -> list[object]:
    considering = importlib.import_module("nudges.considering")
    return [
        considering.start_broadcast(nudge=nudge, started_by=None, now=NOW, not_after=NOW + timedelta(days=3))
        for nudge in shop.nudges
    ]


def put_forward(shop: Shop, broadcasts: list[object], first: int, last: int) -> float:
    """Put all four forward to these customers, in the chunks of the step; due far in the future. Returns seconds."""
    forwarding = importlib.import_module("nudges.considering.forwarding")
    began = time.perf_counter()
    for broadcast, nudge in zip(broadcasts, shop.nudges, strict=True):
        for start in range(first, last + 1, 1000):
            asked = [
                forwarding.Asked(customer_id, f"broadcast:{broadcast.pk}")
                for customer_id in range(start, min(start + 1000, last + 1))
            ]
            forwarding.forward(nudge=nudge, asked=asked, now=NOW, broadcast=broadcast, checked=True)
    spent = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nudges_candidate SET due_at = %s WHERE state = 'due'", [NOW + timedelta(days=2)]
        )
    return spent


def decide_all() -> tuple[int, float]:
    deciding = importlib.import_module("nudges.deciding")
    began, total = time.perf_counter(), 0
    while counts := deciding.decide_nudges(now=DECIDED_AT):
        if not counts["decided"]:
            break
        total += counts["decided"]
    return total, time.perf_counter() - began


if __name__ == "__main__":
    say("run `python -m bench decide`")
