"""Somebody followed the link in a mail, so its address is theirs: which customer that makes them."""

from __future__ import annotations

from datetime import datetime

from engagement.models import Address, Channel, Customer


def owner_of_address(visitor: Customer, email: str, *, now: datetime) -> Customer:
    """The customer of the visitor's workspace who has the address, else the visitor, who gets it; verified now."""
    found = Address.objects.filter(
        workspace_id=visitor.workspace_id, channel=Channel.EMAIL, value=email, customer__merged_into=None
    ).order_by("customer_id")
    address = found.select_related("customer").first()
    if address is None:
        visitor.email = email
        visitor.save(update_fields=["email"])
        address = Address(
            workspace_id=visitor.workspace_id,
            customer=visitor,
            channel=Channel.EMAIL,
            value=email,
            updated_at=now,
        )
    if address.verified_at is None:
        address.verified_at = now
        address.save()
    return address.customer
