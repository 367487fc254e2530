"""Plain factories: each builds the least that is valid, and takes what a test cares about."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model

from engagement.models import (
    Address,
    Category,
    Channel,
    Consent,
    Customer,
    Identity,
    Member,
    Product,
    Workspace,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
_serial = count(1)
_far_ids = count(10**12)


def workspace(**fields: Any) -> Workspace:
    n = next(_serial)
    return Workspace.objects.create(
        **{"name": f"Shop {n}", "slug": f"shop-{n}", "holdout_percent": 0} | fields
    )


def member(workspace: Workspace, role: str = "owner", **fields: Any) -> Member:
    email = fields.pop("email", f"person{next(_serial)}@example.org")
    user = get_user_model().objects.create_user(username=email, email=email)  # no password: nothing is hashed
    return Member.objects.create(workspace=workspace, user=user, role=role, **fields)


def customer(
    workspace: Workspace, *, email: str | None = None, at: datetime = NOW, **fields: Any
) -> Customer:
    """A known customer with, when `email` is given, a usable e-mail address."""
    external_id = fields.pop("external_id", f"c{next(_serial)}")
    made = Customer.objects.create(
        workspace=workspace,
        external_id=external_id,
        email=email or "",
        **{"first_seen_at": at, "last_seen_at": at} | fields,
    )
    if external_id:
        Identity.objects.create(
            workspace=workspace, kind="external", value=external_id, customer=made, created_at=at
        )
    if email:
        Address.objects.create(
            workspace=workspace, customer=made, channel=Channel.EMAIL, value=email, updated_at=at
        )
    return made


def halves(workspace: Workspace, number: int, **fields: Any) -> list[Customer]:
    """Reachable customers, in turn outside and inside its holdout: nothing is left to the luck of ids."""
    people = []
    for place in range(number):
        pk = next(one for one in _far_ids if workspace.holds_out(one) == bool(place % 2))
        people.append(customer(workspace, email=f"{place}@example.org", id=pk, **fields))
    return people


def category(workspace: Workspace, slug: str = "tips", **fields: Any) -> Category:
    return Category.objects.create(
        workspace=workspace, slug=slug, **{"name": slug.title(), "opt_in": False} | fields
    )


def consent(
    customer: Customer, category: Category, channel: str = "email", state: str = "granted"
) -> Consent:
    return Consent.objects.create(
        workspace=customer.workspace,
        customer=customer,
        category=category,
        channel=channel,
        state=state,
        source="api",
        at=NOW,
    )


def product(workspace: Workspace, sku: str | None = None, **fields: Any) -> Product:
    return Product.objects.create(workspace=workspace, sku=sku or f"sku-{next(_serial)}", **fields)
