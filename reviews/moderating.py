"""A person decides: publish, reject for one of the named reasons, undo. And the company's public answer.

Nothing here can see what a review rates: figures are in another table, which this code does not name. Publishing
marks the product's figures stale; `reviews.tallying` counts them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import ApiKey, Workspace
from reviews.models import ModerationEntry, RejectionReason, Review, ReviewStatus
from reviews.reporting import resolve_reports
from reviews.tallying import mark_pages_old, mark_stale
from reviews.verifying import verify_reviews
from reviews.versions import show_words, shown_words, words_of_version

Actor = User | ApiKey | None
DECIDED = (ReviewStatus.PUBLISHED, ReviewStatus.REJECTED)
LONGEST_RESPONSE = 3000
GRACE = timedelta(minutes=10)  # in which a rejection can be taken back before its author hears of it


class NotNow(Exception):
    """The review is not in a state in which this can be done; the text says which and what to do."""


@transaction.atomic
def publish_review(
    *,
    workspace: Workspace,
    review_id: int,
    actor: Actor,
    expected_version: int | None = None,
    batch: str = "",
    now: datetime,
) -> Review:
    """Show a review's newest version to readers. Publishing it twice changes nothing.

    `expected_version` is the one that the moderator read, `batch` names decisions that are taken back together. Raises
    Review.DoesNotExist and NotNow.
    """
    review = _held(workspace, review_id, expected_version)
    if review.status == ReviewStatus.PUBLISHED and review.edit is None:
        return review
    _refuse_undecidable(review)
    review.replaced_version = None
    if review.edit is not None:
        review.replaced_version = review.shown_version
        show_words(review, review.edit, review.version)
        review.edit = None
    if verify_reviews([review.pk]):
        review.refresh_from_db(fields=["order_event_id"])
    review.status, review.rejection_reason, review.published_at = ReviewStatus.PUBLISHED, "", now
    review.waiting_since = review.tell_author_at = None
    return _decided(review, "publish", "", actor, now, batch)


@transaction.atomic
def reject_review(
    *,
    workspace: Workspace,
    review_id: int,
    reason: str,
    actor: Actor,
    expected_version: int | None = None,
    batch: str = "",
    now: datetime,
) -> Review:
    """Turn a review's newest version down for a `RejectionReason`; an older one that readers see stays.

    Its author is told after GRACE, unless it is taken back. Raises Review.DoesNotExist, NotNow, and ValueError for
    another reason.
    """
    if reason not in RejectionReason.values:
        known = ", ".join(RejectionReason.values)
        raise ValueError(_("Choose a reason: %(known)s.") % {"known": known})
    review = _held(workspace, review_id, expected_version)
    if review.waiting_since is None and review.rejection_reason == reason:
        return review
    _refuse_undecidable(review)
    review.rejection_reason, review.waiting_since, review.tell_author_at = reason, None, now + GRACE
    if review.edit is None:
        review.status, review.published_at, review.replaced_version = ReviewStatus.REJECTED, None, None
    return _decided(review, "reject", reason, actor, now, batch)


@transaction.atomic
def undo_moderation(*, workspace: Workspace, review_id: int, actor: Actor, now: datetime) -> Review:
    """Take the last decision back: the newest version waits again, and readers see what they saw before.

    Raises Review.DoesNotExist and NotNow.
    """
    review = _held(workspace, review_id, None)
    if review.status not in DECIDED or review.waiting_since is not None:
        raise NotNow(_("There is no decision to take back."))
    if review.replaced_version is not None:
        review.edit = shown_words(review)
        before = words_of_version(review, review.replaced_version)
        show_words(review, before, review.replaced_version)
    elif review.edit is None:
        review.status, review.published_at = ReviewStatus.PENDING, None
    review.replaced_version = review.tell_author_at = None
    review.rejection_reason = ""
    review.waiting_since = (
        datetime.fromisoformat(review.edit["submitted_at"]) if review.edit else review.submitted_at
    )
    return _decided(review, "undo", "", actor, now)


@transaction.atomic
def respond_to_review(
    *, workspace: Workspace, review_id: int, text: str, actor: Actor, now: datetime
) -> Review:
    """Set the company's public answer; an empty one takes it away. Raises Review.DoesNotExist and ValueError."""
    text = text.strip()
    if len(text) > LONGEST_RESPONSE:
        raise ValueError(_("At most %(most)s characters.") % {"most": LONGEST_RESPONSE})
    review = _held(workspace, review_id, None)
    review.response, review.responded_at = text, now if text else None
    review.save(update_fields=["response", "responded_at"])
    mark_pages_old(product_ids=[review.product_id])
    entry = note_review(review, "respond", "", actor, now)
    if text:
        _tell(review, "Review Answered", entry, {}, now)
    return review


def _held(workspace: Workspace, review_id: int, expected_version: int | None) -> Review:
    held = Review.objects.select_for_update(of=("self",)).select_related("product")
    review = held.get(pk=review_id, workspace=workspace)
    if expected_version is not None and review.version != expected_version:
        raise NotNow(_("Its author has changed it meanwhile; read it again."))
    return review


def _refuse_undecidable(review: Review) -> None:
    if review.status == ReviewStatus.UNCONFIRMED:
        raise NotNow(_("Its author has not confirmed it yet."))
    if review.status == ReviewStatus.WITHDRAWN:
        raise NotNow(_("Its author has withdrawn it."))


def _decided(
    review: Review, action: str, reason: str, actor: Actor, now: datetime, batch: str = ""
) -> Review:
    review.save()
    mark_stale(workspace_id=review.workspace_id, product_ids=[review.product_id], now=now)
    entry = note_review(review, action, reason, actor, now, batch)
    if review.edit is None:  # else what readers reported is still what they see
        resolve_reports(Q(review=review), now=now)
    name = {"publish": "Review Published", "reject": "Review Rejected"}.get(action)
    if name:
        _tell(review, name, entry, {"reason": reason} if reason else {}, now)
    return review


def _tell(review: Review, name: str, entry: ModerationEntry, more: dict[str, str], now: datetime) -> None:
    """Put it on the author's timeline."""
    about = {"review_id": review.pk, "product_id": review.product.sku, "need": review.need_slug}
    event = SystemEvent(
        customer_id=review.customer_id,
        name=name,
        message_id=f"{name.lower().replace(' ', '-')}:{entry.pk}",
        occurred_at=now,
        properties=about | {"version": review.version} | more,
    )
    record_events(workspace_id=review.workspace_id, events=[event], now=now)


def note_review(
    review: Review, action: str, reason: str, actor: Actor, now: datetime, batch: str = ""
) -> ModerationEntry:
    detail = {"reason": reason, "version": review.version} if reason else {"version": review.version}
    record(
        workspace=review.workspace,
        actor=actor,
        action=f"{action}_review",
        target=review,
        detail=detail,
        now=now,
    )
    return ModerationEntry.objects.create(
        workspace_id=review.workspace_id,
        review_id=review.pk,
        actor=actor if isinstance(actor, User) else None,
        action=action,
        reason=reason,
        version=review.version,
        batch=batch,
        at=now,
    )
