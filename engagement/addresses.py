"""Where customers can be reached: told by the API, by a device itself, or by what a shop says of a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from engagement.models import Address, Channel, Customer
from engagement.people.locks import lock_customers

# An address of one of these is a device: it belongs to whoever uses it now, and is forgotten when it is gone.
DEVICES = {Channel.WEB_PUSH.value, Channel.MOBILE_PUSH.value}
# The spelling of a telephone number that means one line all over the world (E.164).
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SEPARATORS = re.compile(r"[\s()./\u00a0\u2010-\u2015-]")


def usable_number(value: object) -> str:
    """A telephone number as it is kept, such as +4915112345678, or empty when it does not name its country."""
    text = SEPARATORS.sub("", value) if isinstance(value, str) else ""
    text = f"+{text[2:]}" if text.startswith("00") else text
    return text if NUMBER.fullmatch(text) else ""


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


def suppress_address(*, workspace_id: int, channel: str, value: str, reason: str, now: datetime) -> int:
    """Use an address no more, whoever of the workspace has it; returns how many had it usable."""
    return Address.objects.filter(
        workspace_id=workspace_id, channel=channel, value=value, suppressed_at=None
    ).update(suppressed_at=now, suppression_reason=reason, updated_at=now)


def lift_suppression(*, workspace_id: int, channel: str, value: str, reason: str, now: datetime) -> int:
    """Use an address again that was suppressed for exactly this reason; returns how many rows that were."""
    return Address.objects.filter(
        workspace_id=workspace_id, channel=channel, value=value, suppression_reason=reason
    ).update(suppressed_at=None, suppression_reason="", updated_at=now)
