"""Entries whose time has come become candidates, and go the way of all others from there."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime

from django.db import transaction

from engagement.conditions import ConditionError
from engagement.counts import Counts
from engagement.statements import run_statement
from nudges.considering.forwarding import Asked, forward
from nudges.models import Nudge

logger = logging.getLogger(__name__)


@transaction.atomic
def consider_entries(*, now: datetime, limit: int = 1000) -> Counts:
    """Put forward up to `limit` entries that are due, in one transaction, fairly between workspaces.

    A nudge that was paused or put away since is put forward too: the ledger then says that it was not active. Counts:
    taken (entries), put_forward (candidates). Safe on several workers, and an entry is put forward once.
    """
    claimed = run_statement("nudges.claim_entries", {"now": now, "limit": limit})
    if not claimed:
        return Counts()
    asked: dict[int, list[Asked]] = defaultdict(list)
    for row in claimed:
        asked[row["nudge_id"]].append(Asked(row["customer_id"], f"event:{row['event_id']}"))
    counts = Counts(taken=len(claimed))
    for nudge in Nudge.objects.filter(pk__in=asked).select_related("workspace").order_by("pk"):
        try:
            made = forward(nudge=nudge, asked=asked[nudge.pk], now=now, is_entered=True)
            counts["put_forward"] += len(made)
        except ConditionError as error:
            # The nudge's fault, and shown at the nudge: it must not hold up everybody else's.
            logger.warning("nudge %s: its conditions cannot be checked: %s", nudge.pk, error)
    run_statement("nudges.finish_entries", {"ids": [row["id"] for row in claimed]})
    return counts
