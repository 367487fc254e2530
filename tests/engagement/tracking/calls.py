"""Calls to the tracking door, and what became of them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from engagement.models import Event, RejectedEvent, Workspace

VIEWED = {"type": "track", "event": "Product Viewed", "userId": "ada", "messageId": "m1"}
Send = Callable[..., HttpResponse]


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def batch(*events: Any, **members: Any) -> dict[str, Any]:
    return {"batch": list(events), **members}


def stored(workspace: Workspace) -> Event:
    return Event.objects.get(workspace=workspace)


def refused(workspace: Workspace) -> list[tuple[int, str]]:
    return list(
        RejectedEvent.objects.filter(workspace=workspace).order_by("index").values_list("index", "code")
    )
