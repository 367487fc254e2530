"""What a customer does with a message in the on-site inbox: reads it, puts it away for good or until a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from engagement.models import Channel, Customer
from nudges.models import Message, MessageState

LONGEST_SNOOZE = timedelta(days=60)


def read_message(*, customer: Customer, message_id: int, now: datetime) -> bool:
    """Mark as read; the first time stays. False when the customer has no such message in the inbox."""
    return bool(_in_inbox(customer, message_id).update(read_at=Coalesce("read_at", now)))


def archive_message(*, customer: Customer, message_id: int, now: datetime) -> bool:
    """Put away, which also marks as read. False when the customer has no such message in the inbox."""
    return bool(
        _in_inbox(customer, message_id).update(
            read_at=Coalesce("read_at", now), archived_at=Coalesce("archived_at", now)
        )
    )


def snooze_message(*, customer: Customer, message_id: int, until: datetime, now: datetime) -> bool:
    """Put away until then; it comes back unread. False when the customer has no such message in the inbox.

    Raises ValueError for a time that has passed or is too far off.
    """
    if not now < until <= now + LONGEST_SNOOZE:
        raise ValueError("choose a time within the next 60 days")
    return bool(_in_inbox(customer, message_id).update(read_at=None, archived_at=None, snoozed_until=until))


def _in_inbox(customer: Customer, message_id: int) -> QuerySet[Message]:
    return Message.objects.filter(
        pk=message_id, customer=customer, channel=Channel.INBOX, state=MessageState.DELIVERED
    )
