"""Leaving: one category by one channel in one click, or everything by that channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engagement.consents import ConsentChange, set_consent
from engagement.models import Category, ConsentState
from engagement.people.locks import taken_again
from nudges.hearing.effects import person_of
from nudges.models import Message
from nudges.noting import note_signs


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """What was left: the names of the categories, the channel, and the words of consent that changed."""

    categories: list[str]
    channel: str
    changes: list[ConsentChange]


@taken_again
def unsubscribe(*, message_id: int, source: str, everything: bool = False, now: datetime) -> Unsubscribed:
    """Refuse the message's category by the message's channel, or with `everything` all categories by it.

    `source` is where it was said: one_click, unsubscribe_page. At once and safe to repeat: the second time changes
    nothing. Raises Message.DoesNotExist.
    """
    message = Message.objects.select_related("category").get(pk=message_id)
    categories = (
        list(Category.objects.filter(workspace_id=message.workspace_id, archived_at=None))
        if everything
        else [message.category]
    )
    customer_id = person_of(message)
    changes = [
        change
        for category in categories
        for change in set_consent(
            workspace_id=message.workspace_id,
            customer_id=customer_id,
            category_id=category.pk,
            channels=[message.channel],
            state=ConsentState.DENIED,
            source=source,
            proof=f"message {message.pk}",
            now=now,
        )
    ]
    note_signs(workspace_id=message.workspace_id, customer_ids=[customer_id], now=now)
    return Unsubscribed([category.name for category in categories], message.channel, changes)
