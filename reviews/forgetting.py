"""Reviews that nobody confirmed, with the visitor made for each; and lines of files that were imported long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from engagement.counts import Counts
from engagement.models import Customer
from reviews.links import CONFIRMATION_FOR
from reviews.models import ImportState, Review, ReviewImport, ReviewImportLine, ReviewStatus

# A day longer than the link works, so that nobody's last click finds nothing.
KEPT_FOR = CONFIRMATION_FOR + timedelta(days=1)
# Long enough to see a mistake and to undo the import; each review keeps its own line for good.
LINES_KEPT_FOR = timedelta(days=60)


@transaction.atomic
def forget_unconfirmed(*, now: datetime, limit: int = 500) -> Counts:
    """Delete up to `limit` reviews that have waited too long for their author, oldest first."""
    waiting = Review.objects.select_for_update(skip_locked=True).filter(
        status=ReviewStatus.UNCONFIRMED, submitted_at__lt=now - KEPT_FOR
    )
    found = list(waiting.order_by("submitted_at").values_list("id", "customer_id")[:limit])
    Review.objects.filter(pk__in=[review_id for review_id, _ in found]).delete()
    # Made for this review alone: without an id, an address or anything else to be found by.
    visitors = Customer.objects.filter(
        pk__in=[customer_id for _, customer_id in found],
        external_id=None,
        identities=None,
        addresses=None,
        reviews=None,
    )
    visitors.delete()
    return Counts(taken=len(found))


@transaction.atomic
def forget_imports(*, now: datetime, limit: int = 20_000) -> Counts:
    """Delete lines of imports that nobody has touched for long; an import that was never begun goes wholly."""
    old = ReviewImport.objects.filter(changed_at__lt=now - LINES_KEPT_FOR)
    lines = ReviewImportLine.objects.filter(batch__in=old).values_list("pk", flat=True)[:limit]
    deleted, _ = ReviewImportLine.objects.filter(pk__in=list(lines)).delete()
    unused = [ImportState.UPLOADED, ImportState.CHECKED, ImportState.UNDONE]
    old.filter(state__in=unused, lines=None, origins=None).delete()
    return Counts(taken=deleted)
