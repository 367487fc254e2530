"""Rows of imported reviews. What a file rates goes into the table of figures and decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _

from reviews.contents import ReviewContent
from reviews.import_models import ReviewImport, Unstated
from reviews.importing.lines import Parsed
from reviews.models import (
    ModerationEntry,
    RejectionReason,
    Review,
    ReviewKind,
    ReviewRating,
    ReviewStatus,
    ReviewVersion,
)
from reviews.pipeline import Words, screen


class Found(Protocol):
    @property
    def parsed(self) -> Parsed: ...
    @property
    def product_id(self) -> int: ...


def make_reviews(batch: ReviewImport, wanted: Sequence[tuple[int, Found]], *, now: datetime) -> list[int]:
    """A review for each (customer, line); returns their ids in that order."""
    with translation.override(batch.workspace.locale[:2] or "en"):
        nameless = _("Anonymous")
    contents = [_content(found.parsed, batch, nameless) for _customer, found in wanted]
    reviews = [
        _review(batch, customer_id, found, content, now)
        for (customer_id, found), content in zip(wanted, contents, strict=True)
    ]
    Review.objects.bulk_create(reviews)
    ReviewRating.objects.bulk_create(
        [
            ReviewRating(review=review, workspace_id=batch.workspace_id, overall=content.overall or 0)
            for review, content in zip(reviews, contents, strict=True)
        ]
    )
    ReviewVersion.objects.bulk_create(
        [
            ReviewVersion(
                workspace_id=batch.workspace_id,
                review=review,
                number=1,
                content=content.words() | {"need_slug": "", "collected_by": "import"},
                figures=content.figures(),
                at=review.submitted_at,
            )
            for review, content in zip(reviews, contents, strict=True)
        ]
    )
    ModerationEntry.objects.bulk_create([_entry(batch, review, now) for review in reviews])
    return [review.pk for review in reviews]


def _content(parsed: Parsed, batch: ReviewImport, nameless: str) -> ReviewContent:
    return ReviewContent(
        kind=ReviewKind.IN_USE,
        title=parsed.title,
        body=parsed.body,
        author_name=parsed.author_name or nameless,
        overall=parsed.rating,
        language=parsed.language or batch.workspace.locale or "en",
        incentive=parsed.incentive,
    )


def _review(
    batch: ReviewImport, customer_id: int, found: Found, content: ReviewContent, now: datetime
) -> Review:
    parsed, at = found.parsed, datetime.fromisoformat(found.parsed.at)
    replied_at = datetime.fromisoformat(parsed.reply_at) if parsed.reply_at else None
    return Review(
        workspace_id=batch.workspace_id,
        product_id=found.product_id,
        customer_id=customer_id,
        collected_by="import",
        imported_from=batch.source,
        is_verified_there=parsed.is_verified_there,
        submitted_at=at,
        response=parsed.reply,
        responded_at=replied_at,
        **content.words(),
        **_standing(batch, parsed, content, at, now),
    )


def _standing(
    batch: ReviewImport, parsed: Parsed, content: ReviewContent, at: datetime, now: datetime
) -> dict[str, Any]:
    """As the file says: what was shown stays shown, what was spam is turned down, the rest waits for a moderator."""
    status = parsed.status or ("published" if batch.unstated == Unstated.PUBLISH else "waiting")
    if status == "published":
        return {"status": ReviewStatus.PUBLISHED, "published_at": at}
    if status == "spam":
        return {"status": ReviewStatus.REJECTED, "rejection_reason": RejectionReason.SPAM}
    flags = screen(Words(title=content.title, body=content.body, author_name=content.author_name))
    return {
        "status": ReviewStatus.PENDING,
        "waiting_since": now,
        "flags": [flag._asdict() for flag in flags],
    }


def _entry(batch: ReviewImport, review: Review, now: datetime) -> ModerationEntry:
    return ModerationEntry(
        workspace_id=batch.workspace_id,
        review_id=review.pk,
        actor_id=batch.uploaded_by_id,
        action="import",
        reason=f"{batch.source}: {review.status}"[:60],
        version=1,
        at=now,
    )
