"""What is kept of an event's surroundings: what later steps use, and no more."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from engagement.people.traits import usable_locale, usable_timezone

LONGEST_TEXT = 1_000
TEXTS = ("userAgent", "channel", "groupId")
PARTS = {
    "page": ("url", "path", "referrer", "title", "search"),
    "campaign": ("name", "source", "medium", "term", "content"),
    "library": ("name", "version"),
}


class Contexts:
    """Keeps contexts for the events of one request, which nearly always have the same."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.asked: tuple[Any, ...] | None = None
        self.kept: dict[str, Any] = {}

    def keep(self, context: Mapping[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
        """`kept_context`, or the last answer when the same is asked."""
        asked = (context, call.get("integrations"), *(call.get(name) for name in TEXTS))
        if asked != self.asked:
            self.asked, self.kept = asked, kept_context(context, call, peer=self.peer)
        return self.kept


def kept_context(context: Mapping[str, Any], call: Mapping[str, Any], *, peer: str) -> dict[str, Any]:
    """The part of a call's context that is kept.

    An IP address is kept without its last part, which would single out a household. The peer's stands in for a missing
    one only where the peer is the visitor's browser. `automation: false` says that the sender asked (by
    `integrations: {"All": false}`) that nothing of ours be started by this event.
    """
    kept: dict[str, Any] = {}
    for name in TEXTS:
        if isinstance(text := context.get(name) or call.get(name), str):
            kept[name] = text[:LONGEST_TEXT]
    for name, members in PARTS.items():
        if isinstance(part := context.get(name), Mapping) and (found := _texts(part, members)):
            kept[name] = found
    _keep_place(kept, context, peer)
    session = context.get("sessionId")
    if isinstance(session, str | int) and not isinstance(session, bool):
        kept["sessionId"] = str(session)[:100]
    integrations = call.get("integrations")
    if isinstance(integrations, Mapping) and integrations.get("All") is False:
        kept["automation"] = False
    return kept


def truncated_ip(text: object) -> str:
    """203.0.113.7 as 203.0.113.0 and an IPv6 address without its last 80 bits; empty for anything else."""
    try:
        address = ipaddress.ip_address(text if isinstance(text, str) else "")
    except ValueError:
        return ""
    keep = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, keep), strict=False).network_address)


def _keep_place(kept: dict[str, Any], context: Mapping[str, Any], peer: str) -> None:
    told = context.get("ip") or (peer if "userAgent" in kept or "page" in kept else "")
    if told and (ip := truncated_ip(told)):
        kept["ip"] = ip
    if locale := usable_locale(context.get("locale")):
        kept["locale"] = locale
    if timezone := usable_timezone(context.get("timezone")):
        kept["timezone"] = timezone


def _texts(part: Mapping[str, Any], members: tuple[str, ...]) -> dict[str, str]:
    return {
        name: value[:LONGEST_TEXT] for name in members if isinstance(value := part.get(name), str) and value
    }
