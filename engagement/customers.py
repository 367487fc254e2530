"""Reads of customers: found by what people type, ordered for lists."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from engagement.models import Customer, Workspace

# What a list can be ordered by: field, newest or largest first, and whether rows without a value are left out.
ORDERS = {
    "seen": ("last_seen_at", True),
    "new": ("first_seen_at", True),
    "name": ("name", False),
    "email": ("email", False),
}


def customers_of(workspace: Workspace) -> QuerySet[Customer]:
    """Everybody who is still a customer of their own: merged ones live on in whom they were merged into."""
    return Customer.objects.filter(workspace=workspace, merged_into=None)


def search_customers(rows: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Those whose name, e-mail address or id contains the text, or who came under exactly this anonymous id."""
    asked = text.strip().replace("\x00", "")[:200]
    if not asked:
        return rows
    return rows.filter(
        Q(name__icontains=asked)
        | Q(email__icontains=asked)
        | Q(external_id__icontains=asked)
        | Q(pk__in=Customer.objects.filter(identities__value=asked).values("pk"))
    )
