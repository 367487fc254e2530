"""What a provider of e-mail reports later, in anymail's words: delivered, bounced, complained, unsubscribed.

Safe to hear twice and in any order: states only move forward (`take_report`), suppressions and consents are set, not
counted. Opens and clicks are left out: we ask no provider for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from anymail.signals import AnymailTrackingEvent
from django.db import transaction

from engagement.counts import Counts
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Channel
from engagement.suppressing import COMPLAINT, HARD_BOUNCE, suppress_address
from nudges.hearing.unsubscribing import unsubscribe
from nudges.models import Message, MessageState
from nudges.sending.bounces import is_nobody_there
from nudges.sending.reporting import Report, take_report

STATES = {
    "queued": MessageState.SENT,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "autoresponded": MessageState.DELIVERED,
    "bounced": MessageState.BOUNCED,
    "rejected": MessageState.FAILED,
    "failed": MessageState.FAILED,
}
OUR_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


def hear_mail_provider(
    *,
    provider: str,
    events: Sequence[AnymailTrackingEvent],
    workspace_id: int | None = None,
    now: datetime,
) -> Counts:
    """Take what a provider says of our mails; counts `heard`, and `strange` for what is about none of them.

    With `workspace_id` it is that workspace's own account which says it, and may say nothing of others' mails.
    """
    counts = Counts()
    for event in events:
        message = _message_of(event, workspace_id)
        if message is None:
            counts["strange"] += 1
            continue
        counts["heard"] += _hear(message, event, provider=provider, now=now)
    return counts


def _message_of(event: AnymailTrackingEvent, workspace_id: int | None) -> Message | None:
    """By the id that we gave it, else by the provider's own; only if it went to that recipient."""
    own = (event.metadata or {}).get("dispatch_id") or ""
    named = OUR_ID.match(f"{own}@") or OUR_ID.match(str(event.message_id or ""))
    rows = Message.objects.filter(channel=Channel.EMAIL, attempts__gt=0)
    if workspace_id is not None:
        rows = rows.filter(workspace=workspace_id)
    if named:
        rows = rows.filter(dispatch_id=UUID(named[1]))
    elif event.message_id:
        rows = rows.filter(provider_id=str(event.message_id)[:200])
    else:
        return None
    if event.recipient:
        rows = rows.filter(address__iexact=event.recipient)
    return rows.first()


@transaction.atomic
def _hear(message: Message, event: AnymailTrackingEvent, *, provider: str, now: datetime) -> bool:
    match event.event_type:
        case "complained":
            return _complain(message, provider, now)
        case "unsubscribed":
            return bool(unsubscribe(message_id=message.pk, source="provider", now=now).changes)
        case kind if kind in STATES:
            report = Report(
                dispatch_id=message.dispatch_id,
                state=STATES[kind],
                provider_id=str(event.message_id or "")[:200],
                error=_words(event) if STATES[kind] in (MessageState.BOUNCED, MessageState.FAILED) else "",
                suppresses=HARD_BOUNCE if is_nobody_there(provider, event.esp_event) else "",
            )
            return take_report(workspace_id=message.workspace_id, report=report, now=now)
        case _:
            return False


def _complain(message: Message, provider: str, now: datetime) -> bool:
    """Whoever calls a mail spam is not written to again; the message has reached them."""
    report = Report(dispatch_id=message.dispatch_id, state=MessageState.DELIVERED)
    take_report(workspace_id=message.workspace_id, report=report, now=now)
    suppress_address(
        workspace_id=message.workspace_id,
        channel=message.channel,
        value=message.address,
        reason=COMPLAINT,
        source=provider,
        now=now,
    )
    event = SystemEvent(
        customer_id=message.customer_id,
        name="Message Complained",
        message_id=f"message-complained:{message.pk}",
        occurred_at=now,
        properties={"message_id": message.pk, "nudge_id": message.nudge_id, "channel": message.channel},
    )
    return bool(record_events(workspace_id=message.workspace_id, events=[event], now=now).accepted)


def _words(event: AnymailTrackingEvent) -> str:
    said = event.mta_response or event.description or event.reject_reason or event.event_type
    return " ".join(str(said).split())[:500]
