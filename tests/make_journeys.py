"""Factories for needs and for what customers did about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Customer, Identity, Workspace
from journeys.evidence import install_default_evidence
from journeys.models import Need
from tests import make

_serial = count(1)


def shop(**rules: Any) -> Workspace:
    """A workspace with the default evidence and one need, "shoes"."""
    workspace = make.workspace()
    install_default_evidence(workspace)
    need(workspace, "shoes", **(rules or {"categories": ["Shoes"]}))
    return workspace


def need(workspace: Workspace, slug: str, **rules: Any) -> Need:
    return Need.objects.create(
        workspace=workspace, slug=slug, name=slug.title(), rules=rules or {"categories": [slug]}
    )


def did(
    name: str, at: datetime, user: str = "ana", *, kind: str = "track", **properties: Any
) -> IncomingEvent:
    """One thing a customer did."""
    return IncomingEvent(
        type=kind,
        name=name,
        message_id=f"made-{next(_serial)}",
        occurred_at=at,
        user_id=user,
        properties=properties,
    )


def viewed(sku: str, at: datetime, user: str = "ana", category: str = "Shoes") -> IncomingEvent:
    return did("Product Viewed", at, user, product_id=sku, category=category)


def added(sku: str, at: datetime, user: str = "ana", category: str = "Shoes") -> IncomingEvent:
    return did("Product Added", at, user, product_id=sku, category=category)


def ordered(
    order: str, skus: Iterable[str], at: datetime, user: str = "ana", category: str = "Shoes"
) -> IncomingEvent:
    products = [{"product_id": sku, "category": category} for sku in skus]
    return did("Order Completed", at, user, order_id=order, products=products)


def comparing(start: datetime, user: str = "ana", category: str = "Shoes") -> list[IncomingEvent]:
    """From a first look to a product in the cart: enough for the shortlist."""
    minute = timedelta(minutes=1)
    return [
        did("Product List Viewed", start, user, category=category),
        viewed("a", start + minute, user, category),
        viewed("b", start + 2 * minute, user, category),
        added("b", start + 3 * minute, user, category),
    ]


def send(workspace: Workspace, *events: IncomingEvent, at: datetime | None = None) -> None:
    """Take these events as the tracking door does; `at` is when they were received (default: with the last)."""
    received = at or max(event.occurred_at for event in events)
    ingest_events(workspace_id=workspace.pk, events=events, received_at=received, source="tracking")


def person(workspace: Workspace, user: str = "ana") -> Customer:
    return Identity.objects.get(workspace=workspace, kind="external", value=user).customer
