"""Reads: the customer behind an id."""

from __future__ import annotations

from engagement.models import Customer, Identity, IdentityKind, Workspace


def find_customer(
    *, workspace: Workspace, external_id: str | None = None, anonymous_id: str | None = None
) -> Customer | None:
    """The customer who has this id now, or None. Give one id; of two, the external one counts."""
    kind, value = (
        (IdentityKind.EXTERNAL, external_id) if external_id else (IdentityKind.ANONYMOUS, anonymous_id)
    )
    if not value:
        return None
    identity = (
        Identity.objects.filter(workspace=workspace, kind=kind, value=value)
        .select_related("customer")
        .first()
    )
    return identity.customer if identity else None


def living_customers(*, workspace_id: int, customer_ids: set[int]) -> dict[int, int]:
    """Each of the ids with the id of the customer that it stands for now: itself, or who it was merged into."""
    found = Customer.objects.filter(workspace_id=workspace_id, id__in=customer_ids)
    return {
        found_id: target_id or found_id for found_id, target_id in found.values_list("id", "merged_into_id")
    }
