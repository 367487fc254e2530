"""From the wire to an event: what a call must have, what is kept of it, and when it really happened."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from engagement.api.tracking_contexts import Contexts
from engagement.events import LONGEST_ID, LONGEST_NAME, TYPES, IncomingEvent, is_system_name
from engagement.ingesting import Rejection

MOST_KEYS = 1_000  # of one event, all levels together
DEEPEST = 16
LONGEST_PAYLOAD = 2_000  # characters of a refused event that are kept
NOTHING: dict[str, Any] = {}


class BadEvent(Exception):
    """One event of a batch that cannot be taken: a slug and a sentence that names field and remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Placed(NamedTuple):
    """An event and its place in its batch, from 0."""

    place: int
    event: IncomingEvent


class Envelope(NamedTuple):
    """What a request says about all of its events."""

    received_at: datetime
    sent_at: datetime | None
    oldest: datetime
    contexts: Contexts
    context: Mapping[str, Any]
    is_public: bool


def read_calls(
    calls: list[Any], envelope: Envelope, *, check: Callable[[Any], None]
) -> tuple[list[Placed], list[Rejection]]:
    """The good calls of a request as events and the bad ones with place and reason; no-ops are in neither.

    `check` refuses a call that is too big (see `tracking_bounds`).
    """
    placed: list[Placed] = []
    rejections: list[Rejection] = []
    for index, call in enumerate(calls):
        try:
            check(call)
            event = read_call(call, envelope)
        except BadEvent as bad:
            rejections.append(Rejection(index, bad.code, bad.message, excerpt(call)))
        else:
            if event is not None:
                placed.append(Placed(index, event))
    return placed, rejections


def read_call(call: Any, envelope: Envelope) -> IncomingEvent | None:
    """One call as an event; None for an alias of an id to itself, which is a no-op. Raises BadEvent."""
    if not isinstance(call, dict):
        raise BadEvent("not_an_object", "An event must be a JSON object.")
    kind = call.get("type")
    kind = kind.lower() if isinstance(kind, str) else ""
    if kind not in TYPES:
        raise BadEvent("unknown_type", f"`type` must be one of {', '.join(TYPES)}.")
    user_id = _id(call, "userId")
    anonymous_id = _id(call, "anonymousId")
    previous_id = _id(call, "previousId") if kind == "alias" else None
    if kind == "alias":
        if not previous_id or not user_id:
            raise BadEvent("id_missing", "An alias needs `previousId` and `userId`.")
        if previous_id == user_id:
            return None
    elif not user_id and not anonymous_id:
        raise BadEvent("id_missing", "Give `userId` or `anonymousId`.")
    context = _mapping(call, "context")
    return IncomingEvent(
        type=kind,
        name=_name(call, kind, is_public=envelope.is_public),
        message_id=_message_id(call.get("messageId")),
        occurred_at=_occurred_at(call, envelope),
        properties=_properties(call, kind),
        context=envelope.contexts.keep(
            {**envelope.context, **context} if envelope.context else context, call
        ),
        user_id=user_id,
        anonymous_id=anonymous_id,
        previous_id=previous_id,
        traits=_traits(call, context) if kind == "identify" else NOTHING,
    )


def excerpt(call: Any) -> Any:
    """A refused event as it is kept: whole when it is small, else its outline and its size."""
    text = str(call)
    if len(text) <= LONGEST_PAYLOAD:
        return call
    outline = {}
    if isinstance(call, dict):
        names = ("type", "event", "name", "userId", "anonymousId", "messageId", "timestamp")
        outline = {name: str(call[name])[:200] for name in names if name in call}
    return outline | {"cut": f"{len(text)} characters in all"}


def parse_time(value: Any) -> datetime | None:
    """An ISO 8601 text, or seconds or milliseconds since 1970; None when it is neither."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _occurred_at(call: dict[str, Any], envelope: Envelope) -> datetime:
    """When it happened by our clock: the sender's clock may be wrong, but it is wrong by the same on all its times."""
    told = parse_time(call.get("timestamp")) or parse_time(call.get("originalTimestamp"))
    sent_at = parse_time(call.get("sentAt")) or envelope.sent_at
    if told is None:
        return envelope.received_at
    try:
        moment = envelope.received_at - (sent_at - told) if sent_at else told
    except OverflowError:
        return envelope.received_at
    if moment < envelope.oldest:
        days = (envelope.received_at - envelope.oldest) // timedelta(days=1)
        raise BadEvent("too_old", f"`timestamp` lies before the {days} days that this workspace keeps.")
    return min(moment, envelope.received_at)


def _id(call: dict[str, Any], field: str) -> str | None:
    """An id as text; empty ones are absent, numbers are written out."""
    value = call.get(field)
    if value is None or value == "" or isinstance(value, bool):
        return None
    if not isinstance(value, str | int | float):
        raise BadEvent("id_invalid", f"`{field}` must be a text or a number.")
    text = str(value)
    if len(text) > LONGEST_ID:
        raise BadEvent("id_too_long", f"`{field}` must not exceed {LONGEST_ID} characters.")
    return text.strip() or None


def _message_id(value: Any) -> str:
    if value is None or value == "" or not isinstance(value, str | int | float):
        return str(uuid.uuid4())
    text = str(value)
    return text if len(text) <= LONGEST_ID else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _name(call: dict[str, Any], kind: str, *, is_public: bool) -> str:
    if kind == "track":
        name = call.get("event")
        if not isinstance(name, str) or not name.strip():
            raise BadEvent("event_missing", "A track call needs `event`, the name of what happened.")
        if is_public and is_system_name(name):
            raise BadEvent(
                "reserved_name", "Touchstone itself states this fact. Give your event another name."
            )
    elif kind in ("page", "screen"):
        name = call.get("name") or _mapping(call, "properties").get("name") or ""
    else:
        return ""
    name = name.strip() if isinstance(name, str) else ""
    if len(name) > LONGEST_NAME:
        raise BadEvent("name_too_long", f"A name must not exceed {LONGEST_NAME} characters.")
    return name


def _properties(call: dict[str, Any], kind: str) -> dict[str, Any]:
    if kind == "group":
        group_id = _id(call, "groupId")
        if group_id is None:
            raise BadEvent("group_missing", "A group call needs `groupId`.")
        return {**_mapping(call, "traits"), "groupId": group_id}
    if kind == "alias":
        return {"previousId": _id(call, "previousId")}
    properties = _mapping(call, "properties")
    if kind in ("page", "screen") and isinstance(call.get("category"), str):
        return {"category": call["category"], **properties}
    return properties


def _traits(call: dict[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """RudderStack's Python and browser clients put traits into the context only."""
    inside = context.get("traits")
    return {**inside, **_mapping(call, "traits")} if isinstance(inside, dict) else _mapping(call, "traits")


def _mapping(call: dict[str, Any], field: str) -> dict[str, Any]:
    value = call.get(field)
    if value is None:
        return NOTHING
    if not isinstance(value, dict):
        raise BadEvent("not_an_object", f"`{field}` must be a JSON object.")
    return value
