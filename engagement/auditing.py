"""The audit trail: who changed what. Rows are only ever added; the database refuses anything else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from engagement.models import ApiKey, AuditEntry, Workspace
from engagement.webhooks.announcing import News, announce
from engagement.webhooks.types import OF_DEEDS


def record(
    *,
    workspace: Workspace,
    actor: User | ApiKey | None,
    action: str,
    target: Model | None = None,
    detail: dict[str, Any] | None = None,
    now: datetime,
) -> AuditEntry:
    """Write one line of the trail in the caller's transaction, so that it stands exactly if the change stands.

    `action` is verb_object, such as "revoke_key"; `detail` is what a reader needs to understand it, JSON only, and
    never a secret. `actor` None means the program itself. Deeds that endpoints may want to hear of are announced.
    """
    entry = AuditEntry.objects.create(
        workspace=workspace,
        actor=actor if isinstance(actor, User) else None,
        actor_label=actor_label(actor),
        action=action,
        object_type=target._meta.model_name or "" if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        detail=detail or {},
        at=now,
    )
    if kind := OF_DEEDS.get(action):
        about = {f"{entry.object_type}_id": target.pk} if target is not None else {}
        news = News(
            workspace_id=workspace.pk, type=kind, once=f"trail:{entry.pk}", at=now, data=about | entry.detail
        )
        announce([news], now=now)
    return entry


def actor_label(actor: User | ApiKey | None) -> str:
    """How an actor is shown in the trail, also after the account or key is gone."""
    if actor is None:
        return "system"
    if isinstance(actor, User):
        return (actor.email or actor.get_username())[:160]
    return f"key {actor.name} ({actor.prefix}…)"[:160]


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """What differs between two sets of values, as {field: [before, after]} in a form that JSON can keep."""
    return {
        field: [as_json(before.get(field)), as_json(value)]
        for field, value in after.items()
        if as_json(before.get(field)) != as_json(value)
    }


def as_json(value: Any) -> Any:
    """A value as the trail keeps it: plain JSON types stay, rows become their name, the rest its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return str(value)
