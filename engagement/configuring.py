"""A workspace opened, its settings and its consent categories changed, each with its line in the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from engagement.auditing import changes, record
from engagement.models import ApiKey, Category, Workspace


def open_account(
    *, name: str, slug: str, timezone: str, locale: str, currency: str, opened_by: User | None, now: datetime
) -> Workspace:
    """A new, empty workspace; who opens it is made its owner by the caller."""
    workspace = Workspace.objects.create(
        name=name, slug=slug, timezone=timezone, locale=locale, currency=currency
    )
    record(
        workspace=workspace,
        actor=opened_by,
        action="open_workspace",
        target=workspace,
        detail={"name": name},
        now=now,
    )
    return workspace


def change_workspace(
    *, workspace: Workspace, values: dict[str, Any], actor: User | ApiKey | None, now: datetime
) -> dict[str, list[Any]]:
    """Set some of the workspace's fields; returns what really changed, as {field: [before, after]}."""
    with transaction.atomic():
        held = Workspace.objects.select_for_update().get(pk=workspace.pk)
        changed = changes({name: getattr(held, name) for name in values}, values)
        if not changed:
            return {}
        for name in changed:
            setattr(held, name, values[name])
        held.save(update_fields=list(changed))
        record(workspace=held, actor=actor, action="change_settings", target=held, detail=changed, now=now)
    return changed


def save_category(
    *, category: Category, values: dict[str, Any], actor: User | ApiKey | None, now: datetime
) -> Category:
    """Create (when it has no id yet; it goes to the end unless `values` say where) or change a consent category."""
    with transaction.atomic():
        is_new = category.pk is None
        held = None if is_new else Category.objects.select_for_update().get(pk=category.pk)
        before = {name: getattr(held, name) for name in values} if held else {}
        for name, value in values.items():
            setattr(category, name, value)
        if is_new and "position" not in values:
            last = Category.objects.filter(workspace=category.workspace).aggregate(last=Max("position"))[
                "last"
            ]
            category.position = 0 if last is None else last + 1
        category.save()
        changed = changes(before, values)
        if is_new or changed:
            record(
                workspace=category.workspace,
                actor=actor,
                action="create_category" if is_new else "change_category",
                target=category,
                detail=changed,
                now=now,
            )
    return category


def archive_category(
    *, category: Category, is_archived: bool, actor: User | ApiKey | None, now: datetime
) -> None:
    """Take a category out of what customers are offered, or bring it back. Consents given stay as they are."""
    with transaction.atomic():
        changed = Category.objects.filter(pk=category.pk, archived_at__isnull=is_archived).update(
            archived_at=now if is_archived else None
        )
        if changed:
            record(
                workspace=category.workspace,
                actor=actor,
                action="archive_category" if is_archived else "restore_category",
                target=category,
                detail={"name": category.name},
                now=now,
            )
