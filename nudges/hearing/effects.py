"""What a reply changes, kept so that it can be taken back: {"what": ..., then what stood there before}."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from engagement.consents import set_consent
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Channel, Consent, ConsentState, Customer, Fact
from journeys.closing import ClosedForGood, close_need, reopen_need, snooze_need
from journeys.models import CustomerNeed
from nudges.hearing.answers import NEED, Answer
from nudges.hearing.preferring import pause_category
from nudges.models import Message, Reply, ReplyKind

COUNTED = "counted"
SNOOZED_NEED = "snoozed_need"
PAUSED_CATEGORY = "paused_category"
CLOSED_NEED = "closed_need"
LEFT_CATEGORY = "left_category"
TOLD = "told"
NOTED = "noted"
NOT_RELEVANT = "not_relevant"


def take_effect(*, message: Message, answer: Answer, reply_id: int, now: datetime) -> dict[str, Any]:
    """Change what the answer asks for; returns what was done and what was there before."""
    match answer.kind:
        case ReplyKind.NOT_NOW:
            assert answer.until is not None
            return _wait(message, answer.until, now)
        case ReplyKind.NOT_RELEVANT:
            return _close(message, now) if answer.choice == NEED else _leave(message, now)
        case ReplyKind.CHANGED:
            return (
                _tell_facts(message, dict(answer.facts), reply_id, now) if answer.facts else {"what": NOTED}
            )
        case _:
            return {"what": COUNTED}


def take_back(*, message: Message, reply: Reply, now: datetime) -> None:
    """Restore what stood before the reply, unless something else has been said about it since."""
    effect = reply.effect
    match effect.get("what"):
        case "snoozed_need":
            _unsnooze(effect, now)
        case "paused_category":
            pause_category(
                customer_id=person_of(message),
                workspace_id=message.workspace_id,
                category_id=effect["category_id"],
                until=_time(effect["before"]),
                only_if=_time(effect["until"]),
                now=now,
            )
        case "closed_need":
            _reopen(effect, now)
        case "left_category":
            _return_to_category(message, effect, now)
        case "told":
            _untell(message, reply, now)


def person_of(message: Message) -> int:
    """Whom the message belongs to now: the customer, or who they were merged into."""
    target = Customer.objects.values_list("merged_into_id", flat=True).get(pk=message.customer_id)
    return target or message.customer_id


def _wait(message: Message, until: datetime, now: datetime) -> dict[str, Any]:
    if message.customer_need is None:
        before = pause_category(
            customer_id=person_of(message),
            workspace_id=message.workspace_id,
            category_id=message.category_id,
            until=until,
            now=now,
        )
        return {
            "what": PAUSED_CATEGORY,
            "category_id": message.category_id,
            "category": message.category.name,
            "until": until.isoformat(),
            "before": before.isoformat() if before else None,
        }
    need = message.customer_need
    standing = snooze_need(customer_need_id=need.pk, until=until, now=now)
    return {
        "what": SNOOZED_NEED,
        "customer_need_id": need.pk,
        "need": need.need.name,
        "until": until.isoformat(),
        "before": standing.snoozed_until.isoformat() if standing.snoozed_until else None,
    }


def _unsnooze(effect: dict[str, Any], now: datetime) -> None:
    need = CustomerNeed.objects.filter(pk=effect["customer_need_id"]).first()
    if need is not None and need.snoozed_until == _time(effect["until"]):
        snooze_need(customer_need_id=need.pk, until=_time(effect["before"]), now=now)


def _close(message: Message, now: datetime) -> dict[str, Any]:
    need = message.customer_need
    assert need is not None
    standing = close_need(customer_need_id=need.pk, reason=NOT_RELEVANT, now=now)
    return {
        "what": CLOSED_NEED,
        "customer_need_id": need.pk,
        "need": need.need.name,
        "was_open": standing.closed_at is None,
    }


def _reopen(effect: dict[str, Any], now: datetime) -> None:
    need = CustomerNeed.objects.filter(pk=effect["customer_need_id"]).first()
    if need is None or not effect["was_open"] or need.closed_reason != NOT_RELEVANT:
        return
    with suppress(ClosedForGood):  # a need of the kind that has begun since keeps its place
        reopen_need(customer_need_id=need.pk, now=now)


def _leave(message: Message, now: datetime) -> dict[str, Any]:
    changes = set_consent(
        workspace_id=message.workspace_id,
        customer_id=person_of(message),
        category_id=message.category_id,
        channels=Channel.values,
        state=ConsentState.DENIED,
        source="reply",
        proof=f"reply to message {message.pk}",
        now=now,
    )
    return {
        "what": LEFT_CATEGORY,
        "category_id": message.category_id,
        "category": message.category.name,
        "before": {change.channel: change.before for change in changes},
    }


def _return_to_category(message: Message, effect: dict[str, Any], now: datetime) -> None:
    customer_id = person_of(message)
    still_denied = set(
        Consent.objects.filter(
            customer_id=customer_id,
            category_id=effect["category_id"],
            state=ConsentState.DENIED,
            source="reply",
        ).values_list("channel", flat=True)
    )
    groups: dict[str | None, list[str]] = {}
    for channel, state in effect["before"].items():
        if channel in still_denied:
            groups.setdefault(state, []).append(channel)
    for state, channels in groups.items():
        set_consent(
            workspace_id=message.workspace_id,
            customer_id=customer_id,
            category_id=effect["category_id"],
            channels=channels,
            state=state,
            source="reply",
            proof=f"reply to message {message.pk} taken back",
            now=now,
        )


def _tell_facts(message: Message, facts: dict[str, str], reply_id: int, now: datetime) -> dict[str, Any]:
    known = Fact.objects.filter(customer_id=person_of(message), topic=message.need_slug, key__in=facts)
    before = dict(known.values_list("key", "value"))
    _tell(message, facts, f"context-told:{reply_id}", now)
    return {
        "what": TOLD,
        "need": message.customer_need.need.name if message.customer_need else "",
        "facts": facts,
        "before": {key: before.get(key) for key in facts},
    }


def _untell(message: Message, reply: Reply, now: datetime) -> None:
    """Say what was known before, on the same timeline; None makes a fact unknown again."""
    _tell(message, reply.effect["before"], f"context-untold:{reply.pk}", now)


def _tell(message: Message, facts: dict[str, Any], message_id: str, now: datetime) -> None:
    event = SystemEvent(
        customer_id=message.customer_id,
        name="Context Told",
        message_id=message_id,
        occurred_at=now,
        properties={"topic": message.need_slug, "facts": facts, "source": "reply", "message_id": message.pk},
    )
    record_events(workspace_id=message.workspace_id, events=[event], now=now)


def _time(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
