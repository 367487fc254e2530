"""An import taken out again: its reviews, with the customers and products made for it that serve nobody else."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from engagement.dependents import first_dependent
from engagement.models import Customer, Event, Product
from reviews.importing.settling import Settled, settle_lines
from reviews.models import FitDue, FitSheet, LineOutcome, RatingTally, Review, ReviewImport, ReviewOrigin
from reviews.tallying import mark_stale

# What was counted and learned of reviews that are gone.
DERIVED = (RatingTally, FitDue, FitSheet)
BROUGHT = (LineOutcome.IMPORTED, LineOutcome.EARLIER)


def undo_lines(batch: ReviewImport, *, now: datetime, limit: int) -> int:
    """Take out up to `limit` lines in the order of the file; returns how many there were."""
    lines = list(batch.lines.filter(outcome__in=BROUGHT).order_by("number")[:limit])
    theirs = [line.review_id for line in lines if line.review_id and line.outcome == LineOutcome.IMPORTED]
    reviews = Review.objects.select_for_update().filter(workspace_id=batch.workspace_id, pk__in=theirs)
    # Who wrote a newer version here has made it their own.
    gone = {review.pk: review for review in reviews.order_by("id") if review.version == 1}
    ReviewOrigin.objects.filter(batch=batch, review_id__in=[line.review_id for line in lines]).delete()
    mark_stale(
        workspace_id=batch.workspace_id, product_ids=[one.product_id for one in gone.values()], now=now
    )
    Review.objects.filter(pk__in=gone).delete()
    _forget_authors({review.customer_id for review in gone.values()})
    kept = _("Its author has changed it since, so it stays.")
    settle_lines(
        [
            Settled(line, LineOutcome.UNDONE)
            if line.outcome == LineOutcome.EARLIER or line.review_id in gone
            else Settled(line, LineOutcome.KNOWN, kept, line.review_id)
            for line in lines
        ]
    )
    return len(lines)


def forget_stubs(batch: ReviewImport) -> None:
    """Delete the products that the import made, that nobody completed and that nothing depends on."""
    made = Product.objects.filter(
        workspace_id=batch.workspace_id, is_stub=True, attributes__made_by_import=batch.pk
    )
    for product in made:
        if not first_dependent(product, but=DERIVED):
            product.delete()


def _forget_authors(customer_ids: set[int]) -> None:
    """Those of whom nothing else is known: no id, no address, no event, no other review."""
    events = Event.objects.filter(workspace_id=OuterRef("workspace_id"), customer_id=OuterRef("pk"))
    Customer.objects.filter(
        ~Exists(events),
        pk__in=customer_ids,
        external_id=None,
        identities=None,
        addresses=None,
        consents=None,
        facts=None,
        reviews=None,
        merged=None,
    ).delete()
