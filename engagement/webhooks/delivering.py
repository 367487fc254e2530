"""The step: endpoints are told what waits for them, each by itself, so that a slow one holds up nobody else.

An endpoint is claimed, not its deliveries: whoever has it moves its `free_at` on, posts some of what is due, and sets
it free. A worker that dies leaves it to the others after LEASE; what it had posted is posted again with the same id.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from threading import Event
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import transaction

from engagement.auditing import record
from engagement.counts import Counts
from engagement.models import Delivery, DeliveryState, Endpoint
from engagement.outbound import Client
from engagement.sealing import CannotOpen
from engagement.statements import run_statement
from engagement.webhooks.posting import GONE, Attempt, post, secrets_of
from engagement.webhooks.telling import owners_to_tell
from engagement.webhooks.waits import GIVEN_UP_AFTER, next_try, rest_of

SHARE = 40  # deliveries of one endpoint in one turn
LANES = 4  # of them posted at once
TURN = 10  # seconds after which a turn posts nothing more
LEASE = timedelta(minutes=3)
MOST_ATTEMPTS_KEPT = 12


class Turn(NamedTuple):
    """An endpoint that is ours, and what it is to be told now."""

    endpoint: Endpoint
    deliveries: list[Delivery]


class Result(NamedTuple):
    """What became of one delivery of a turn."""

    delivery: Delivery
    attempt: Attempt


def deliver_webhooks(*, now: datetime, limit: int = 16) -> Counts:
    """Give up to `limit` endpoints a turn, every workspace's alike. Counts: taken (endpoints), delivered, refused.

    Must run outside a transaction: a claim that is not committed is none.
    """
    turns = _claim(now, limit)
    counts = Counts(taken=len(turns))
    if not turns:
        return counts
    with ThreadPoolExecutor(len(turns)) as pool:
        serving = {pool.submit(_serve, turn, now): turn for turn in turns}
        for served in as_completed(serving):
            counts += _settle(serving[served], served.result(), now)
    return counts


def _claim(now: datetime, limit: int) -> list[Turn]:
    claimed = run_statement("engagement.claim_endpoints", {"now": now, "until": now + LEASE, "limit": limit})
    endpoints = Endpoint.objects.in_bulk([row["id"] for row in claimed])
    if not endpoints:
        return []
    rows = run_statement(
        "engagement.read_due_deliveries", {"endpoints": list(endpoints), "now": now, "share": SHARE}
    )
    due = Delivery.objects.select_related("announcement").in_bulk([row["id"] for row in rows])
    waiting: dict[int, list[Delivery]] = defaultdict(list)
    for row in rows:
        if row["id"] in due:
            waiting[row["endpoint_id"]].append(due[row["id"]])
    return [Turn(endpoint, waiting[pk]) for pk, endpoint in endpoints.items()]


def _serve(turn: Turn, now: datetime) -> list[Result]:
    """Post what is due, some at once, until all is, or the endpoint is out, or its turn is over. Asks no database."""
    try:
        secrets = secrets_of(turn.endpoint, now=now)
    except CannotOpen:
        closed = Attempt(None, "Its secret cannot be opened any more: make a new one.", 0, is_out=True)
        return [Result(delivery, closed) for delivery in turn.deliveries[:1]]
    is_out, until = Event(), time.monotonic() + TURN

    def walk(lane: Sequence[Delivery]) -> list[Result]:
        results = []
        for delivery in lane:
            if is_out.is_set() or time.monotonic() > until:
                break
            attempt = post(client, turn.endpoint.url, delivery.announcement, secrets=secrets, now=now)
            results.append(Result(delivery, attempt))
            if attempt.is_out or attempt.status == GONE:
                is_out.set()
        return results

    lanes = [turn.deliveries[start::LANES] for start in range(min(LANES, len(turn.deliveries)))]
    timeout = settings.PROVIDER_TIMEOUT
    with Client(timeout=timeout, lasts=TURN + timeout) as client, ThreadPoolExecutor(LANES) as pool:
        return [result for results in pool.map(walk, lanes) for result in results]


@transaction.atomic
def _settle(turn: Turn, results: list[Result], now: datetime) -> Counts:
    """Write down what became of a turn and set its endpoint free."""
    endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=turn.endpoint.pk).first()
    if endpoint is None:
        return Counts()
    rows = [_row(result, now) for result in results]
    if rows:
        run_statement(
            "engagement.settle_deliveries",
            {"results": msgspec.json.encode(rows).decode(), "most": MOST_ATTEMPTS_KEPT},
        )
    taken = sum(result.attempt.is_taken for result in results)
    if taken:
        endpoint.failing_since = None
    elif results:
        endpoint.failing_since = endpoint.failing_since or now
    _set_free(endpoint, [result.attempt for result in results], now)
    return Counts(delivered=taken, refused=len(results) - taken)


def _set_free(endpoint: Endpoint, attempts: Sequence[Attempt], now: datetime) -> None:
    """For others at once, after a rest, or never until somebody switches it on again."""
    endpoint.free_at = now
    if any(attempt.is_out for attempt in attempts):
        endpoint.free_at = now + rest_of(failing_since=endpoint.failing_since or now, now=now)
    reason = ""
    if any(attempt.status == GONE for attempt in attempts):
        reason = "gone"
    elif endpoint.failing_since and now - endpoint.failing_since >= GIVEN_UP_AFTER:
        reason = "failing"
    if reason and endpoint.is_enabled:
        _switch_off(endpoint, reason, now)
    endpoint.save()


def _switch_off(endpoint: Endpoint, reason: str, now: datetime) -> None:
    """It stays off until somebody switches it on; the trail says so, and the owners are written to."""
    endpoint.is_enabled, endpoint.disabled_because, endpoint.disabled_at = False, reason, now
    endpoint.untold = list(owners_to_tell(endpoint).values_list("pk", flat=True))
    endpoint.tell_at = now if endpoint.untold else None
    record(
        workspace=endpoint.workspace,
        actor=None,
        action="disable_endpoint",
        target=endpoint,
        detail={"url": endpoint.url, "reason": reason},
        now=now,
    )


def _row(result: Result, now: datetime) -> dict[str, Any]:
    delivery, attempt = result
    due_at = None
    if not attempt.is_taken:
        key, tries = delivery.announcement.key, delivery.tries + 1
        due_at = next_try(key=key, tries=tries, now=now, at_least=attempt.wait)
    state = DeliveryState.DELIVERED if attempt.is_taken else DeliveryState.FAILED
    return {
        "id": delivery.pk,
        "state": state if due_at is None else DeliveryState.PENDING,
        "due_at": due_at,
        "attempt": {"at": now, "status": attempt.status, "words": attempt.words, "ms": attempt.ms},
    }
