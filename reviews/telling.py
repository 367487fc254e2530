"""Authors whose review was turned down, and readers whose question was answered, are told by mail, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction

from engagement.counts import Counts
from engagement.models import Address, Channel
from reviews.mails import answer_mail, rejection_mail
from reviews.models import Post, Review

logger = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(minutes=15)


def tell_authors(*, now: datetime, limit: int = 50) -> Counts:
    """Write to up to `limit` authors whose review was turned down some minutes ago and stayed so."""
    reviews = Review.objects.select_related("workspace", "product__workspace", "customer")
    return _tell(
        reviews, "tell_author_at", lambda review: (review.customer_id, rejection_mail), now=now, limit=limit
    )


def tell_askers(*, now: datetime, limit: int = 50) -> Counts:
    """Write to up to `limit` readers whose question was answered some minutes ago."""
    answers = Post.objects.select_related("workspace", "product__workspace", "question")
    return _tell(
        answers, "tell_asker_at", lambda post: (post.question.customer_id, answer_mail), now=now, limit=limit
    )


def _tell(
    rows: Any,
    mark: str,
    whom: Callable[[Any], tuple[int | None, Callable[..., EmailMessage]]],
    *,
    now: datetime,
    limit: int,
) -> Counts:
    """One row a transaction: the mark is moved before the mail goes out and taken away after it, so that a killed
    worker at worst writes a second time. Who has no address that we may write to is not told.
    """
    counts = Counts()
    while counts["taken"] < limit and (row := _claim(rows, mark, now)) is not None:
        counts["taken"] += 1
        customer_id, make = whom(row)
        email = _address_of(row.workspace_id, customer_id)
        if email and not _send(row, make, email):
            counts["failed"] += 1
            continue
        type(row).objects.filter(pk=row.pk, **{mark: now + AGAIN_AFTER}).update(**{mark: None})
        counts["told"] += bool(email)
    return counts


@transaction.atomic
def _claim(rows: Any, mark: str, now: datetime) -> Any:
    due = rows.select_for_update(skip_locked=True, of=("self",)).filter(**{f"{mark}__lte": now})
    row = due.order_by(mark).first()
    if row is not None:
        setattr(row, mark, now + AGAIN_AFTER)
        row.save(update_fields=[mark])
    return row


def _address_of(workspace_id: int, customer_id: int | None) -> str:
    """An address that is known to be theirs, and that has not complained or bounced."""
    found = Address.objects.filter(
        workspace_id=workspace_id, customer_id=customer_id or 0, channel=Channel.EMAIL, suppressed_at=None
    ).order_by("id")
    return found.values_list("value", flat=True).first() or ""


def _send(row: Any, make: Callable[..., EmailMessage], email: str) -> bool:
    try:
        make(row, email=email).send()
    except (SMTPException, OSError, ValueError) as error:
        logger.warning("Mail about %s %s not sent, trying again later: %s", type(row).__name__, row.pk, error)
        return False
    return True
