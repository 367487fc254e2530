"""Upkeep of the event tables: partitions made ahead and dropped in time; what was kept for a while is forgotten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from engagement.counts import Counts
from engagement.models import EventKey, IdempotencyRecord, RejectedEvent, Workspace
from engagement.statements import run_statement

MONTHS_AHEAD = 3
EVENT_KEYS_KEPT = timedelta(days=30)
REJECTED_EVENTS_KEPT = timedelta(days=7)
IDEMPOTENCY_RECORDS_KEPT = timedelta(hours=24)
CHUNK = 10_000


@transaction.atomic
def make_partitions(*, now: datetime, limit: int = MONTHS_AHEAD) -> Counts:
    """Have a partition of events for this month and `limit` months ahead; drop those that nobody keeps any more.

    A partition is dropped once even its last day lies before the longest retention of any workspace. Rows that came
    while a month had no partition are moved into it. Counts: taken, made, dropped.
    """
    run_statement("engagement.hold_partitions", {})
    months = [_month(now, ahead) for ahead in range(limit + 1)]
    made = run_statement("engagement.make_partitions", {"months": months})
    longest = Workspace.objects.aggregate(days=Max("retention_days"))["days"]
    dropped = []
    if longest:
        oldest = now - timedelta(days=longest)
        dropped = run_statement("engagement.drop_partitions", {"oldest": oldest})
    return Counts(taken=len(made) + len(dropped), made=len(made), dropped=len(dropped))


def forget_keys(*, now: datetime, limit: int = 1_000_000) -> Counts:
    """Delete message ids after 30 days, rejected events after 7, idempotency records after 24 hours.

    In chunks of 10,000 rows with a commit each, at most `limit` rows of a kind in one run. Counts: taken,
    event_keys, rejected_events, idempotency_records.
    """
    counts = Counts(
        event_keys=_forget(EventKey.objects.filter(received_at__lt=now - EVENT_KEYS_KEPT), limit),
        rejected_events=_forget(
            RejectedEvent.objects.filter(received_at__lt=now - REJECTED_EVENTS_KEPT), limit
        ),
        idempotency_records=_forget(
            IdempotencyRecord.objects.filter(created_at__lt=now - IDEMPOTENCY_RECORDS_KEPT), limit
        ),
    )
    counts["taken"] = sum(counts.values())
    return counts


def _month(now: datetime, ahead: int) -> date:
    years, month = divmod(now.month - 1 + ahead, 12)
    return date(now.year + years, month + 1, 1)


def _forget(rows: QuerySet, limit: int) -> int:
    """Delete rows chunk by chunk, those first that are found first; returns how many."""
    gone = 0
    while gone < limit:
        chunk = list(rows.values_list("pk", flat=True)[: min(CHUNK, limit - gone)])
        rows.model._base_manager.filter(pk__in=chunk).delete()
        gone += len(chunk)
        if len(chunk) < CHUNK:
            break
    return gone
