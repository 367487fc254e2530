"""Switch requests for reviews on, deliver orders, let time pass, and read who was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engagement.models import Customer, Product, Workspace
from nudges.considering import consider_entries, consider_events
from nudges.deciding import decide_nudges
from nudges.models import Message
from nudges.requesting import Plan, set_requests
from nudges.sending import send_messages
from tests import make
from tests.make import NOW
from tests.nudges.deciding_one import HOUR, MINUTE
from tests.nudges.test_considering_events import happen


def switch(
    workspace: Workspace, *, at: datetime = NOW - HOUR, times: dict[str, int] | None = None, **fields: Any
) -> None:
    category = workspace.categories.first() or make.category(workspace, "reviews")
    known: dict[str, Any] = {
        "asks_reviews": True,
        "asks_owners": True,
        "event": "Order Delivered",
        "days": 14,
        "category": category,
    }
    actor = make.member(workspace).user
    set_requests(workspace=workspace, plan=Plan(**known | fields), times=times or {}, actor=actor, now=at)


def deliver(customer: Customer, *products: Product, at: datetime = NOW, order: str = "A1") -> None:
    happen(customer, at=at, order_id=order, products=[{"product_id": product.sku} for product in products])


def pass_time(now: datetime) -> None:
    consider_events(now=now)
    consider_entries(now=now)
    decide_nudges(now=now + 2 * MINUTE)
    send_messages(now=now + 2 * MINUTE)


def asked() -> list[tuple[int, str]]:
    return list(Message.objects.order_by("id").values_list("customer_id", "nudge__purpose"))
