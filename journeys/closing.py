"""A person's word about a customer's need: close it, let it rest, open it again.

Each is an event on the customer's timeline, so that a retelling of the story meets it in its place, and is shown on the
need at once, so that no message about it goes out in the second until the event is read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.people.locks import lock_customers, taken_again
from journeys.inferring.keeping import NO_NEEDS
from journeys.inferring.signs import NEED_CLOSED, NEED_REOPENED, NEED_SNOOZED
from journeys.models import CustomerNeed


class Standing(NamedTuple):
    """What stood before a word, for taking it back."""

    closed_at: datetime | None
    closed_reason: str
    snoozed_until: datetime | None


class ClosedForGood(Exception):
    """The need was closed by an order, by silence or by a merge: no word opens it again."""


@taken_again
def close_need(*, customer_need_id: int, reason: str, now: datetime) -> Standing:
    """Close a need for `reason` (`not_relevant`, `resolved`); one that is closed stays as it is.

    Looking around opens no need of the kind for 30 days; an order does. Raises CustomerNeed.DoesNotExist.
    """
    if not reason:
        raise ValueError("reason: say why the need is closed, such as not_relevant.")
    need = lock_need(customer_need_id=customer_need_id, now=now)
    before = standing(need)
    if need.closed_at is None:
        tell(need, NEED_CLOSED, {"reason": reason[:30]}, now)
        need.closed_at, need.closed_reason = now, reason[:30]
        need.save(update_fields=["closed_at", "closed_reason"])
    return before


@taken_again
def snooze_need(*, customer_need_id: int, until: datetime | None, now: datetime) -> Standing:
    """Say nothing about a need until then; None wakes it. A closed one stays as it is.

    Raises CustomerNeed.DoesNotExist.
    """
    need = lock_need(customer_need_id=customer_need_id, now=now)
    before = standing(need)
    if need.closed_at is None and need.snoozed_until != until:
        tell(need, NEED_SNOOZED, {"until": until.isoformat() if until else None}, now)
        need.snoozed_until = until
        need.save(update_fields=["snoozed_until"])
    return before


@taken_again
def reopen_need(*, customer_need_id: int, now: datetime) -> Standing:
    """Take back that a need was closed by a word. Raises ClosedForGood, CustomerNeed.DoesNotExist.

    It is open at once; where a newer need of the kind has begun since, that one keeps its place and this raises.
    """
    need = lock_need(customer_need_id=customer_need_id, now=now)
    before = standing(need)
    if need.closed_at is None:
        return before
    newer = CustomerNeed.objects.filter(
        customer_id=need.customer_id, need_id=need.need_id, sequence__gt=need.sequence
    )
    if newer.exists() or not was_closed_by_word(need):
        raise ClosedForGood
    tell(need, NEED_REOPENED, {}, now)
    need.closed_at, need.closed_reason = None, ""
    need.save(update_fields=["closed_at", "closed_reason"])
    return before


def lock_need(*, customer_need_id: int, now: datetime) -> CustomerNeed:
    """The need, locked in the order in which inference locks: its customer's events first. Needs a transaction.

    Who locks the need's row before calling anything here may wait for inference in a circle. A need that is about to
    move to whom its customer was found to be still can: `taken_again` is for that.
    """
    while True:
        need = CustomerNeed.objects.get(pk=customer_need_id)
        lock_customers(workspace_id=need.workspace_id, customer_ids=[need.customer_id], now=now)
        held = (
            CustomerNeed.objects.select_for_update(of=("self",), no_key=True)
            .select_related("need")
            .get(pk=need.pk)
        )
        if held.customer_id == need.customer_id:
            return held


def tell(need: CustomerNeed, name: str, properties: dict[str, Any], now: datetime) -> None:
    """Put a word on the customer's timeline."""
    record_events(
        workspace_id=need.workspace_id,
        events=[
            SystemEvent(
                customer_id=need.customer_id,
                name=name,
                message_id=f"{name}:{need.pk}:{now.isoformat()}",
                occurred_at=now,
                properties={
                    "need": need.need.slug,
                    "sequence": need.sequence,
                    "customer_need_id": need.pk,
                    **properties,
                },
            )
        ],
        now=now,
    )


def was_closed_by_word(need: CustomerNeed) -> bool:
    """A word that inference has not read yet stands only in the columns."""
    if need.closed_reason in NO_NEEDS:
        return False
    return bool(need.state.get("closed_by_word")) or not need.state.get("closed_at")


def standing(need: CustomerNeed) -> Standing:
    return Standing(need.closed_at, need.closed_reason, need.snoozed_until)
