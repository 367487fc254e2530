"""The on-site inbox of one customer: what stands in it, and what they do with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from engagement.models import Channel, Customer
from nudges.models import Message, MessageState

MOST_SHOWN = 50
KEPT_FOR = timedelta(days=90)


def inbox_of(customer: Customer, *, now: datetime, limit: int = MOST_SHOWN) -> QuerySet[Message]:
    """The messages in the inbox, latest first, without those put away, for good or until later.

    One that was put away until a day comes back on top, as of that day.
    """
    return (
        _waiting(customer, now)
        .select_related("category")
        .annotate(shown_at=Coalesce("snoozed_until", "decided_at"))
        .order_by("-shown_at", "-id")[:limit]
    )


def unread_count(customer: Customer, *, now: datetime) -> int:
    """How many of them have not been read."""
    return _waiting(customer, now).filter(read_at=None).count()


def _waiting(customer: Customer, now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(
        Q(snoozed_until=None) | Q(snoozed_until__lte=now),
        customer=customer,
        channel=Channel.INBOX,
        state=MessageState.DELIVERED,
        archived_at=None,
        decided_at__gt=now - KEPT_FOR,
    )
