"""Upkeep of the ledger: parts made ahead and dropped, old decisions forgotten, tallies folded."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from engagement.counts import Counts
from engagement.statements import run_statement

CHUNK = 10_000


def keep_ledger(*, now: datetime, limit: int = 1_000_000) -> Counts:
    """Forget decisions past their workspace's retention, up to `limit`; make the next part, drop the emptied ones.

    Retention is the workspace's `retention_days`, as for events. Messages stay, with their candidates; so does what
    waits. In chunks of 10,000 with a commit each: it may be killed anywhere. Counts: taken, forgotten (decisions),
    left (entries forgotten), turned_away (those who were not let into flows, forgotten), made, dropped.
    """
    counts = Counts()
    counts["forgotten"] = _forget("nudges.forget_decisions", now, limit)
    counts["left"] = _forget("nudges.forget_entries", now, limit)
    counts["turned_away"] = _forget("nudges.forget_refused_runs", now, limit)
    with transaction.atomic():
        run_statement("nudges.hold_ledger_parts", {})
        counts["made"] = len(run_statement("nudges.make_ledger_parts", {}))
        for part in run_statement("nudges.find_old_ledger_parts", {}):
            [dropped] = run_statement("nudges.drop_ledger_part", {"name": part["name"]})
            counts["dropped"] += dropped["is_dropped"]
    counts["taken"] = sum(counts[name] for name in ("forgotten", "left", "turned_away", "made", "dropped"))
    return counts


def _forget(statement: str, now: datetime, limit: int) -> int:
    forgotten = 0
    while forgotten < limit:
        [gone] = run_statement(statement, {"now": now, "limit": min(CHUNK, limit - forgotten)})
        forgotten += gone["n"]
        if not gone["n"]:
            break
    return forgotten


def fold_tallies(*, now: datetime, limit: int = 10_000) -> Counts:
    """Make one row of tallies that say the same: up to `limit` of each kind. Counts: `taken` rows that went."""
    counts = Counts()
    for name in ("nudges.fold_decision_tallies", "nudges.fold_push_tallies", "nudges.fold_flow_tallies"):
        [gone] = run_statement(name, {"now": now, "limit": limit})
        counts["taken"] += gone["n"]
    return counts
