"""Rows of imported reviews. What a file rates goes into the table of figures and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _

from engagement.statements import run_statement
from reviews.contents import ReviewContent
from reviews.importing.lines import Parsed
from reviews.models import RejectionReason, ReviewImport, ReviewKind, ReviewStatus, Unstated
from reviews.pipeline import Words, screen


class Found(Protocol):
    @property
    def parsed(self) -> Parsed: ...
    @property
    def product_id(self) -> int: ...


def make_reviews(
    batch: ReviewImport, wanted: Sequence[tuple[int, Found]], *, now: datetime
) -> dict[tuple[int, int], int]:
    """A review for each (customer, line), in one statement; returns {(customer, product): review}."""
    if not wanted:
        return {}
    with translation.override(batch.workspace.locale[:2] or "en"):
        nameless = _("Anonymous")
    reviews = [_review(batch, customer_id, found, nameless, now) for customer_id, found in wanted]
    rows = run_statement(
        "reviews.make_imported_reviews",
        {
            "workspace": batch.workspace_id,
            "source": batch.source,
            "actor": batch.uploaded_by_id,
            "reviews": json.dumps(reviews, ensure_ascii=False),
            "now": now,
        },
    )
    return {(row["customer_id"], row["product_id"]): row["id"] for row in rows}


def _review(
    batch: ReviewImport, customer_id: int, found: Found, nameless: str, now: datetime
) -> dict[str, Any]:
    """As `make_imported_reviews.sql` takes it."""
    parsed, content = found.parsed, _content(found.parsed, batch, nameless)
    return {
        "customer_id": customer_id,
        "product_id": found.product_id,
        "is_verified_there": parsed.is_verified_there,
        "submitted_at": parsed.at,
        "shared_at": now.isoformat() if batch.may_share else None,
        "response": parsed.reply,
        "responded_at": parsed.reply_at or None,
        "words": content.words() | {"need_slug": "", "collected_by": "import"},
        "figures": content.figures(),
        "rejection_reason": "",
        "flags": [],
        **_standing(batch, content, parsed, now),
    }


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


def _standing(batch: ReviewImport, content: ReviewContent, parsed: Parsed, now: datetime) -> dict[str, Any]:
    """As the file says: what was shown stays shown, what was spam is turned down, the rest waits for a moderator."""
    status = parsed.status or ("published" if batch.unstated == Unstated.PUBLISH else "waiting")
    if status == "published":
        return {"status": ReviewStatus.PUBLISHED, "published_at": parsed.at}
    if status == "spam":
        return {"status": ReviewStatus.REJECTED, "rejection_reason": RejectionReason.SPAM}
    flags = screen(Words(title=content.title, body=content.body, author_name=content.author_name))
    return {
        "status": ReviewStatus.PENDING,
        "waiting_since": now.isoformat(),
        "flags": [flag._asdict() for flag in flags],
    }
