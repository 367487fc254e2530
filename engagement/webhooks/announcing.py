"""A change is announced in the transaction that makes it, so that it is told exactly if it happened.

One statement writes the announcement, and a delivery for each endpoint that wants its type. Where none does, nothing is
written: most have no endpoint at all, so who wants what is asked before anything is made for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from engagement.events import event_key
from engagement.models import Endpoint
from engagement.statements import run_prepared

MOST_BYTES = 16 * 1024  # of what is told of one change; receivers expect 20 kB at most
LONGEST_KEPT = 200


class News(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one of the TYPES. `once` names it among all of its workspace: told twice, it is announced once."""

    workspace_id: int
    type: str
    once: str
    at: datetime
    data: dict[str, Any] = {}
    customer_id: int | None = None


def announce(news: Sequence[News], *, now: datetime) -> None:
    """Have endpoints told of these, in this order. Two statements at most; needs the transaction of the change itself.

    What is about a customer carries who it is, and goes when they are erased.
    """
    if not (news := _wanted(news)):
        return
    rows = [
        {
            "workspace_id": one.workspace_id,
            "customer_id": one.customer_id,
            "key": event_key(f"{one.workspace_id}:{one.type}:{one.once}", of_system=True),
            "type": one.type,
            "at": one.at,
            "data": bounded(one.data),
        }
        for one in news
    ]
    run_prepared("engagement.announce", {"news": msgspec.json.encode(rows).decode(), "now": now})


def _wanted(news: Sequence[News]) -> list[News]:
    """Those of a type that some endpoint of their workspace wants; one that names none wants all."""
    if not news:
        return []
    endpoints = Endpoint.objects.filter(workspace__in={one.workspace_id for one in news}, is_enabled=True)
    wanted: dict[int, list[list[str]]] = {}
    for workspace_id, types in endpoints.values_list("workspace_id", "types"):
        wanted.setdefault(workspace_id, []).append(types)
    return [
        one
        for one in news
        if any(not types or one.type in types for types in wanted.get(one.workspace_id, ()))
    ]


def bounded(data: dict[str, Any]) -> dict[str, Any]:
    """The data, or of too much of it only what is short, marked as cut."""
    if len(msgspec.json.encode(data)) <= MOST_BYTES:
        return data
    short = {name: value for name, value in data.items() if len(msgspec.json.encode(value)) <= LONGEST_KEPT}
    return {**dict(list(short.items())[: MOST_BYTES // (2 * LONGEST_KEPT)]), "is_cut": True}
