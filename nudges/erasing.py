"""What an erased customer leaves on this floor."""

from __future__ import annotations

from datetime import datetime

from nudges.models import Message


def erase_messages(*, customer_ids: list[int], now: datetime) -> None:
    """Delete their messages, and with these the replies. All else goes with the customer's row."""
    Message.objects.filter(customer_id__in=customer_ids).delete()
