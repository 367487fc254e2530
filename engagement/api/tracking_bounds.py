"""How big and how deep an event may be, and texts that the store cannot hold.

The cheap questions come first: a whole body that is small and flat needs no walk through its events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from engagement.api.tracking_answers import Refused
from engagement.api.tracking_calls import DEEPEST, MOST_KEYS, BadEvent

MOST_EVENTS = 2_500  # of one request
MOST_EVENT_BYTES = 512 * 1024


def check_count(calls: list[Any]) -> None:
    """Refuse a request with too many events as a whole: its client must send smaller batches."""
    if len(calls) > MOST_EVENTS:
        raise Refused(413, "too_many_events", f"Send at most {MOST_EVENTS} events in a request.")


def checker(body: bytes) -> Callable[[Any], None]:
    """A check for the events of this body; raises BadEvent."""
    is_flat = body.count(b"{") + body.count(b"[") <= DEEPEST and body.count(b":") <= MOST_KEYS
    is_small = len(body) <= MOST_EVENT_BYTES

    def check(call: Any) -> None:
        if not is_flat:
            _measure(call)
        if not is_small and len(msgspec.json.encode(call)) > MOST_EVENT_BYTES:
            raise BadEvent("event_too_large", f"An event must not exceed {MOST_EVENT_BYTES} bytes.")

    return check


def without_nul(payload: Any, body: bytes) -> Any:
    """The payload without NUL characters, which Postgres cannot hold; nearly always the payload itself."""
    return _strip(payload, 200) if b"\\u0000" in body else payload


def _measure(call: Any) -> None:
    keys = 0
    open_: list[tuple[Any, int]] = [(call, 0)]
    while open_:
        value, depth = open_.pop()
        if depth > DEEPEST:
            raise BadEvent("too_deep", f"An event must not nest more than {DEEPEST} levels.")
        if type(value) is dict:
            keys += len(value)
            value = value.values()
        elif type(value) is not list:
            continue
        open_ += [(inner, depth + 1) for inner in value if type(inner) is dict or type(inner) is list]
        if keys > MOST_KEYS:
            raise BadEvent("too_many_keys", f"An event must not have more than {MOST_KEYS} keys.")


def _strip(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if levels < 0:
        return None
    if isinstance(value, dict):
        return {_strip(key, 0): _strip(inner, levels - 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_strip(inner, levels - 1) for inner in value]
    return value
