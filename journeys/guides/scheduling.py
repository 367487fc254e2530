"""Guides that go out at a time to come: the version that stood when they were scheduled, whatever is saved then."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.counts import Counts
from engagement.models import ApiKey
from journeys.guides.blocks import Problem
from journeys.guides.writing import BadGuide, go_out, place_taken, problems_of
from journeys.models import Guide


@transaction.atomic
def schedule_guide(*, guide: Guide, at: datetime | None, actor: User | ApiKey | None, now: datetime) -> Guide:
    """Publish the guide as it is now at `at`, whatever is saved meanwhile; None takes that back. Raises BadGuide."""
    guide = Guide.objects.select_for_update().get(pk=guide.pk)
    problems = problems_of(guide) if at is not None else []
    if at is not None and not guide.blocks:
        problems.append(Problem("blocks", _("Write at least one block before you publish.")))
    if at is not None and at <= now:
        problems.append(Problem("publish_at", _("Choose a time to come.")))
    if problems:
        raise BadGuide(problems)
    guide.publish_at, guide.scheduled_version = at, guide.version if at is not None else None
    guide.schedule_problem = ""
    guide.save(update_fields=["publish_at", "scheduled_version", "schedule_problem", "updated_at"])
    detail = {"at": at.isoformat() if at else None, "version": guide.scheduled_version}
    record(
        workspace=guide.workspace, actor=actor, action="schedule_guide", target=guide, detail=detail, now=now
    )
    return guide


@transaction.atomic
def publish_due_guides(*, now: datetime, limit: int = 50) -> Counts:
    """Publish what was scheduled for a time that has come. Counts: taken, published, refused (its place is taken)."""
    due = Guide.objects.select_for_update(skip_locked=True, of=("self",)).select_related("workspace")
    counts = Counts()
    for guide in due.filter(publish_at__lte=now).order_by("publish_at", "id")[:limit]:
        counts["taken"] += 1
        problems = place_taken(guide)
        if problems or guide.scheduled_version is None:
            guide.publish_at = guide.scheduled_version = None
            guide.schedule_problem = "; ".join(problem.message for problem in problems)[:300]
            guide.save(update_fields=["publish_at", "scheduled_version", "schedule_problem", "updated_at"])
            counts["refused"] += 1
            continue
        go_out(guide, guide.scheduled_version, None, now)
        counts["published"] += 1
    return counts
