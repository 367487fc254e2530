"""The four replies: heard once, taking effect at once, undone as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.people.locks import taken_again
from nudges.hearing.answers import Answer, check_answer
from nudges.hearing.effects import person_of, take_back, take_effect
from nudges.models import Message, Reply
from nudges.noting import note_signs


@taken_again
def hear_reply(*, message_id: int, kind: str, detail: Mapping[str, Any], now: datetime) -> Reply:
    """Take a customer's reply to a message; `what_changed(reply)` says what it did.

    The same reply again changes nothing and returns the first. One of the same kind with another detail (another date)
    takes the place of the earlier. Raises BadReply, and Message.DoesNotExist.
    """
    message = _locked(message_id)
    answer = check_answer(message=message, kind=kind, detail=detail, now=now)
    standing = Reply.objects.filter(message=message, kind=answer.kind, undone_at=None).first()
    if standing is not None:
        if _is_same(standing, answer, detail):
            return standing
        _undo(standing, now=now)
    reply = Reply.objects.create(
        workspace_id=message.workspace_id,
        message=message,
        customer_id=message.customer_id,
        kind=answer.kind,
        detail=answer.as_detail(),
        at=now,
    )
    reply.effect = take_effect(message=message, answer=answer, reply_id=reply.pk, now=now)
    reply.save(update_fields=["effect"])
    Message.objects.filter(pk=message.pk, replied_at=None).update(replied_at=now)
    note_signs(workspace_id=message.workspace_id, customer_ids=[person_of(message)], now=now)
    _tell("Nudge Replied", reply, message, now=now)
    return reply


@taken_again
def undo_reply(*, reply_id: int, now: datetime) -> Reply:
    """Take a reply back: what it changed is as before, save what the customer has changed again since. Safe to repeat.

    Raises Reply.DoesNotExist.
    """
    reply = Reply.objects.select_related("message").get(pk=reply_id)
    _locked(reply.message_id)
    reply.refresh_from_db()
    if reply.undone_at is None:
        _undo(reply, now=now)
    return reply


def _locked(message_id: int) -> Message:
    """The message, held: two answers to it are heard one after the other."""
    return (
        Message.objects.select_for_update(of=("self",))
        .select_related("nudge", "category", "customer_need__need")
        .get(pk=message_id)
    )


def _is_same(standing: Reply, answer: Answer, detail: Mapping[str, Any]) -> bool:
    """Whether it says the same; a date that was left open is the one that was given before."""
    before, after = dict(standing.detail), answer.as_detail()
    if not detail.get("until"):
        before.pop("until", None)
        after.pop("until", None)
    return before == after


def _undo(reply: Reply, *, now: datetime) -> None:
    message = reply.message
    take_back(message=message, reply=reply, now=now)
    reply.undone_at = now
    reply.save(update_fields=["undone_at"])
    note_signs(workspace_id=message.workspace_id, customer_ids=[person_of(message)], now=now)
    _tell("Nudge Reply Undone", reply, message, now=now)


def _tell(name: str, reply: Reply, message: Message, *, now: datetime) -> None:
    event = SystemEvent(
        customer_id=message.customer_id,
        name=name,
        message_id=f"{name.lower().replace(' ', '-')}:{reply.pk}",
        occurred_at=now,
        properties={
            "reply_id": reply.pk,
            "kind": reply.kind,
            "message_id": message.pk,
            "nudge_id": message.nudge_id,
            "nudge": message.nudge.name,
            "need": message.need_slug,
            "category": message.category.slug,
            "channel": message.channel,
            "text": reply.detail.get("text", ""),
        },
    )
    record_events(workspace_id=message.workspace_id, events=[event], now=now)
