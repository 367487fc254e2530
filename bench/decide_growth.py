"""Decisions a second with a hundred times the customers, and with ten times the history: neither should matter.

Ours: a million customers (CUSTOMERS=… for fewer) with ten messages of history each. The reference: ten thousand
customers with as many each; the ratio should be at least 1 / 1.2. In the notes, the million of whom one in ten has a
history, those who are decided among them: a tenth of the rows, and as much to count.
"""

from __future__ import annotations

import os
import statistics

from bench.deciding.putting import make_due, put_forward, start_broadcasts
from bench.deciding.shop import make_shop
from bench.deciding.work import decide_all
from bench.measuring import Measured, say
from bench.world import make_world, settle

MANY = int(os.environ.get("CUSTOMERS", "1000000"))
FEW = 10_000
ROUNDS, PER_ROUND = 5, 2_000


def measure() -> Measured:
    few = decisions_per_second(FEW, 10)
    make_world()
    short = decisions_per_second(MANY, 10, share=10)
    make_world()
    long = decisions_per_second(MANY, 10)
    measured = Measured(
        ours=statistics.median(long),
        reference=statistics.median(few),
        unit="decisions/s",
        rounds=list(zip(long, few, strict=True)),
    )
    measured.notes |= {
        "customers": MANY,
        "cost_beside_ten_thousand_customers": round(measured.reference / measured.ours, 3),
        "with_a_tenth_of_the_history": round(statistics.median(short)),
        "cost_of_ten_times_the_history": round(statistics.median(short) / measured.ours, 3),
    }
    say(f"  {measured.notes}")
    return measured


def decisions_per_second(customers: int, history: int, *, share: int = 1) -> list[float]:
    """Rounds of deciding four nudges for 2,000 of so many customers, spread over all of them."""
    shop = make_shop(customers=customers, each=history, share=share)
    broadcasts = start_broadcasts(shop)
    starts = [number * (customers // ROUNDS) + 1 for number in range(ROUNDS)]
    for first in starts:
        put_forward(broadcasts, first, first + PER_ROUND - 1)
    settle()
    rates = []
    for first in starts:
        make_due(first, first + PER_ROUND - 1)
        decided, seconds = decide_all()
        rates.append(decided / seconds)
    say(
        f"  {customers:,} customers, {history} each, one in {share}: {[round(rate) for rate in rates]} decisions/s"
    )
    return rates
