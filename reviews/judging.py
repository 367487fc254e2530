"""A person decides on questions and answers: the same steps and the same reasons as for reviews."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Workspace
from engagement.webhooks.announcing import News, announce
from engagement.webhooks.types import OF_EVENTS
from reviews.models import ModerationEntry, Post, PostKind, PostStatus, RejectionReason
from reviews.moderating import GRACE, Actor, NotNow
from reviews.reporting import resolve_reports
from reviews.tallying import mark_pages_old


@transaction.atomic
def publish_post(*, workspace: Workspace, post_id: int, actor: Actor, batch: str = "", now: datetime) -> Post:
    """Show it to readers; publishing twice changes nothing. A question goes to owners after GRACE, an answer's asker is
    told after it. Raises Post.DoesNotExist and NotNow.
    """
    post = _held(workspace, post_id)
    if post.status == PostStatus.PUBLISHED:
        return post
    _refuse_unconfirmed(post)
    post.status, post.rejection_reason, post.waiting_since, post.published_at = "published", "", None, now
    if post.kind == PostKind.QUESTION:
        post.ask_owners_at = now + GRACE
    else:
        post.tell_asker_at = now + GRACE
    return _decided(post, "publish", "", actor, batch, now)


@transaction.atomic
def reject_post(
    *, workspace: Workspace, post_id: int, reason: str, actor: Actor, batch: str = "", now: datetime
) -> Post:
    """Turn it down for a `RejectionReason`. Raises Post.DoesNotExist, NotNow and ValueError."""
    if reason not in RejectionReason.values:
        raise ValueError(_("Choose a reason: %(known)s.") % {"known": ", ".join(RejectionReason.values)})
    post = _held(workspace, post_id)
    if post.status == PostStatus.REJECTED and post.rejection_reason == reason:
        return post
    _refuse_unconfirmed(post)
    post.status, post.rejection_reason, post.waiting_since, post.published_at = "rejected", reason, None, None
    post.ask_owners_at = post.tell_asker_at = None
    return _decided(post, "reject", reason, actor, batch, now)


@transaction.atomic
def undo_post(*, workspace: Workspace, post_id: int, actor: Actor, now: datetime) -> Post:
    """Take the last decision back: it waits again. Raises Post.DoesNotExist and NotNow."""
    post = _held(workspace, post_id)
    if post.status not in (PostStatus.PUBLISHED, PostStatus.REJECTED):
        raise NotNow(_("There is no decision to take back."))
    post.status, post.rejection_reason, post.published_at = "pending", "", None
    post.waiting_since = post.submitted_at
    post.ask_owners_at = post.tell_asker_at = None
    return _decided(post, "undo", "", actor, "", now)


def note_post(
    post: Post, action: str, *, reason: str = "", actor: Actor = None, batch: str = "", now: datetime
) -> None:
    """Put what was done with a question or an answer into the trail of moderation."""
    ModerationEntry.objects.create(
        workspace_id=post.workspace_id,
        post_id=post.pk,
        actor=actor if isinstance(actor, User) else None,
        action=action,
        reason=reason,
        version=1,
        batch=batch,
        at=now,
    )


def _held(workspace: Workspace, post_id: int) -> Post:
    held = Post.objects.select_for_update(of=("self",)).select_related("product", "question")
    return held.get(pk=post_id, workspace=workspace)


def _refuse_unconfirmed(post: Post) -> None:
    if post.status == PostStatus.UNCONFIRMED:
        raise NotNow(_("Its author has not confirmed it yet."))


def _decided(post: Post, action: str, reason: str, actor: Actor, batch: str, now: datetime) -> Post:
    post.save()
    mark_pages_old(product_ids=[post.product_id])
    note_post(post, action, reason=reason, actor=actor, batch=batch, now=now)
    resolve_reports(Q(post=post), now=now)
    detail = {"reason": reason} if reason else {}
    record(
        workspace=post.workspace,
        actor=actor,
        action=f"{action}_{post.kind}",
        target=post,
        detail=detail,
        now=now,
    )
    if post.customer_id is not None and action in ("publish", "reject"):
        event = SystemEvent(
            customer_id=post.customer_id,
            name=_event_name(post, action),
            message_id=f"{action}:post:{post.pk}:{int(now.timestamp())}",
            occurred_at=now,
            properties={"post_id": post.pk, "product_id": post.product.sku, "need": post.need_slug, **detail},
        )
        record_events(workspace_id=post.workspace_id, events=[event], now=now)
    elif action in ("publish", "reject"):
        announce([_news(post, action, detail, now)], now=now)
    return post


def _news(post: Post, action: str, detail: dict[str, str], now: datetime) -> News:
    """Of what the company wrote, which stands on nobody's timeline."""
    about = {"post_id": post.pk, "product_id": post.product.sku, "need": post.need_slug, **detail}
    kind = OF_EVENTS[_event_name(post, action)]
    return News(
        workspace_id=post.workspace_id, type=kind, once=f"{post.pk}:{now.isoformat()}", at=now, data=about
    )


def _event_name(post: Post, action: str) -> str:
    """Event names are English whatever language is spoken."""
    kind = "Question" if post.kind == PostKind.QUESTION else "Answer"
    return f"{kind} {'Published' if action == 'publish' else 'Rejected'}"
