"""Readers say that something published should not be. A report hides nothing: a person looks at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from engagement.models import Workspace
from reviews.models import Post, PostStatus, RejectionReason, Report, Review, ReviewStatus

LONGEST_NOTE = 500


@transaction.atomic
def report_review(
    *, workspace: Workspace, review_id: int, reporter: str, reason: str, note: str = "", now: datetime
) -> None:
    """Keep one reader's word against a published review, once. Raises Review.DoesNotExist and ValueError."""
    review = Review.objects.get(pk=review_id, workspace=workspace, status=ReviewStatus.PUBLISHED)
    _keep({"review": review}, workspace, reporter, reason, note, now)


@transaction.atomic
def report_post(
    *, workspace: Workspace, post_id: int, reporter: str, reason: str, note: str = "", now: datetime
) -> None:
    """The same for a question or an answer. Raises Post.DoesNotExist and ValueError."""
    post = Post.objects.get(pk=post_id, workspace=workspace, status=PostStatus.PUBLISHED)
    _keep({"post": post}, workspace, reporter, reason, note, now)


def resolve_reports(about: Q, *, now: datetime) -> int:
    """A person has looked: the open reports about it are done. Returns how many there were."""
    return Report.objects.filter(about, resolved_at=None).update(resolved_at=now)


def _keep(
    about: dict[str, Any], workspace: Workspace, reporter: str, reason: str, note: str, now: datetime
) -> None:
    if reason not in RejectionReason.values:
        raise ValueError(_("Choose a reason: %(known)s.") % {"known": ", ".join(RejectionReason.values)})
    given = {
        "workspace": workspace,
        "reason": reason,
        "note": note.strip()[:LONGEST_NOTE].replace("\x00", ""),
    }
    # What was looked at once is not looked at again for the same reader.
    Report.objects.get_or_create(**about, reporter=reporter, defaults=given | {"at": now})
