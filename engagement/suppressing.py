"""The suppression list: addresses that must not be used, with who said so and why.

Only a hash of an address is kept, so that the list may outlive the customer: somebody who complained and was erased is
not written to again when an import brings the address back. Addresses that stand now are marked at once; a trigger of
the database marks those that are told later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Func, QuerySet, TextField
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import Address, Channel, Role, Suppression, Workspace

HARD_BOUNCE, COMPLAINT, MANUAL = "hard_bounce", "complaint", "manual"
# Who may take a suppression back by hand: what the customer said themselves is theirs to take back, where they can.
LIFTED_BY = {
    HARD_BOUNCE: Role.MARKETER,
    MANUAL: Role.MARKETER,
    "import": Role.MARKETER,
    COMPLAINT: Role.OWNER,
}


class CannotLift(Exception):
    """This suppression is not for this person to take back; the message says for whom."""


def hash_of(*, workspace_id: int, channel: str, value: str) -> str:
    """What is kept of an address; the database's `engagement_address_hash` is the same."""
    return hashlib.sha256(f"{workspace_id}:{channel}:{value.strip().lower()}".encode()).hexdigest()


@transaction.atomic
def suppress_address(
    *, workspace_id: int, channel: str, value: str, reason: str, source: str = "provider", now: datetime
) -> int:
    """Use an address no more, whoever of the workspace has it or gets it; returns how many had it usable.

    A complaint outweighs what stood there; else the first reason stays.
    """
    key = {
        "workspace_id": workspace_id,
        "channel": channel,
        "address_hash": hash_of(workspace_id=workspace_id, channel=channel, value=value),
    }
    standing, is_new = Suppression.objects.get_or_create(
        **key, defaults={"reason": reason, "source": source, "at": now}
    )
    if not is_new and reason == COMPLAINT != standing.reason:
        Suppression.objects.filter(pk=standing.pk).update(reason=reason, source=source, at=now)
    usable = Address.objects.filter(workspace_id=workspace_id, channel=channel, value__iexact=value.strip())
    if reason == COMPLAINT:
        usable.exclude(suppressed_at=None).update(suppression_reason=reason)
    return usable.filter(suppressed_at=None).update(
        suppressed_at=now, suppression_reason=reason, updated_at=now
    )


@transaction.atomic
def lift_suppression(*, workspace_id: int, channel: str, value: str, reason: str, now: datetime) -> int:
    """Use an address again that was suppressed for exactly this reason; returns how many rows that were."""
    address_hash = hash_of(workspace_id=workspace_id, channel=channel, value=value)
    lifted, _ = Suppression.objects.filter(
        workspace_id=workspace_id, channel=channel, address_hash=address_hash, reason=reason
    ).delete()
    return _use_again(workspace_id, channel, address_hash, reason, now) if lifted else 0


@transaction.atomic
def lift_by_hand(*, suppression: Suppression, actor: User, role: str, now: datetime) -> int:
    """A person of the workspace takes a suppression back, with a line in the audit trail. Raises CannotLift."""
    needed = LIFTED_BY.get(suppression.reason)
    if needed is None:
        raise CannotLift(
            "Only the customer can take this back, by the word or the page by which it was said."
        )
    if needed == Role.OWNER and role != Role.OWNER:
        raise CannotLift(_("A complaint is for an owner to take back, when the customer has asked for it."))
    detail = {"channel": suppression.channel, "reason": suppression.reason}
    record(
        workspace=suppression.workspace,
        actor=actor,
        action="lift_suppression",
        target=suppression,
        detail=detail,
        now=now,
    )
    channel, address_hash, reason = suppression.channel, suppression.address_hash, suppression.reason
    suppression.delete()
    return _use_again(suppression.workspace_id, channel, address_hash, reason, now)


def suppress_many(
    *, workspace: Workspace, lines: Iterable[str], channel: str, actor: User, now: datetime
) -> int:
    """Suppress the addresses of a list, one a line; returns how many were new on the list."""
    if channel not in Channel.values:
        raise ValueError(f"Unknown channel {channel!r}.")
    before = Suppression.objects.filter(workspace=workspace).count()
    for line in lines:
        if value := line.split(",")[0].strip().strip('"'):
            suppress_address(
                workspace_id=workspace.pk,
                channel=channel,
                value=value,
                reason="import",
                source="import",
                now=now,
            )
    added = Suppression.objects.filter(workspace=workspace).count() - before
    detail = {"channel": channel, "added": added}
    record(
        workspace=workspace,
        actor=actor,
        action="import_suppressions",
        target=workspace,
        detail=detail,
        now=now,
    )
    return added


def _use_again(workspace_id: int, channel: str, address_hash: str, reason: str, now: datetime) -> int:
    marked = Address.objects.filter(workspace_id=workspace_id, channel=channel, suppression_reason=reason)
    return marked.filter(pk__in=_hashed(marked).filter(hashed=address_hash).values("pk")).update(
        suppressed_at=None, suppression_reason="", updated_at=now
    )


def list_suppressions(workspace: Workspace, *, search: str = "", limit: int = 100) -> list[Suppression]:
    """The newest entries, or those of one address; each with `address` where a customer still has it."""
    rows = Suppression.objects.filter(workspace=workspace).order_by("-at", "-id")
    if search.strip():
        hashes = [
            hash_of(workspace_id=workspace.pk, channel=channel, value=search) for channel in Channel.values
        ]
        rows = rows.filter(address_hash__in=hashes)
    found = list(rows[:limit])
    hashed = _hashed(Address.objects.filter(workspace=workspace).exclude(suppressed_at=None))
    known = dict(hashed.filter(hashed__in=[row.address_hash for row in found]).values_list("hashed", "value"))
    for row in found:
        row.address = known.get(row.address_hash, "")  # type: ignore[attr-defined]
    return found


def _hashed(addresses: QuerySet[Address]) -> QuerySet[Any]:
    of = (F("workspace_id"), F("channel"), F("value"))
    return addresses.annotate(hashed=Func(*of, function="engagement_address_hash", output_field=TextField()))
