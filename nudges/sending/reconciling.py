"""Claims of workers that died, and messages whose time ran out while they waited.

A claim whose hand-over had not begun goes back at once. For one that had begun, the channel's provider decides:

- idempotent: hand it over again while the provider still knows our key, else it stands as unknown;
- queryable: ask the provider by our key; what it never got goes back;
- none: a nudge stands as unknown and keeps its slot; a service message goes back, better twice than not at all.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import transaction

from engagement.counts import Counts
from engagement.statements import run_prepared
from nudges.channels import Channel, Outcome, Queryable, Refused, Unknown, channels_named
from nudges.models import Message, MessageState, Reach
from nudges.reasons import Reason
from nudges.sending.rechecking import Obstacle
from nudges.sending.recording import cancel, record, result_of

# Longer than a task may run (`task_time_limit`), so that no living worker's claim is taken from it. Where it is all the
# same, because its host stood still or a clock was put forward, that worker hands nothing more over: see `Reach`.
LEASE = timedelta(minutes=10)
DIED = "the worker died while it was handing the message over"


def reconcile_claims(*, now: datetime, limit: int = 500) -> Counts:
    """Settle claims older than the lease and end waiting messages past their `not_after`."""
    counts = Counts()
    counts += _return_unbegun(now=now, limit=limit)
    counts += _settle_begun(now=now, limit=limit)
    counts += _expire_waiting(now=now, limit=limit)
    return counts


@transaction.atomic
def _return_unbegun(*, now: datetime, limit: int) -> Counts:
    dead = list(
        Message.objects.filter(state=MessageState.CLAIMED, claimed_at__lt=now - LEASE, begun_at=None)
        .order_by("claimed_at")
        .values_list("pk", flat=True)
        .select_for_update(skip_locked=True)[:limit]
    )
    returned = Message.objects.filter(pk__in=dead).update(state=MessageState.DECIDED, claim_token=None)
    return Counts({"taken": returned, "returned": returned})


def _settle_begun(*, now: datetime, limit: int) -> Counts:
    counts = Counts()
    with transaction.atomic():
        dead = list(
            Message.objects.filter(
                state=MessageState.CLAIMED, claimed_at__lt=now - LEASE, begun_at__lt=now - LEASE
            )
            .select_related("nudge", "category")
            .order_by("claimed_at")
            .select_for_update(of=("self",), skip_locked=True)[:limit]
        )
        reached = _take({message.claim_token for message in dead if message.claim_token}, now=now)
        for message in dead:
            assert message.claim_token is not None
            outcome = None  # begun with others, and the worker died before it came to this one
            if message.pk <= reached[message.claim_token]:
                outcome = _find_out(message, _provider_of(message), now=now)
            result = result_of(message, outcome, now=now)
            counts += record([(message, result)], token=message.claim_token, now=now)
        Reach.objects.filter(at__lt=now - 6 * LEASE).delete()
    counts["taken"] += len(dead)
    return counts


def _take(tokens: Collection[UUID], *, now: datetime) -> dict[UUID, int]:
    """How far each of the claims came, in ids of messages; none of them comes further, should its worker live."""
    rows = run_prepared("nudges.take_reaches", {"tokens": [str(token) for token in tokens], "now": now})
    return {row["claim_token"]: row["message_id"] for row in rows}


def _provider_of(message: Message) -> Channel | None:
    """By whom its hand-over began, where the settings still name them; before that was kept, there was but one."""
    providers = channels_named(message.channel)
    return next((one for one in providers if message.provider in ("", one.provider)), None)


def _find_out(message: Message, channel: Channel | None, *, now: datetime) -> Outcome:
    if channel is None:
        return Unknown(DIED)
    again = Refused(DIED, permanent=False)
    if channel.capability.kind == "queryable":
        return cast(Queryable, channel).look_up(message.dispatch_id) or again
    began = message.begun_at or now
    if channel.capability.kind == "idempotent" and now - began < channel.capability.ttl:
        return again
    return Unknown(DIED)


def _expire_waiting(*, now: datetime, limit: int) -> Counts:
    """Messages that nobody could claim in time, such as those of a provider whose circuit stayed open."""
    with transaction.atomic():
        late = list(
            Message.objects.filter(state=MessageState.DECIDED, not_after__lt=now, next_attempt_at__lte=now)
            .select_related("nudge", "category")
            .order_by("id")
            .select_for_update(of=("self",), skip_locked=True)[:limit]
        )
        return cancel(
            [(message, Obstacle(Reason.EXPIRED, "", None)) for message in late], token=None, now=now
        )
