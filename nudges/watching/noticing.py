"""What comes in at the door is written down, if it may be: one row, judged later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from nudges.models import Hit, HitKind, Message
from nudges.watching.agents import objects, seen_as
from nudges.watching.choosing import allows, choices_of, watch_of

# A link leads where it leads for years; what somebody does with an old message is noted no more.
NOTED_FOR = timedelta(days=60)
# Beyond, a message tells nothing new: whoever fetches it again and again fills no table.
MOST_HITS = 200


def notice(
    *, message_id: int, kind: HitKind, link: str = "", method: str, headers: Mapping[str, str], now: datetime
) -> bool:
    """Write down that a picture or a link of a message was fetched; false where that is not to be known.

    That is: the workspace no longer watches, the customer has refused, their browser objects, or the message is gone
    or old.
    """
    if objects(headers):
        return False
    message = (
        Message.objects.select_related("workspace", "customer")
        .filter(pk=message_id, decided_at__gt=now - NOTED_FOR)
        .first()
    )
    if message is None or not may_note(message, kind) or message.hits.count() >= MOST_HITS:
        return False
    Hit.objects.create(
        workspace_id=message.workspace_id,
        message=message,
        nudge_id=message.nudge_id,
        kind=kind,
        link=link,
        seen_as=seen_as(method, headers),
        at=now,
    )
    return True


def may_note(message: Message, kind: HitKind) -> bool:
    """Whether the workspace wants to know, and the customer lets it."""
    watch = watch_of(message.workspace)
    is_wanted = watch.opens if kind == HitKind.OPEN else watch.clicks
    return is_wanted and allows(watch, said_by([message])[message.pk])


def said_by(messages: Iterable[Message]) -> dict[int, bool | None]:
    """What each message's customer says to it, by message id; read in one query.

    No goes before yes where a customer was found to be another a moment ago and both have said something.
    """
    people = {
        message.pk: {message.customer_id, message.customer.merged_into_id or message.customer_id}
        for message in messages
    }
    choices = choices_of({one for both in people.values() for one in both})
    words = {pk: [choices[one] for one in both if one in choices] for pk, both in people.items()}
    return {pk: all(said) if said else None for pk, said in words.items()}
