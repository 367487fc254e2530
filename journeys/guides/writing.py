"""Guides written, published and put away. Every save keeps a version; readers see the published one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.conditions import check_condition
from engagement.models import ApiKey, Workspace
from journeys.guides.blocks import Problem, check_blocks
from journeys.models import Guide, GuideStatus, GuideVersion, Stage

FIELDS = (
    "need",
    "stage",
    "language",
    "slug",
    "title",
    "summary",
    "blocks",
    "conditions",
    "owner",
    "verified_on",
    "stale_after_days",
)


class BadGuide(Exception):
    """A guide that cannot be kept or published; `problems` say where and what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = problems


class GuideChanged(Exception):
    """Somebody else saved the guide meanwhile; `version` is what it has now."""

    def __init__(self, version: int) -> None:
        super().__init__(f"The guide is at version {version} by now")
        self.version = version


@transaction.atomic
def save_guide(
    *,
    workspace: Workspace,
    values: Mapping[str, Any],
    guide: Guide | None = None,
    expected_version: int | None = None,
    actor: User | ApiKey | None,
    now: datetime,
) -> Guide:
    """Make a guide or change the given one, and keep what it now is as a version.

    `values` holds any of FIELDS; `need` is a Need of the workspace. What is published stays as it is until
    `publish_guide`. Raises BadGuide, and GuideChanged when the guide is not at `expected_version` any more.
    """
    is_new = guide is None
    if guide is None:
        guide = Guide(workspace=workspace, version=0)
    else:
        guide = Guide.objects.select_for_update().get(pk=guide.pk, workspace=workspace)
        if expected_version is not None and guide.version != expected_version:
            raise GuideChanged(guide.version)
    for field in FIELDS:
        if field in values:
            setattr(guide, field, values[field])
    if problems := problems_of(guide):
        raise BadGuide(problems)
    guide.blocks = [_with_keys(block) for block in guide.blocks]
    guide.version += 1
    guide.save()
    _keep_version(guide, actor, now)
    action = "create_guide" if is_new else "change_guide"
    record(
        workspace=workspace,
        actor=actor,
        action=action,
        target=guide,
        detail={"version": guide.version},
        now=now,
    )
    return guide


@transaction.atomic
def publish_guide(*, guide: Guide, actor: User | ApiKey | None, now: datetime) -> Guide:
    """Show the guide as it is now to readers. Raises BadGuide when it is empty or its place is taken."""
    guide = Guide.objects.select_for_update().get(pk=guide.pk)
    problems = problems_of(guide)
    if not guide.blocks:
        problems.append(Problem("blocks", _("Write at least one block before you publish.")))
    problems += place_taken(guide)
    if problems:
        raise BadGuide(problems)
    go_out(guide, guide.version, actor, now)
    return guide


def place_taken(guide: Guide) -> list[Problem]:
    """Another general guide stands at its need, stage and language. Targeted ones may stand beside each other."""
    if guide.conditions:
        return []
    same_place = Guide.objects.filter(
        need_id=guide.need_id,
        stage=guide.stage,
        language=guide.language,
        status=GuideStatus.PUBLISHED,
        conditions={},
    )
    if other := same_place.exclude(pk=guide.pk).first():
        message = _("“%(title)s” is published for this need, stage and language; take it back first.")
        return [Problem("stage", message % {"title": other.title})]
    return []


def go_out(guide: Guide, number: int, actor: User | ApiKey | None, now: datetime) -> None:
    """Show this version to readers, whatever was scheduled. Needs the guide's row locked."""
    guide.status, guide.published_version, guide.published_at = GuideStatus.PUBLISHED, number, now
    guide.publish_at = guide.scheduled_version = None
    guide.schedule_problem = ""
    guide.save()
    detail = {"version": number}
    record(
        workspace=guide.workspace, actor=actor, action="publish_guide", target=guide, detail=detail, now=now
    )


def restore_version(*, guide: Guide, number: int, actor: User | ApiKey | None, now: datetime) -> Guide:
    """Save the words of an earlier version as the newest one. Raises GuideVersion.DoesNotExist and BadGuide."""
    kept = GuideVersion.objects.get(guide=guide, number=number)
    values = {"title": kept.title, "summary": kept.summary, "blocks": kept.blocks}
    return save_guide(workspace=guide.workspace, guide=guide, values=values, actor=actor, now=now)


def unpublish_guide(*, guide: Guide, actor: User | ApiKey | None, now: datetime) -> Guide:
    """Take it away from readers; it becomes a draft again."""
    return _set_status(guide, GuideStatus.DRAFT, "unpublish_guide", actor, now)


def archive_guide(*, guide: Guide, actor: User | ApiKey | None, now: datetime) -> Guide:
    """Take it away from readers and out of the way of its writers."""
    return _set_status(guide, GuideStatus.ARCHIVED, "archive_guide", actor, now)


@transaction.atomic
def verify_guide(*, guide: Guide, on: date, actor: User | ApiKey | None, now: datetime) -> Guide:
    """Somebody has read it again on this day and stands by it: it is not stale any more."""
    guide = Guide.objects.select_for_update().get(pk=guide.pk)
    guide.verified_on = on
    guide.save(update_fields=["verified_on", "updated_at"])
    detail = {"on": on.isoformat()}
    record(
        workspace=guide.workspace, actor=actor, action="verify_guide", target=guide, detail=detail, now=now
    )
    return guide


@transaction.atomic
def _set_status(guide: Guide, status: str, action: str, actor: User | ApiKey | None, now: datetime) -> Guide:
    guide = Guide.objects.select_for_update().get(pk=guide.pk)
    guide.status = status
    guide.published_version = guide.publish_at = guide.scheduled_version = None
    guide.save(update_fields=["status", "published_version", "publish_at", "scheduled_version", "updated_at"])
    record(workspace=guide.workspace, actor=actor, action=action, target=guide, now=now)
    return guide


def problems_of(guide: Guide) -> list[Problem]:
    """Everything for which the guide cannot be kept."""
    problems = []
    if not guide.title.strip():
        problems.append(Problem("title", _("Must not be empty.")))
    if not guide.slug or guide.slug != slugify(guide.slug):
        problems.append(Problem("slug", _("Use small letters, figures and hyphens only.")))
    if guide.stage not in Stage.values:
        problems.append(Problem("stage", _("Choose one of %(known)s.") % {"known": ", ".join(Stage.values)}))
    if guide.need_id is None or guide.need.workspace_id != guide.workspace_id:
        problems.append(Problem("need", _("Choose a need of this workspace.")))
    same_slug = Guide.objects.filter(
        workspace_id=guide.workspace_id, slug=guide.slug, language=guide.language
    )
    if same_slug.exclude(pk=guide.pk).exists():
        problems.append(
            Problem("slug", _("Another guide in this language has this address; choose another."))
        )
    if wrong := check_condition(guide.conditions, workspace=guide.workspace):
        message = "; ".join(f"{one.path} {one.message}".strip() for one in wrong)
        problems.append(Problem("conditions", message))
    blocks = check_blocks(guide.blocks, workspace=guide.workspace)
    return problems + [Problem(f"blocks.{p.path}".rstrip("."), p.message) for p in blocks]


def _keep_version(guide: Guide, actor: User | ApiKey | None, now: datetime) -> None:
    GuideVersion.objects.create(
        workspace_id=guide.workspace_id,
        guide=guide,
        number=guide.version,
        title=guide.title,
        summary=guide.summary,
        blocks=guide.blocks,
        author=actor if isinstance(actor, User) else None,
        at=now,
    )


def _with_keys(block: dict[str, Any]) -> dict[str, Any]:
    """A checklist's items get keys, by which a reader's ticks are known even after the words change."""
    if block["kind"] != "checklist":
        return block
    taken: set[str] = set()
    items = []
    for item in block["items"]:
        stem = item.get("key") or slugify(item["criterion"])[:50] or "item"
        key, n = stem, 1
        while key in taken:
            n += 1
            key = f"{stem}-{n}"
        taken.add(key)
        items.append({**item, "key": key})
    return {**block, "items": items}
