"""Where customers can be reached: told by the API, by a device itself, or by what a shop says of a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from engagement.models import Address, Channel, Customer
from engagement.people.locks import lock_customers

# An address of one of these is a device: it belongs to whoever uses it now, and is forgotten when it is gone.
DEVICES = {Channel.WEB_PUSH.value, Channel.MOBILE_PUSH.value}


@transaction.atomic
def register_address(
    *,
    customer: Customer,
    channel: str,
    value: str,
    details: Mapping[str, str] | None = None,
    now: datetime,
) -> tuple[Address, bool]:
    """Remember where a customer can be reached by a channel; told again it is only refreshed. Returns (it, is new).

    A device that somebody else had before is taken from them: what is for one person must not reach another.
    """
    lock_customers(workspace_id=customer.workspace_id, customer_ids=[customer.pk], now=now)
    if channel in DEVICES:
        others = Address.objects.filter(workspace_id=customer.workspace_id, channel=channel, value=value)
        others.exclude(customer=customer).delete()
    return Address.objects.update_or_create(
        workspace_id=customer.workspace_id,
        customer=customer,
        channel=channel,
        value=value,
        defaults={"details": dict(details or {}), "updated_at": now},
    )


def forget_address(*, workspace_id: int, channel: str, value: str) -> int:
    """Forget a device for everybody of the workspace; returns how many had it."""
    forgotten, _rows = Address.objects.filter(
        workspace_id=workspace_id, channel=channel, value=value
    ).delete()
    return forgotten
