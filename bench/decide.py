"""Decisions a second beside a bare INSERT … SELECT of the same rows, and beside one unit of work for each recipient.

A million customers (CUSTOMERS=… for fewer) with ten messages of history each over 30 days, five caps of mixed scopes
and windows, a business budget for each customer and one for the workspace, quiet hours, consents, own limits, a
holdout; four nudges compete as broadcasts. Ours is `decide_nudges`, the real step, in one process on candidates put
forward before; that is timed apart. The reference (bench/deciding/bare.py) writes the rows that ours has just written
once more for others. Then four workers of ours at once, and four broadcasts at once by the per-recipient pattern
(bench/deciding/peer.py), whose messages over a cap are counted by the same audit.
"""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import sys
from typing import Any

from bench.deciding import bare, peer
from bench.deciding.putting import make_due, put_forward, start_broadcasts
from bench.deciding.shop import DECIDED_AT, Shop, make_shop
from bench.deciding.work import decide_all
from bench.measuring import Measured, say
from bench.world import settle

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
HISTORY = int(os.environ.get("HISTORY", "10"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
PER_ROUND = int(os.environ.get("PER_ROUND", "40000"))  # customers, of whom ours decides for half
PEER = 500  # customers of the peer alone
AT_ONCE = 2_000  # customers of four workers, and of four broadcasts of the peer


def measure() -> Measured:
    shop = make_shop(customers=CUSTOMERS, each=HISTORY)
    per_round = min(PER_ROUND, (CUSTOMERS - PEER - 2 * AT_ONCE) // ROUNDS // 2 * 2)
    broadcasts = start_broadcasts(shop)
    used = per_round * ROUNDS + PEER + 2 * AT_ONCE
    seconds = put_forward(broadcasts, 1, used)
    settle()
    pairs = [compare(first, first + per_round - 1) for first in range(1, per_round * ROUNDS, per_round)]
    measured = Measured(
        ours=statistics.median(pair[0] for pair in pairs),
        reference=statistics.median(pair[1] for pair in pairs),
        unit="decisions/s",
        rounds=pairs,
    )
    measured.notes |= {
        "customers": CUSTOMERS,
        "messages_of_history": CUSTOMERS * HISTORY,
        "put_forward_per_second": round(used * len(broadcasts) / seconds),
        **beside_peer(shop, measured.ours, per_round * ROUNDS),
    }
    say(f"  {measured.notes}")
    return measured


def compare(first: int, last: int) -> tuple[float, float]:
    """Ours for every other customer of this range, then its rows once more for the rest: decisions/s of each."""
    make_due(first, last, odd_only=True)
    decided, seconds = decide_all()
    rows = bare.stage(first, last)
    pair = (decided / seconds, rows / bare.insert())
    say(f"  ours {pair[0]:,.0f}, reference {pair[1]:,.0f} decisions/s, load {os.getloadavg()[0]:.1f}")
    return pair


def beside_peer(shop: Shop, ours: float, done: int) -> dict[str, Any]:
    """The peer one by one; then four of either at once, and what the audit finds of each."""
    alone = (
        PEER
        * len(shop.nudges)
        / sum(peer.decide_for(nudge.pk, done + 1, done + PEER) for nudge in shop.nudges)
    )
    first = done + PEER + 1
    make_due(first, first + AT_ONCE - 1)
    ours_at_once = at_once([("bench.deciding.work",)] * 4, AT_ONCE * len(shop.nudges))
    second = first + AT_ONCE
    ranges = [("bench.deciding.peer", nudge.pk, second, second + AT_ONCE - 1) for nudge in shop.nudges]
    peer_at_once = at_once(ranges, AT_ONCE * len(shop.nudges))
    broken = [one.customer_id for one in importlib.import_module("nudges.audits").find_violations()]
    return {
        "peer_alone_per_second": round(alone, 1),
        "times_the_peer": round(ours / alone, 1),
        "four_workers_of_ours_per_second": round(ours_at_once),
        "four_broadcasts_of_the_peer_per_second": round(peer_at_once),
        "our_messages_over_a_cap": sum(
            (customer <= done and customer % 2 == 1) or first <= customer < second for customer in broken
        ),
        "the_peers_messages_over_a_cap": sum(customer >= second for customer in broken),
        "the_peers_customers_over_a_cap": len({customer for customer in broken if customer >= second}),
        "decided_at": DECIDED_AT.isoformat(),
    }


def at_once(programs: list[tuple[Any, ...]], decisions: int) -> float:
    """Run the programs at once; returns decisions a second while the longest of them worked, their start left out."""
    running = [
        subprocess.Popen([sys.executable, "-m", *map(str, program)], stdout=subprocess.PIPE, text=True)
        for program in programs
    ]
    seconds = [float(process.communicate()[0].split()[-1]) for process in running]
    return decisions / max(seconds)
