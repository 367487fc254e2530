"""What authors do with their own review beyond writing it: take it back, or have a rejection looked at once more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Product
from reviews.models import ModerationEntry, Review, ReviewStatus, ReviewVersion
from reviews.tallying import mark_stale

LONGEST_APPEAL = 1000


def own_review(*, customer: Customer, product: Product) -> Review | None:
    """What this customer wrote of the product, in whatever state."""
    return Review.objects.filter(customer=customer, product=product).select_related("product").first()


def own_fields(review: Review) -> dict[str, list[str]]:
    """The newest version as the form's fields, to go on from. The figures are the author's own."""
    newest = ReviewVersion.objects.get(review=review, number=review.version)
    fields: dict[str, Any] = {
        name: newest.content.get(name, "") for name in ("kind", "title", "body", "author_name")
    }
    fields |= {name: "\n".join(newest.content.get(name, [])) for name in ("pros", "cons")}
    fields |= newest.figures
    fields |= {f"situation.{key}": answer for key, answer in newest.content.get("situation", {}).items()}
    return {
        name: [str(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in fields.items()
        if value not in (None, "", [])
    }


@transaction.atomic
def withdraw_review(*, customer: Customer, product: Product, now: datetime) -> Review | None:
    """Take it back as its author wishes: nobody sees it any more, and nothing of it waits. None: there is none."""
    review = _held(customer, product)
    if review is None or review.status == ReviewStatus.WITHDRAWN:
        return review
    review.status, review.edit, review.published_at = ReviewStatus.WITHDRAWN, None, None
    review.waiting_since = review.replaced_version = review.tell_author_at = None
    review.rejection_reason = review.appeal = ""
    review.save()
    mark_stale(workspace_id=review.workspace_id, product_ids=[review.product_id], now=now)
    _note(review, "withdraw", "Review Withdrawn", now)
    return review


@transaction.atomic
def appeal_rejection(*, customer: Customer, product: Product, text: str, now: datetime) -> Review:
    """Have the rejection of the newest version looked at once more; once for each version.

    Raises ValueError when nothing was turned down, when it was appealed against before, or without a reason.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_APPEAL:
        raise ValueError(_("Say in a few words why; at most %(most)s characters.") % {"most": LONGEST_APPEAL})
    review = _held(customer, product)
    if review is None or not review.rejection_reason:
        raise ValueError(_("Nothing of yours was turned down here."))
    if review.appeal:
        raise ValueError(_("A second person has decided on it already. You may change it and send it again."))
    review.appeal, review.waiting_since, review.rejection_reason = text, now, ""
    review.tell_author_at = None
    if review.edit is None:
        review.status = ReviewStatus.PENDING
    review.save()
    _note(review, "appeal", "Review Appealed", now)
    return review


def _held(customer: Customer, product: Product) -> Review | None:
    held = Review.objects.select_for_update(of=("self",)).select_related("product")
    return held.filter(customer=customer, product=product).first()


def _note(review: Review, action: str, event_name: str, now: datetime) -> None:
    entry = ModerationEntry.objects.create(
        workspace_id=review.workspace_id, review_id=review.pk, action=action, version=review.version, at=now
    )
    event = SystemEvent(
        customer_id=review.customer_id,
        name=event_name,
        message_id=f"{event_name.lower().replace(' ', '-')}:{entry.pk}",
        occurred_at=now,
        properties={
            "review_id": review.pk,
            "product_id": review.product.sku,
            "need": review.need_slug,
            "version": review.version,
        },
    )
    record_events(workspace_id=review.workspace_id, events=[event], now=now)
