"""Authors whose review was turned down are told why, and what they can do: by a mail of our own, once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.db import transaction

from engagement.counts import Counts
from engagement.models import Address, Channel
from reviews.mails import rejection_mail
from reviews.models import Review

logger = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(minutes=15)


def tell_authors(*, now: datetime, limit: int = 50) -> Counts:
    """Write to up to `limit` authors whose review was turned down some minutes ago and stayed so.

    One review a transaction: the mark is moved before the mail goes out and taken away after it, so that a killed
    worker at worst writes a second time. Who has no address that we may write to is not told.
    """
    counts = Counts()
    while counts["taken"] < limit and (review := _claim(now)) is not None:
        counts["taken"] += 1
        email = _address_of(review)
        if email and not _send(review, email):
            counts["failed"] += 1
            continue
        Review.objects.filter(pk=review.pk, tell_author_at=now + AGAIN_AFTER).update(tell_author_at=None)
        counts["told"] += bool(email)
    return counts


@transaction.atomic
def _claim(now: datetime) -> Review | None:
    due = Review.objects.select_for_update(skip_locked=True, of=("self",)).filter(tell_author_at__lte=now)
    review = (
        due.select_related("workspace", "product__workspace", "customer").order_by("tell_author_at").first()
    )
    if review is not None:
        review.tell_author_at = now + AGAIN_AFTER
        review.save(update_fields=["tell_author_at"])
    return review


def _address_of(review: Review) -> str:
    """An address that is known to be the author's, and that has not been complained from or bounced."""
    found = Address.objects.filter(
        workspace_id=review.workspace_id,
        customer=review.customer,
        channel=Channel.EMAIL,
        suppressed_at=None,
    ).order_by("id")
    return found.values_list("value", flat=True).first() or ""


def _send(review: Review, email: str) -> bool:
    try:
        rejection_mail(review, email=email).send()
    except (SMTPException, OSError, ValueError) as error:
        logger.warning("Author of review %s not told, trying again later: %s", review.pk, error)
        return False
    return True
