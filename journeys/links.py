"""Links to pages that are somebody's own: each signed for one purpose and expiring. Whoever holds one may act by it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from engagement.models import Customer, Workspace
from engagement.signing import BadToken, sign, unsign

SITUATION = "situation"
SITUATION_FOR = timedelta(days=180)


def situation_url(customer: Customer) -> str:
    """Where a customer sees and changes what they told about their situation."""
    token = sign(SITUATION, {"c": customer.pk, "w": customer.workspace_id})
    return hosted_url("situation_page", customer.workspace, token=token)


def customer_of_link(purpose: str, token: str, *, workspace: Workspace, max_age: timedelta) -> Customer:
    """The customer whom a link of ours names, or who they were merged into. Raises BadToken."""
    payload = unsign(purpose, token, max_age=max_age)
    customer_id = payload.get("c")
    if payload.get("w") != workspace.pk or not isinstance(customer_id, int):
        raise BadToken
    found = Customer.objects.select_related("merged_into").filter(pk=customer_id, workspace=workspace).first()
    if found is None:
        raise BadToken
    return found.merged_into or found


def hosted_url(name: str, workspace: Workspace, **kwargs: object) -> str:
    """The whole address of a hosted page."""
    path = reverse(f"journeys_embed:{name}", kwargs={"workspace": workspace.slug, **kwargs})
    return f"{settings.BASE_URL}{path}"
