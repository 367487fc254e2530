"""What a provider says later of a message that it took: safe to hear twice, and in any order.

A report only ever moves a message forward: from where nobody knew (`claimed`, `unknown`, or `decided` to be tried
again) to `sent`, and from there to its end. So a message whose answer was lost is settled by its first report, and one
that is waiting to be tried again is not sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Coalesce

from nudges.channels.twilio import reason_of
from nudges.models import HitKind, Message, MessageState
from nudges.noting import note_signs
from nudges.pressure import lock_customers_of
from nudges.sending.recording import RELEASING, Result, settle
from nudges.watching import may_note

# From which states a report may move a message into which.
UNSETTLED = {MessageState.CLAIMED, MessageState.UNKNOWN, MessageState.DECIDED}
MOVES = {
    MessageState.SENT: UNSETTLED,
    MessageState.DELIVERED: UNSETTLED | {MessageState.SENT},
    MessageState.BOUNCED: UNSETTLED | {MessageState.SENT},
    MessageState.FAILED: UNSETTLED | {MessageState.SENT},
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says of one message. `is_read`: it was opened, whatever its state; noted where that may be."""

    dispatch_id: UUID
    state: MessageState
    provider_id: str = ""
    error: str = ""
    suppresses: str = ""
    is_read: bool = False


@transaction.atomic
def take_report(*, workspace_id: int, report: Report, now: datetime) -> bool:
    """Write what a provider said; false when it was known, overtaken, or about nothing of this workspace."""
    rows = Message.objects.filter(workspace_id=workspace_id, dispatch_id=report.dispatch_id, attempts__gt=0)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        return False
    if report.state in RELEASING:
        lock_customers_of([found])
    message = rows.select_for_update(of=("self",)).select_related("nudge", "category").get()
    if report.is_read and message.opened_at is None and may_note(message, HitKind.OPEN):
        rows.update(opened_at=now)
        customer = message.customer
        note_signs(workspace_id=workspace_id, customer_ids=[customer.merged_into_id or customer.pk], now=now)
    if MessageState(message.state) not in MOVES[report.state]:
        return False
    result = Result(
        report.state,
        provider_id=report.provider_id or message.provider_id,
        error=report.error,
        suppresses=report.suppresses,
    )
    rows.update(
        state=result.state,
        provider_id=result.provider_id,
        error=result.error[:500],
        sent_at=Coalesce("sent_at", now),
        next_attempt_at=None,
        claim_token=None,
    )
    settle([(message, result)], now=now)
    return True


# Twilio's words for a message's state; those before "sent" say only that Twilio has it.
TWILIO_STATES = {
    "accepted": MessageState.SENT,
    "scheduled": MessageState.SENT,
    "queued": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}


def report_of_twilio(told: Mapping[str, str], *, dispatch_id: UUID) -> Report | None:
    """What a status callback says, or None for a word that is not known."""
    word = told.get("MessageStatus", "").lower()
    state = TWILIO_STATES.get(word)
    if state is None:
        return None
    code = told.get("ErrorCode", "")
    number = int(code) if code.isdecimal() and len(code) < 7 else 0
    has_failed = state == MessageState.FAILED
    reason = reason_of(number) if has_failed else ""
    return Report(
        dispatch_id=dispatch_id,
        state=MessageState.BOUNCED if reason else state,
        provider_id=told.get("MessageSid", "")[:200],
        error=f"{word} {code}".strip() if has_failed else "",
        suppresses=reason,
        is_read=word == "read",
    )
