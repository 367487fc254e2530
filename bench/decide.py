"""Decisions a second beside a bare INSERT … SELECT of the same rows, and beside one unit of work for each recipient.

A million customers (CUSTOMERS=… for fewer) with ten messages of history each over 30 days, five caps of mixed scopes
and windows, a business budget for each customer and one for the workspace, quiet hours, consents, own limits, a
holdout; four nudges compete as broadcasts. Ours is `decide_nudges`, the real step, in one process on candidates put
forward before; that is timed apart. The reference (bench/deciding/bare.py) writes the rows that ours has just written
once more for others. Right after each round comes the per-recipient pattern, one Celery task for each recipient, by
one worker (bench/deciding/tasks.py), so that both meet the machine in the same mood; and, once, without its queue. Then
four workers of ours at once, and four broadcasts at once by the pattern (bench/deciding/peer.py), whose messages over a
cap are counted by the same audit.
"""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import sys
from typing import Any

from bench.deciding import bare, peer, tasks
from bench.deciding.putting import make_due, put_forward, start_broadcasts
from bench.deciding.shop import DECIDED_AT, Shop, make_shop
from bench.deciding.work import decide_all
from bench.measuring import Measured, say
from bench.world import settle

CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
HISTORY = int(os.environ.get("HISTORY", "10"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
PER_ROUND = int(os.environ.get("PER_ROUND", "40000"))  # customers, of whom ours decides for half
PEER = 250  # customers of the peer alone, in each round and once without its queue
AT_ONCE = 2_000  # customers of four workers, and of four broadcasts of the peer


def measure() -> Measured:
    shop = make_shop(customers=CUSTOMERS, each=HISTORY)
    peers = PEER * (ROUNDS + 1)
    per_round = min(PER_ROUND, (CUSTOMERS - peers - 2 * AT_ONCE) // ROUNDS // 2 * 2)
    broadcasts = start_broadcasts(shop)
    done = per_round * ROUNDS
    used = done + peers + 2 * AT_ONCE
    seconds = put_forward(broadcasts, 1, used)
    settle()
    nudge_ids = [nudge.pk for nudge in shop.nudges]
    pairs, queued = [], []
    for number in range(ROUNDS):
        pairs.append(compare(number * per_round + 1, (number + 1) * per_round))
        first = done + number * PEER + 1
        queued.append(tasks.decide_for(nudge_ids, first, first + PEER - 1))
        say(f"  by tasks of a queue {queued[-1]:,.1f}: {pairs[-1][0] / queued[-1]:.1f} times")
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
        "by_tasks_per_second": round(statistics.median(queued), 1),
        "times_the_tasks": round(
            statistics.median(pair[0] / rate for pair, rate in zip(pairs, queued, strict=True)), 1
        ),
        **beside_peer(shop, measured.ours, done),
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
    """The peer without its queue; then four of either at once, and what the audit finds of each."""
    first = done + PEER * ROUNDS + 1
    alone = (
        PEER
        * len(shop.nudges)
        / sum(peer.decide_for(nudge.pk, first, first + PEER - 1) for nudge in shop.nudges)
    )
    first += PEER
    make_due(first, first + AT_ONCE - 1)
    ours_at_once = at_once([("bench.deciding.work",)] * 4, AT_ONCE * len(shop.nudges))
    second = first + AT_ONCE
    ranges = [("bench.deciding.peer", nudge.pk, second, second + AT_ONCE - 1) for nudge in shop.nudges]
    peer_at_once = at_once(ranges, AT_ONCE * len(shop.nudges))
    broken = [one.customer_id for one in importlib.import_module("nudges.audits").find_violations()]
    return {
        "without_the_queue_per_second": round(alone, 1),
        "times_without_the_queue": round(ours / alone, 1),
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
