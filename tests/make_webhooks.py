"""Endpoints of a company's own programs, made by the functions that the doors use."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

from engagement.models import Delivery, Endpoint, Workspace
from engagement.webhooks.announcing import News, announce
from engagement.webhooks.subscribing import create_endpoint
from tests import make


def endpoint(workspace: Workspace, url: str = "https://shop.example.org/hooks", **values: Any) -> Endpoint:
    made, _secret = create_endpoint(
        workspace=workspace, values={"url": url} | values, actor=None, now=make.NOW
    )
    return made


def news(workspace: Workspace, once: str = "1", kind: str = "guide.published", **fields: Any) -> News:
    return News(workspace_id=workspace.pk, type=kind, once=once, at=make.NOW, **fields)


def announced(workspace: Workspace, count: int, *, at: datetime = make.NOW) -> list[Delivery]:
    """So many changes of the workspace, announced to its endpoints."""
    announce([news(workspace, once=f"{at}:{n}", data={"n": n}) for n in range(count)], now=at)
    return list(Delivery.objects.filter(workspace=workspace).order_by("pk"))


def told(workspace: Workspace) -> Endpoint:
    """An endpoint with a delivery in every state, as if its program had been spoken to."""
    made = endpoint(workspace, description="Order desk", types=["guide.published", "review.published"])
    announced(workspace, 3)
    waiting, taken, given_up = made.deliveries.order_by("pk")
    refused = {"at": make.NOW.isoformat(), "status": 503, "words": "down for maintenance", "ms": 812}
    silent = refused | {"status": None, "words": "ReadTimeout: timed out", "ms": 15_003}
    for delivery, state, attempts in (
        (waiting, "pending", [silent]),
        (taken, "delivered", [refused, refused | {"status": 200, "words": "", "ms": 41}]),
        (given_up, "failed", [refused, silent]),
    ):
        delivery.state, delivery.attempts, delivery.tries = state, attempts, len(attempts)
        delivery.due_at = make.NOW if state == "pending" else None
        delivery.save()
    return made


def is_signed(headers: Any, body: bytes, secret: str) -> bool:
    """As a receiver checks it, by the text of Standard Webhooks 1.0.0."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given = [one.removeprefix("v1,") for one in headers["webhook-signature"].split()]
    return any(hmac.compare_digest(wanted, one) for one in given)
