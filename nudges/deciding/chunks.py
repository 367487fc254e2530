"""Decides due candidates, a chunk of customers in one transaction."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from django.db import connection, transaction

from engagement.counts import Counts
from engagement.statements import run_prepared, run_statement
from nudges.deciding.judging import judge, known_zones, make_tables

CHUNK = 4000  # due candidates claimed in one transaction at most; a worker takes what its pace says (nudges.tasks)


class WrongIsolationError(RuntimeError):
    """Deciding was called in a transaction whose snapshot is older than its locks: it would send too much."""


def decide_nudges(*, now: datetime, limit: int = CHUNK, urgent_only: bool = False) -> Counts:
    """Decide about `limit` due candidates, in turn over the workspaces, urgent ones first; their customers' others too.

    `urgent_only` takes only customers who have an urgent one, with whatever else is due for them. Any number of
    workers may run this at once. Counts: `taken` customers, candidates `decided`, and those by outcome (`send`,
    `defer`, `suppress`). Raises WrongIsolationError unless transactions are READ COMMITTED.
    """
    counts = Counts()
    while counts["decided"] < limit:
        done = decide_chunk(now=now, size=min(CHUNK, limit - counts["decided"]), urgent_only=urgent_only)
        counts.update(done)
        if not done["decided"]:
            break
    return counts


@transaction.atomic
def decide_chunk(*, now: datetime, size: int, urgent_only: bool = False) -> Counts:
    """Claim up to `size` due candidates' customers and decide their candidates: all of it is written, or none."""
    require_read_committed()
    run_statement("nudges.steer_planner", {})
    run_statement("nudges.commit_lazily", {})
    customers = _claim(now, size, urgent_only)
    if not customers:
        return Counts()
    make_tables()
    asked = run_prepared(
        "nudges.take_candidates", {"customers": [row["customer_id"] for row in customers], "now": now}
    )
    if not asked:  # another worker was quicker between our statement and our lock
        return Counts(taken=len(customers))
    zones = known_zones(row[key] for row in customers for key in ("timezone", "workspace_timezone"))
    judge({row["nudge_id"]: row["customer_ids"] for row in asked}, zones=zones, now=now)
    counts = Counts(taken=len(customers))
    counts.update(_write(now))
    return counts


def require_read_committed() -> None:
    """Refuse to go on where a lock would be granted to a snapshot taken before it."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        (level,) = cursor.fetchone()
    if level != "read committed":
        raise WrongIsolationError(f"Deciding needs READ COMMITTED; this transaction is {level.upper()}.")


def _claim(now: datetime, size: int, urgent_only: bool) -> list[dict[str, object]]:
    due = {"now": now, "urgent_only": urgent_only}
    busy = [row["workspace_id"] for row in run_prepared("nudges.busy_workspaces", due)]
    if not busy:
        return []
    parameters = {"workspaces": busy, "share": ceil(size / len(busy)), **due}
    claimed = run_prepared("nudges.claim_customers", parameters)
    if claimed or urgent_only:
        return claimed
    run_statement("nudges.make_pressures", {"now": now})
    return run_prepared("nudges.claim_customers", parameters)


def _write(now: datetime) -> Counts:
    run_prepared("nudges.insert_messages", {"now": now})
    run_prepared("nudges.add_pressure", {"now": now})
    counts = Counts()
    for row in run_prepared("nudges.write_decisions", {"now": now}):
        counts[row["outcome"]] += row["n"]
        counts["decided"] += row["n"]
    run_prepared("nudges.settle_candidates", {})
    return counts
