"""What a moderator does with several things at once, and taking back whatever they did last. Sees no figure."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from engagement.models import Workspace
from reviews.judging import note_post, publish_post, reject_post, undo_post
from reviews.models import ModerationEntry, Post, RejectionReason, Review
from reviews.moderating import NotNow, note_review, publish_review, reject_review, undo_moderation
from reviews.pipeline import HOLD
from reviews.reporting import resolve_reports

MOST = 100


class Pick(NamedTuple):
    """One thing of the queue: a "review" in the version that was read, or a "post" (a question or an answer)."""

    kind: str
    pk: int
    version: int | None = None


class Outcome(NamedTuple):
    """How many were decided on, and why others were left."""

    done: int
    left: list[str]


def decide(
    *,
    workspace: Workspace,
    picks: Sequence[Pick],
    decision: str,
    reason: str = "",
    actor: User,
    now: datetime,
) -> Outcome:
    """Publish, reject, undo, or (after reports) keep up to MOST things, each by itself; all are one batch for
    `undo_last`.

    Several at once leaves out what automatic steps held: it is looked at one by one. Raises ValueError for another
    decision or reason.
    """
    if decision not in ("publish", "reject", "undo", "keep"):
        raise ValueError(_("Choose what to do: publish, turn down, take back, or keep."))
    if decision == "reject" and reason not in RejectionReason.values:
        raise ValueError(_("Choose a reason: %(known)s.") % {"known": ", ".join(RejectionReason.values)})
    batch, left = secrets.token_hex(16), []
    for pick in picks[:MOST]:
        try:
            if len(picks) > 1 and decision == "publish" and _is_held(workspace, pick):
                raise NotNow(_("Held by an automatic step: look at it by itself."))
            _apply(workspace, pick, decision, reason, actor, batch, now)
        except NotNow as refused:
            left.append(str(refused))
        except (Review.DoesNotExist, Post.DoesNotExist):
            left.append(_("It is not there any more."))
    return Outcome(min(len(picks), MOST) - len(left), left)


def last_batch(*, workspace: Workspace, actor: User) -> list[ModerationEntry]:
    """What this moderator decided last and has not taken back; empty when there is nothing. Two queries."""
    mine = ModerationEntry.objects.filter(workspace=workspace, actor=actor).order_by("-id")
    last = mine.filter(action__in=["publish", "reject", "undo"]).first()
    if last is None or last.action == "undo":
        return []
    if not last.batch:
        return [last]
    return list(mine.filter(batch=last.batch, action=last.action)[:MOST])


@transaction.atomic
def undo_last(*, workspace: Workspace, actor: User, now: datetime) -> int:
    """Take back everything of the last batch that nobody has touched since; returns how many."""
    undone = 0
    for entry in last_batch(workspace=workspace, actor=actor):
        if _touched_since(entry):
            continue
        try:
            if entry.post_id is not None:
                undo_post(workspace=workspace, post_id=entry.post_id, actor=actor, now=now)
            else:
                undo_moderation(workspace=workspace, review_id=entry.review_id or 0, actor=actor, now=now)
        except (NotNow, Review.DoesNotExist, Post.DoesNotExist):
            continue
        undone += 1
    return undone


STEPS: dict[tuple[str, str], Callable[..., Any]] = {
    ("review", "publish"): publish_review,
    ("review", "reject"): reject_review,
    ("review", "undo"): undo_moderation,
    ("post", "publish"): publish_post,
    ("post", "reject"): reject_post,
    ("post", "undo"): undo_post,
}


def _apply(
    workspace: Workspace, pick: Pick, decision: str, reason: str, actor: User, batch: str, now: datetime
) -> None:
    common: dict[str, Any] = {"workspace": workspace, "actor": actor, "now": now}
    common |= {"review_id": pick.pk} if pick.kind == "review" else {"post_id": pick.pk}
    if decision == "keep":
        _keep(workspace, pick, actor, now)
        return
    if decision != "undo":
        common["batch"] = batch
        if pick.kind == "review":
            common["expected_version"] = pick.version
    if decision == "reject":
        common["reason"] = reason
    STEPS[pick.kind, decision](**common)


@transaction.atomic
def _keep(workspace: Workspace, pick: Pick, actor: User, now: datetime) -> None:
    """Reports were looked at, and what they were about stays."""
    if pick.kind == "review":
        review = Review.objects.select_for_update(of=("self",)).get(pk=pick.pk, workspace=workspace)
        resolve_reports(Q(review=review), now=now)
        note_review(review, "keep", "", actor, now)
    else:
        post = Post.objects.select_for_update(of=("self",)).get(pk=pick.pk, workspace=workspace)
        resolve_reports(Q(post=post), now=now)
        note_post(post, "keep", actor=actor, now=now)


def _is_held(workspace: Workspace, pick: Pick) -> bool:
    model: Any = Review if pick.kind == "review" else Post
    flags = model.objects.filter(pk=pick.pk, workspace=workspace).values_list("flags", flat=True).first()
    return any(flag.get("outcome") == HOLD for flag in flags or [])


def _touched_since(entry: ModerationEntry) -> bool:
    """Somebody decided on it, or its author changed it, after this."""
    same = Q(post_id=entry.post_id) if entry.post_id is not None else Q(review_id=entry.review_id)
    return ModerationEntry.objects.filter(same, id__gt=entry.pk).exclude(action="respond").exists()
