"""The on-site inbox of one customer: what stands in it, and what they do with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from engagement.models import Channel, Customer
from nudges.models import Message, MessageState

MOST_SHOWN = 50
KEPT_FOR = timedelta(days=90)


def inbox_of(customer: Customer, *, now: datetime, limit: int = MOST_SHOWN) -> QuerySet[Message]:
    """The messages in the inbox, latest first, without those put away."""
    return (
        Message.objects.filter(
            customer=customer,
            channel=Channel.INBOX,
            state=MessageState.DELIVERED,
            archived_at=None,
            decided_at__gt=now - KEPT_FOR,
        )
        .select_related("category")
        .order_by("-decided_at", "-id")[:limit]
    )


def unread_count(customer: Customer, *, now: datetime) -> int:
    """How many of them have not been read."""
    return Message.objects.filter(
        customer=customer,
        channel=Channel.INBOX,
        state=MessageState.DELIVERED,
        archived_at=None,
        read_at=None,
        decided_at__gt=now - KEPT_FOR,
    ).count()
