"""A dry run of a broadcast to everybody beside deciding it for real: customers a second, and that nothing is written.

A million customers (CUSTOMERS=… for fewer) with ten messages of history each and the rules of bench/deciding/shop.py.
Ours is `count_dry_runs`, the real step, in one process, from the first customer to the last. The reference is the same
nudge put forward to some of them and decided by the same rules, which writes what a dry run only counts. Rows written
meanwhile in any other table than its own are an error, and so is anybody who was not looked at.
"""

from __future__ import annotations

import importlib
import os
import time
from collections import Counter
from typing import Any

from django.db import connection

from bench.deciding.putting import make_due, put_forward, start_broadcasts
from bench.deciding.shop import DECIDED_AT, Shop, make_shop
from bench.deciding.work import decide_all
from bench.measuring import Measured, say
from bench.world import settle

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
HISTORY = int(os.environ.get("HISTORY", "10"))
FOR_REAL = int(os.environ.get("FOR_REAL", "40000"))  # customers of the reference
OWN = "nudges_dryrun"


def measure() -> Measured:
    shop = make_shop(customers=CUSTOMERS, each=HISTORY)
    settle()
    written = rows_written()
    run, seconds = dry_run(shop)
    extra = {name: n for name, n in (rows_written() - written).items() if name != OWN}
    assert not extra, f"a dry run wrote {extra}"
    assert (run.looked_at, run.error) == (CUSTOMERS, ""), (run.looked_at, run.error)
    measured = Measured(CUSTOMERS / seconds, decide_for_real(shop), "customers/s")
    measured.notes |= {
        "customers": CUSTOMERS,
        "messages_of_history": CUSTOMERS * HISTORY,
        "seconds": round(seconds, 1),
        "counts": run.counts,
        "decided_at": DECIDED_AT.isoformat(),
    }
    say(f"  {measured.notes}")
    return measured


def dry_run(shop: Shop) -> tuple[Any, float]:
    """Try the second nudge ("Come back") on everybody: what was counted, and the seconds that it took."""
    dry_running = importlib.import_module("nudges.dry_running")
    began = time.perf_counter()
    run = dry_running.start_dry_run(nudge=shop.nudges[1], started_by=None, now=DECIDED_AT)
    while dry_running.count_dry_runs(now=DECIDED_AT)["taken"]:
        run.refresh_from_db()
        if run.looked_at % 100_000 == 0:
            say(f"  {run.looked_at:,} in {time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
    run.refresh_from_db()
    return run, time.perf_counter() - began


def rows_written() -> Counter[str]:
    """How many rows were inserted, changed or deleted so far, by table; a run's temporary tables are left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
        )
        return Counter({name: int(n) for name, n in cursor.fetchall()})


def decide_for_real(shop: Shop) -> float:
    """Put the same nudge forward to some of the customers, and decide: customers a second of deciding alone."""
    number = min(FOR_REAL, CUSTOMERS)
    put_forward(start_broadcasts(shop)[1:2], 1, number)
    settle()
    make_due(1, number)
    decided, seconds = decide_all()
    assert decided == number, decided
    return number / seconds
