"""Published reviews by people who used the product and answered the fit question, as opinions. Read only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from reviews.likeness.attributes import Attribute, Scale, encode
from reviews.likeness.cells import Opinion
from reviews.models import FitTopic, Review, ReviewKind, ReviewStatus

# Who writes before using the product can't say how it fitted.
AFTER_USE = (ReviewKind.FIRST_IMPRESSION, ReviewKind.IN_USE, ReviewKind.OVER_TIME, ReviewKind.CHANGED)
Key = tuple[int, str]  # a product and a topic's slug
UNVERIFIED = 0.5  # what a review without an order behind it counts


@dataclass(frozen=True, slots=True)
class Told:
    """One review's answer, not yet encoded."""

    review_id: int
    product_id: int
    category: str
    situation: dict[str, Any]
    fit: str
    overall: int
    is_verified: bool
    helpful: float
    published_at: datetime


def answered(workspace_id: int) -> QuerySet[Review]:
    """Reviews that say how a product fitted somebody who used it."""
    return Review.objects.filter(
        workspace_id=workspace_id, status=ReviewStatus.PUBLISHED, kind__in=AFTER_USE
    ).exclude(rating=None, rating__fit="")


def read_answers(
    topic: FitTopic, product_ids: Collection[int] | None = None, *, most: int | None = None
) -> list[Told]:
    """Of the topic, newest first; of these products only, and at most so many, when given. One query."""
    reviews = answered(topic.workspace_id).filter(need_slug=topic.slug, rating__fit__in=topic.options)
    if product_ids is not None:
        reviews = reviews.filter(product_id__in=product_ids)
    rows = reviews.order_by("-id").values_list(
        "id",
        "product_id",
        "product__category",
        "situation",
        "rating__fit",
        "rating__overall",
        "order_event_id",
        "helpful_score",
        "published_at",
    )
    return [Told(*row[:6], row[6] is not None, *row[7:]) for row in rows[:most]]  # type: ignore[arg-type]


def as_opinions(
    told: Iterable[Told],
    *,
    options: Sequence[str],
    attributes: Sequence[Attribute],
    scales: Sequence[Scale],
    half_life_days: int | None,
    now: datetime,
) -> list[Opinion]:
    """Encoded, each with the weight that it has before anybody's likeness is asked."""
    return [
        Opinion(
            review_id=answer.review_id,
            codes=encode(attributes, scales, answer.situation),
            option=options.index(answer.fit),
            mass=_mass(answer, half_life_days, now),
            helpful=answer.helpful,
        )
        for answer in told
    ]


def _mass(answer: Told, half_life_days: int | None, now: datetime) -> float:
    mass = 1.0 if answer.is_verified else UNVERIFIED
    if half_life_days:
        age = max(0.0, (now - answer.published_at).total_seconds() / 86400)
        mass *= 0.5 ** (age / half_life_days)
    return mass


def best_liked(told: Iterable[Told], options: Sequence[str]) -> str:
    """The answer whose authors give most stars on average; empty while nobody told."""
    stars: dict[str, list[int]] = {}
    for answer in told:
        stars.setdefault(answer.fit, []).append(answer.overall)
    # Drawn towards 3 stars, so that one enthusiast doesn't decide what a good fit is.
    return max(
        (option for option in options if option in stars),
        key=lambda option: (sum(stars[option]) + 15) / (len(stars[option]) + 5),
        default="",
    )


def signatures(
    workspace_id: int, *, slug: str = "", product_ids: Collection[int] | None = None
) -> dict[Key, str]:
    """What the answered reviews of products look like from afar. One query."""
    reviews = answered(workspace_id)
    reviews = reviews.filter(need_slug=slug) if slug else reviews.exclude(need_slug="")
    if product_ids is not None:
        reviews = reviews.filter(product_id__in=product_ids)
    rows = (
        reviews.order_by()
        .values("product_id", "need_slug", "product__category")
        .annotate(
            number=Count("id"),
            ids=Sum("id"),
            latest=Max("published_at"),
            verified=Count("order_event_id"),
            helpful=Sum("helpful_count"),
            unhelpful=Sum("unhelpful_count"),
        )
    )
    return {(row["product_id"], row["need_slug"]): _digest(row) for row in rows}


def _digest(row: Mapping[str, Any]) -> str:
    text = "|".join(str(row[name]) for name in sorted(row))
    return blake2b(text.encode(), digest_size=16).hexdigest()
