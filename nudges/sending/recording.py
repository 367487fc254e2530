"""Writing what became of messages: state, slot, address, decision and event, in one transaction, under the token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import transaction

from engagement.addresses import DEVICES, forget_address
from engagement.counts import Counts
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.statements import run_prepared
from engagement.suppressing import suppress_address
from nudges.channels import Outcome, Refused, Sent, Unknown
from nudges.models import Decision, Message, MessageState
from nudges.models import Outcome as Decided
from nudges.pressure import lock_customers_of, release_slots
from nudges.sending.delays import next_attempt
from nudges.sending.enveloping import Letter
from nudges.sending.rechecking import Obstacle

EVENTS = {
    MessageState.SENT: "Message Sent",
    MessageState.DELIVERED: "Message Delivered",
    MessageState.FAILED: "Message Failed",
    MessageState.BOUNCED: "Message Bounced",
}
# What a provider is too troubled to take goes to the next one, not within the same run of the step.
SWITCH = timedelta(seconds=1)
RELEASING = {MessageState.FAILED, MessageState.BOUNCED}


@dataclass(frozen=True, slots=True)
class Result:
    """The state that a message goes into; `attempts_given_back` where the provider, not the message, failed."""

    state: MessageState
    next_attempt_at: datetime | None = None
    provider_id: str = ""
    error: str = ""
    suppresses: str = ""
    attempts_given_back: int = 0


def result_of(message: Message, outcome: Outcome | None, *, now: datetime, has_other: bool = False) -> Result:
    """What an outcome makes of a message whose attempt is already counted. Pure.

    None: it was not handed over after all, because its provider was found to be down. `has_other`: another provider of
    the channel is there for what this one is too troubled to take.
    """
    match outcome:
        case None:
            return Result(MessageState.DECIDED, now, error=message.error, attempts_given_back=1)
        case Sent():
            state = MessageState.DELIVERED if outcome.is_delivered else MessageState.SENT
            return Result(state, provider_id=outcome.provider_id)
        case Refused(permanent=True):
            state = MessageState.BOUNCED if outcome.is_bounce else MessageState.FAILED
            return Result(state, error=outcome.error, suppresses=outcome.suppresses)
        case Refused(is_provider=True) if has_other:
            return Result(MessageState.DECIDED, now + SWITCH, error=outcome.error, attempts_given_back=1)
        case Refused():
            return _later(message, outcome.error, outcome.retry_after, now, is_provider=outcome.is_provider)
        case Unknown() if message.promise == "service":  # better twice than not at all
            return _later(message, outcome.error, None, now, is_provider=False)
        case Unknown():
            return Result(MessageState.UNKNOWN, error=outcome.error)


def _later(
    message: Message, error: str, retry_after: timedelta | None, now: datetime, *, is_provider: bool
) -> Result:
    when = next_attempt(
        dispatch_id=message.dispatch_id, attempts=message.attempts, now=now, at_least=retry_after
    )
    if when > message.not_after:
        return Result(MessageState.FAILED, error=f"given up at its not_after: {error}"[:500])
    return Result(MessageState.DECIDED, when, error=error, attempts_given_back=1 if is_provider else 0)


def begin(letters: Sequence[Letter], *, provider: str, token: UUID, now: datetime) -> set[int]:
    """Mark the hand-over of these messages as begun; returns the ids of those that are still ours to send."""
    parameters = {
        "ids": [letter.message.pk for letter in letters],
        "subjects": [letter.words.subject for letter in letters],
        "texts": [letter.words.body_text for letter in letters],
        "htmls": [letter.words.body_html for letter in letters],
        "variants": [letter.message.variant for letter in letters],
        "chances": [letter.message.variant_chance for letter in letters],
    }
    found = run_prepared(
        "nudges.begin_messages", parameters | {"provider": provider, "token": str(token), "now": now}
    )
    return {row["id"] for row in found}


def note_variants(messages: Iterable[Message], *, token: UUID) -> None:
    """Keep the variant of messages that its words end or fail: left out, they would make the groups unlike."""
    groups: dict[tuple[str, int | None], list[int]] = {}
    for message in messages:
        if message.variant:
            groups.setdefault((message.variant, message.variant_chance), []).append(message.pk)
    for (variant, chance), ids in groups.items():
        Message.objects.filter(pk__in=ids, claim_token=token, state=MessageState.CLAIMED).update(
            variant=variant, variant_chance=chance
        )


@transaction.atomic(savepoint=False)
def record(results: Sequence[tuple[Message, Result]], *, token: UUID, now: datetime) -> Counts:
    """Write the results of this worker's messages, with their consequences. Those of a lost claim change nothing."""
    counts = Counts()
    if not results:
        return counts
    _lock([message for message, result in results if result.state in RELEASING])
    written = _write(results, token=token, now=now)
    kept = [(message, result) for message, result in results if message.pk in written]
    counts["stale"] += len(results) - len(kept)
    for _message, result in kept:
        counts[str(result.state)] += 1
    settle(kept, now=now)
    return counts


def settle(results: Sequence[tuple[Message, Result]], *, now: datetime) -> None:
    """What follows from states just written: slots given back, addresses no longer used, the timeline told.

    In the caller's transaction, which holds the pressure of those customers whose slots are given back.
    """
    if released := [message.pk for message, result in results if result.state in RELEASING]:
        release_slots(released)
    _suppress(results, now=now)
    _tell(results, now=now)


@transaction.atomic
def cancel(obstacles: Sequence[tuple[Message, Obstacle]], *, token: UUID | None, now: datetime) -> Counts:
    """End messages that must not go any more: the ledger says why, the slot is free again.

    They are those of the worker with `token`, or with None those that nobody has claimed; others are left alone.
    """
    _lock([message for message, _obstacle in obstacles])
    still = Message.objects.select_for_update().filter(
        pk__in=[message.pk for message, _obstacle in obstacles],
        claim_token=token,
        state=MessageState.CLAIMED if token else MessageState.DECIDED,
        begun_at=None,
    )
    ids = set(still.order_by("id").values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(
        state=MessageState.CANCELLED, next_attempt_at=None, claim_token=None
    )
    why = {message.candidate_id: obstacle for message, obstacle in obstacles if message.pk in ids}
    decisions = list(Decision.objects.select_for_update().filter(candidate_id__in=why).order_by("id"))
    for decision in decisions:
        _overrule(decision, why[decision.candidate_id], now=now)
    Decision.objects.bulk_update(decisions, ["outcome", "reason", "rule", "earlier", "decided_at"])
    release_slots(ids)
    return Counts({"cancelled": len(ids)})


def postpone(obstacles: Sequence[tuple[Message, Obstacle]], *, token: UUID) -> Counts:
    """Return claimed messages that have to wait; they keep their slots."""
    groups: dict[datetime | None, list[int]] = {}
    for message, obstacle in obstacles:
        groups.setdefault(obstacle.until, []).append(message.pk)
    counts = Counts()
    for until, ids in groups.items():
        counts["postponed"] += Message.objects.filter(
            pk__in=ids, claim_token=token, state=MessageState.CLAIMED, begun_at=None
        ).update(state=MessageState.DECIDED, claim_token=None, next_attempt_at=until)
    return counts


def _lock(messages: Iterable[Message]) -> None:
    """The customers' pressure before their messages, in the order in which deciding takes them too."""
    if ids := sorted(message.pk for message in messages):
        lock_customers_of(ids)


def _overrule(decision: Decision, obstacle: Obstacle, *, now: datetime) -> None:
    decision.earlier = [
        *decision.earlier,
        {
            "at": decision.decided_at.isoformat(),
            "outcome": decision.outcome,
            "reason": decision.reason,
            "until": None,
        },
    ]
    decision.outcome = Decided.SUPPRESS
    decision.reason = obstacle.reason
    decision.rule = obstacle.rule
    decision.decided_at = now


def _write(results: Sequence[tuple[Message, Result]], *, token: UUID, now: datetime) -> set[int]:
    rows = [
        {
            "id": message.pk,
            "state": result.state,
            "attempts_given_back": result.attempts_given_back,
            "next_attempt_at": result.next_attempt_at,
            "sent_at": now if result.state in (MessageState.SENT, MessageState.DELIVERED) else None,
            "provider_id": result.provider_id,
            "error": result.error[:500],
        }
        for message, result in results
    ]
    outcomes = msgspec.json.encode(rows).decode()
    return {
        row["id"]
        for row in run_prepared("nudges.record_outcomes", {"outcomes": outcomes, "token": str(token)})
    }


def _suppress(results: Iterable[tuple[Message, Result]], *, now: datetime) -> None:
    """Nobody is there: the address is not used again, in this workspace, whoever has it. A device is forgotten."""
    for message, result in results:
        if result.suppresses and message.channel in DEVICES:
            forget_address(workspace_id=message.workspace_id, channel=message.channel, value=message.address)
        elif result.suppresses:
            suppress_address(
                workspace_id=message.workspace_id,
                channel=message.channel,
                value=message.address,
                reason=result.suppresses,
                source=message.provider or message.channel,
                now=now,
            )


def _tell(results: Iterable[tuple[Message, Result]], *, now: datetime) -> None:
    events: dict[int, list[SystemEvent]] = {}
    for message, result in results:
        if name := EVENTS.get(result.state):
            events.setdefault(message.workspace_id, []).append(_event(message, name, result, now))
    for workspace_id, of_workspace in sorted(events.items()):
        record_events(workspace_id=workspace_id, events=of_workspace, now=now)


def _event(message: Message, name: str, result: Result, now: datetime) -> SystemEvent:
    properties = {
        "message_id": message.pk,
        "nudge_id": message.nudge_id,
        "nudge": message.nudge.name,
        "channel": message.channel,
        "category": message.category.slug,
        "interest": message.interest,
        "promise": message.promise,
        "need": message.need_slug,
    }
    if result.error:
        properties["error"] = result.error
    return SystemEvent(
        customer_id=message.customer_id,
        name=name,
        message_id=f"{name.lower().replace(' ', '-')}:{message.pk}",
        occurred_at=now,
        properties=properties,
    )
