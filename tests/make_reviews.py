"""Reviews and what verifies them, by the functions that the doors use."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Product
from reviews.contents import ReviewContent
from reviews.models import Review, ReviewRating
from reviews.moderating import publish_review
from reviews.submitting import submit_review
from tests import make

_serial = count(1)
BODIES = [
    "Held up on a wet autumn loop and dried over night on the porch.",
    "The heel slipped until I used the last eyelet and a second knot.",
    "Bought a size up after reading here and my toes thank everybody.",
    "Too warm for May, just right for a windy February on the coast.",
]


def content(**fields: Any) -> ReviewContent:
    """A review's content that nothing is wrong with."""
    n = next(_serial)
    given = {
        "kind": "in_use",
        "body": f"{BODIES[n % len(BODIES)]} Story number {n} of its kind, told in my own words.",
        "author_name": "Ada",
        "overall": 4,
    }
    return ReviewContent(**given | fields)


def review(
    product: Product,
    customer: Customer | None = None,
    *,
    at: datetime = make.NOW,
    published: bool = True,
    may_share: bool | None = None,
    **fields: Any,
) -> Review:
    workspace = product.workspace
    written = submit_review(
        workspace=workspace,
        product=product,
        customer=customer or make.customer(workspace),
        content=content(**fields),
        collected_by="form",
        may_share=may_share,
        now=at,
    )
    if published:
        written = publish_review(workspace=workspace, review_id=written.pk, actor=None, now=at)
    return written


def order(customer: Customer, *products: Product, at: datetime = make.NOW, **properties: Any) -> None:
    """The customer bought these."""
    event = SystemEvent(
        customer_id=customer.pk,
        name="Order Completed",
        message_id=f"order-{next(_serial)}",
        occurred_at=at,
        properties={"products": [{"product_id": product.sku} for product in products]} | properties,
    )
    record_events(workspace_id=customer.workspace_id, events=[event], now=at)


def many(review: Review, count: int) -> list[Review]:
    """Copies of a review by `count` other people, written straight into the tables."""
    people = Customer.objects.bulk_create(
        [
            Customer(workspace=review.workspace, first_seen_at=make.NOW, last_seen_at=make.NOW)
            for _ in range(count)
        ]
    )
    fields = {
        field.attname: getattr(review, field.attname)
        for field in Review._meta.concrete_fields
        if not field.generated
    }
    del fields["id"], fields["customer_id"]
    copies = Review.objects.bulk_create([Review(**fields, customer=person) for person in people])
    figures = {"workspace": review.workspace, "overall": review.rating.overall}
    ReviewRating.objects.bulk_create([ReviewRating(review=copy, **figures) for copy in copies])
    return copies
