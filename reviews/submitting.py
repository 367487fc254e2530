"""A review comes in: checked, kept as a version, verified, screened, and queued for a person to moderate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Product, Workspace
from engagement.people.merging import merge_customers
from engagement.people.traits import usable_email
from engagement.questions import Questions, questions_for
from reviews.confirming import owner_of_address
from reviews.contents import BadReview, ReviewContent, check_content
from reviews.models import (
    ModerationEntry,
    Review,
    ReviewDraft,
    ReviewRating,
    ReviewStatus,
    ReviewVersion,
)
from reviews.moving import move_reviews
from reviews.photographing import Stored, keep_photos
from reviews.pipeline import HOLD, Words, screen
from reviews.screening import comparisons
from reviews.sharing import let_share
from reviews.verifying import verify_reviews
from reviews.versions import show_words

COLLECTED_BY = ("form", "link", "import", "api")


@transaction.atomic
def submit_review(
    *,
    workspace: Workspace,
    product: Product,
    customer: Customer,
    content: ReviewContent,
    collected_by: str,
    now: datetime,
    questions: Questions | None = None,
    photos: Sequence[Stored] = (),
    kept_photos: Collection[str] | None = None,
    may_share: bool | None = None,
) -> Review:
    """Take a review of `product` from a customer whose identity is known; a second one is the first one's next version.

    `collected_by` is one of COLLECTED_BY. Readers see what was published until the new version is. Of the photos so far
    the `kept_photos` (names; None: all) go on. `may_share`: whether its author agrees that feeds hold it (None: they
    were not asked, all stays as it was). Raises BadReview.
    """
    questions = questions_for(product) if questions is None else questions
    refuse_bad(workspace, product, content, questions)
    if collected_by not in COLLECTED_BY:
        raise ValueError(f"collected_by must be one of {', '.join(COLLECTED_BY)}")
    # Two first submissions at once would both find no review: the customer's row makes them wait for each other.
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk, workspace=workspace)
    review = Review.objects.filter(customer=customer, product=product).first() or Review(
        workspace=workspace, product=product, customer=customer, version=0
    )
    let_share(review, may_share, now=now)
    _keep(review, content, questions, collected_by=collected_by, now=now)
    keep_photos(review, photos, kept_photos, now=now)
    _enter(review, now=now)
    ReviewDraft.objects.filter(customer=customer, product=product).delete()
    return review


@transaction.atomic
def submit_unconfirmed(
    *,
    workspace: Workspace,
    product: Product,
    content: ReviewContent,
    email: str,
    photos: Sequence[Stored] = (),
    may_share: bool | None = None,
    now: datetime,
) -> Review:
    """Take a review from somebody who only says that `email` is theirs.

    It belongs to a visitor of its own until the link that is mailed is followed (`confirm_review`): so nobody can
    touch the review of another by typing their address, and the address is kept nowhere before. Raises BadReview.
    """
    questions = questions_for(product)
    problems = check_content(content, questions)
    if not usable_email(email):
        problems["email"] = _("Tell an e-mail address that we can send a confirmation to.")
    refuse_bad(workspace, product, content, questions, problems)
    visitor = Customer.objects.create(
        workspace=workspace, name=content.author_name, first_seen_at=now, last_seen_at=now
    )
    review = Review(
        workspace=workspace, product=product, customer=visitor, version=0, status=ReviewStatus.UNCONFIRMED
    )
    let_share(review, may_share, now=now)
    _keep(review, content, questions, collected_by="form", now=now)
    keep_photos(review, photos, None, now=now)
    return review


@transaction.atomic
def confirm_review(*, review_id: int, email: str, now: datetime) -> Review | None:
    """The link mailed to `email` was followed: the review joins the customer who has that address, and is queued.

    Returns the review; a second call changes nothing. None when it is not there any more.
    """
    review = Review.objects.select_for_update().select_related("workspace").filter(pk=review_id).first()
    if review is None or review.status != ReviewStatus.UNCONFIRMED:
        return review
    owner = owner_of_address(review.customer, usable_email(email) or email, now=now)
    review.status, review.waiting_since = ReviewStatus.PENDING, now
    review.save(update_fields=["status", "waiting_since"])
    if owner.pk != review.customer_id:
        visitor_id = review.customer_id
        merge_customers(
            workspace_id=review.workspace_id,
            source_id=visitor_id,
            target_id=owner.pk,
            cause="identify",
            now=now,
        )
        move_reviews(workspace_id=review.workspace_id, source_id=visitor_id, target_id=owner.pk, now=now)
        review = Review.objects.get(customer=owner, product_id=review.product_id)
    _enter(review, now=now)
    return review


def refuse_bad(
    workspace: Workspace,
    product: Product,
    content: ReviewContent,
    questions: Questions,
    problems: dict[str, str] | None = None,
) -> None:
    """Raise BadReview when the content cannot be taken."""
    problems = check_content(content, questions) if problems is None else problems
    if product.workspace_id != workspace.pk:
        problems["product"] = _("Choose a product of this workspace.")
    if problems:
        raise BadReview(problems)


def _keep(
    review: Review, content: ReviewContent, questions: Questions, *, collected_by: str, now: datetime
) -> None:
    """Write the next version: in place of the last, or beside what readers see until it is judged."""
    words = content.words() | {"need_slug": questions.topic, "collected_by": collected_by}
    review.version += 1
    review.rejection_reason = review.appeal = ""
    review.tell_author_at = None
    review.flags = []
    review.waiting_since = None if review.status == ReviewStatus.UNCONFIRMED else now
    if review.status == ReviewStatus.PUBLISHED:
        review.edit = words | {"submitted_at": now.isoformat()}
    else:
        show_words(review, words | {"submitted_at": now.isoformat()}, review.version)
        if review.status != ReviewStatus.UNCONFIRMED:
            review.status = ReviewStatus.PENDING
    review.save()
    if review.shown_version == review.version:
        _keep_figures(review, content)
    ReviewVersion.objects.create(
        workspace_id=review.workspace_id,
        review=review,
        number=review.version,
        content=words,
        figures=content.figures(),
        at=now,
    )


def _keep_figures(review: Review, content: ReviewContent) -> None:
    if content.overall is None:
        ReviewRating.objects.filter(review=review).delete()
        return
    ReviewRating.objects.update_or_create(
        review=review,
        defaults={"workspace_id": review.workspace_id, "version": review.version, **content.figures()},
    )


def _enter(review: Review, *, now: datetime) -> None:
    """Its author is known now: verify it, screen its words, say so on the timeline and in the trail."""
    if verify_reviews([review.pk]):
        review.refresh_from_db(fields=["order_event_id"])
    flags = screen(words_of(review, now))
    review.flags = [flag._asdict() for flag in flags]
    review.save(update_fields=["flags"])
    entries = [_entry(review, "submit" if review.version == 1 else "resubmit", "", now)]
    entries += [_entry(review, "hold", flag.step, now) for flag in flags if flag.outcome == HOLD]
    ModerationEntry.objects.bulk_create(entries)
    words = review.newest
    events = [_event(review, "Review Submitted", {"kind": words["kind"], "version": review.version}, now)]
    facts = _told_to_all(review, words["situation"])
    if facts and words["need_slug"]:
        told = {"topic": words["need_slug"], "facts": facts}
        events.append(_event(review, "Context Told", told, now))
    record_events(workspace_id=review.workspace_id, events=events, now=now)


def _told_to_all(review: Review, situation: dict[str, Any]) -> dict[str, Any]:
    """What the customer's record may take over: who agreed to show something sensitive here agreed to no more."""
    if not situation:
        return {}
    sensitive = {one.key for one in questions_for(review.product).attributes if one.is_sensitive}
    return {key: answer for key, answer in situation.items() if key not in sensitive}


def words_of(review: Review, now: datetime) -> Words:
    """What the pipeline may see of it, with what it is compared with."""
    others = Review.objects.filter(workspace_id=review.workspace_id).exclude(pk=review.pk)
    # What was brought from elsewhere came in at once, and says nothing of a usual day.
    others = others.exclude(collected_by="import")
    compared = comparisons(others, workspace_id=review.workspace_id, product_id=review.product_id, now=now)
    words = review.newest
    return Words(
        title=words["title"],
        body=words["body"],
        pros=tuple(words["pros"]),
        cons=tuple(words["cons"]),
        author_name=words["author_name"],
        **compared,
    )


def _entry(review: Review, action: str, reason: str, now: datetime) -> ModerationEntry:
    return ModerationEntry(
        workspace_id=review.workspace_id,
        review_id=review.pk,
        action=action,
        reason=reason,
        version=review.version,
        at=now,
    )


def _event(review: Review, name: str, properties: dict[str, Any], now: datetime) -> SystemEvent:
    about = {"review_id": review.pk, "product_id": review.product.sku, "need": review.need_slug}
    return SystemEvent(
        customer_id=review.customer_id,
        name=name,
        message_id=f"{name.lower().replace(' ', '-')}:review:{review.pk}:{review.version}",
        occurred_at=now,
        properties=about | properties,
    )
