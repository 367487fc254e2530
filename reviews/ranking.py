"""Published reviews in the order a reader asked for, page by page.

    recent    newest first
    helpful   by the mean of what its votes leave us to believe (so one vote of one does not beat 90 of 100)
    similar   those of people like the reader first, in the order that fit gives (`nearest`), then the newest. Where
              nothing was learned yet: those whose authors share most of the reader's situation, among the newest
              SIMILAR_AMONG reviews, so that a page costs the same however many there are

Nothing is left out or put back for what it rates, and equal ones stand in a fixed order, so that pages never overlap.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from engagement.models import Product
from reviews.models import Review, ReviewStatus

ORDERS = ("recent", "helpful", "similar")
SIMILAR_AMONG = 1000
LARGEST_PAGE = 50
NEWEST = ["published_at", "id"]
LARGEST_ID = 2**63 - 1
BEFORE_ALL = [datetime(9999, 1, 1, tzinfo=UTC), LARGEST_ID]


class BadCursor(ValueError):
    """Not a cursor of ours, or one of another order."""


class Page(NamedTuple):
    """`next_cursor` is empty on the last page."""

    reviews: list[Review]
    next_cursor: str


def list_reviews(
    product: Product,
    *,
    order: str = "recent",
    cursor: str = "",
    situation: Mapping[str, Any] | None = None,
    nearest: Sequence[int] = (),
    limit: int = 10,
) -> Page:
    """A page of published reviews with their figures (`review.rating`), one or two queries whatever the number.

    `situation` is the reader's {attribute: value} and `nearest` the ids that fit names for it, both for "similar".
    Raises BadCursor, and ValueError for another order.
    """
    if order not in ORDERS:
        raise ValueError(f"Choose an order: {', '.join(ORDERS)}")
    limit = min(max(limit, 1), LARGEST_PAGE)
    published = Review.objects.filter(product=product, status=ReviewStatus.PUBLISHED)
    if order == "similar" and nearest:
        return _near_page(published.select_related("rating"), nearest, cursor, limit)
    keys, ordered = _ordered(published, order, situation or {})
    after = _after(keys, _decode(cursor, order, keys)) if cursor else Q()
    rows = list(
        ordered.filter(after).select_related("rating").order_by(*(f"-{key}" for key in keys))[: limit + 1]
    )
    more = len(rows) > limit
    return Page(rows[:limit], _encode(order, [getattr(rows[limit - 1], key) for key in keys]) if more else "")


def _near_page(published: QuerySet[Review], nearest: Sequence[int], cursor: str, limit: int) -> Page:
    """Those named, in their order, then all others, newest first. The mark holds the place among the named ones.

    One that was taken back since it was named is left out, which may make a page a little shorter.
    """
    mark: Any
    mark, *after = _decode(cursor, "near", ["place", *NEWEST]) if cursor else [0, *BEFORE_ALL]
    place = max(0, int(mark))
    named = nearest[place : place + limit]
    place += len(named)
    found = published.in_bulk(named)
    rows = [found[review_id] for review_id in named if review_id in found]
    if place < len(nearest):
        return Page(rows, _encode("near", [place, *after]))
    room = limit - len(named)
    others = published.exclude(pk__in=nearest).filter(_after(NEWEST, after))
    fill = list(others.order_by(*(f"-{key}" for key in NEWEST))[: room + 1])
    if len(fill) <= room:
        return Page(rows + fill, "")
    last = [getattr(fill[room - 1], key) for key in NEWEST] if room else after
    return Page(rows + fill[:room], _encode("near", [place, *last]))


def _ordered(
    published: QuerySet[Review], order: str, situation: Mapping[str, Any]
) -> tuple[list[str], QuerySet[Review]]:
    if order == "helpful":
        return ["helpful_score", *NEWEST], published
    if order == "similar" and situation:
        newest = published.order_by("-published_at", "-id").values("id")[:SIMILAR_AMONG]
        ordered = Review.objects.filter(id__in=newest).annotate(shared=_shared(situation))
        return ["shared", *NEWEST], ordered
    return NEWEST, published


def _shared(situation: Mapping[str, Any]) -> Any:
    """How many of the reader's attributes the author has the same."""
    total: Any = Value(0)
    for key, value in sorted(situation.items()):
        total = total + Case(
            When(situation__contains={key: value}, then=1), default=0, output_field=IntegerField()
        )
    return total


def _after(keys: list[str], values: list[Any]) -> Q:
    """Rows that come after these values when all keys descend."""
    condition = Q()
    for place, key in enumerate(keys):
        same = Q(**dict(zip(keys[:place], values[:place], strict=True)))
        condition |= same & Q(**{f"{key}__lt": values[place]})
    # Says once more what is true anyway, so that the index range begins at the cursor.
    return condition & Q(**{f"{keys[0]}__lte": values[0]})


def _encode(order: str, values: list[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([order, *plain]).encode()).rstrip(b"=").decode()


def _decode(cursor: str, order: str, keys: list[str]) -> list[Any]:
    try:
        named, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if named != order:
            raise BadCursor("The page mark belongs to another order; begin at the first page.")
        return [_value(key, value) for key, value in zip(keys, values, strict=True)]
    except BadCursor:
        raise
    except (ValueError, TypeError) as error:
        raise BadCursor("The page mark is not one of ours; begin at the first page.") from error


def _value(key: str, value: Any) -> datetime | float:
    """One key's value out of a cursor. Raises ValueError or TypeError."""
    if key == "published_at":
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError("a time without a zone")
        return at
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_ID:
        raise ValueError("not a number")
    return value
