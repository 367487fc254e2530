"""Who sends: the key of a tracking request, from wherever the client puts it."""

from __future__ import annotations

import base64
import binascii
import time
from typing import Any, NamedTuple

from django.http import HttpRequest

from engagement.api.tracking_answers import Refused
from engagement.keys import find_key
from engagement.models import KeyKind

REMEMBERED_FOR = 4.0  # seconds
MOST_REMEMBERED = 10_000
_remembered: dict[str, tuple[float, Sender | None]] = {}


class Sender(NamedTuple):
    """On whose behalf a request comes, and how much it is trusted: "tracking" (a public key) or "api"."""

    key_id: int
    workspace_id: int
    workspace_name: str
    retention_days: int
    source: str


def key_of_request(request: HttpRequest) -> str:
    """The key in the Authorization header, as user name or token; else empty."""
    kind, _, rest = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[0]


def key_of_payload(payload: dict[str, Any]) -> str:
    """The key in the body: of the batch, else of its first event."""
    key = payload.get("writeKey")
    events = payload.get("batch")
    if not key and isinstance(events, list) and events and isinstance(events[0], dict):
        key = events[0].get("writeKey")
    return key if isinstance(key, str) else ""


def find_sender(text: str) -> Sender:
    """Who has this key. Raises Refused.

    Looked up in the database once in four seconds and process, not for every request. So a key that is revoked, or a
    workspace whose retention is changed, acts here within five seconds.
    """
    now = time.monotonic()
    until, sender = _remembered.get(text, (0.0, None))
    if now >= until:
        sender = _look_up(text)
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[text] = (now + REMEMBERED_FOR, sender)
    if sender is None:
        raise Refused(401, "unknown_write_key", "No such write key. Copy one from the dashboard's settings.")
    return sender


def forget_senders() -> None:
    """Look every key up again."""
    _remembered.clear()


def _look_up(text: str) -> Sender | None:
    key = find_key(text[:200])
    if key is None or (key.kind != KeyKind.WRITE and "events:write" not in key.scopes):
        return None
    return Sender(
        key_id=key.pk,
        workspace_id=key.workspace_id,
        workspace_name=key.workspace.name,
        retention_days=key.workspace.retention_days,
        source="tracking" if key.kind == KeyKind.WRITE else "api",
    )
