"""Products with answered reviews, written straight into the tables, by a rule that the test knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engagement.models import Customer, Product, Workspace
from journeys.models import Need
from reviews.fitting.learning import learn_fit
from reviews.marking import mark_fit_due
from reviews.models import Review, ReviewRating
from tests import make

OPTIONS = ["small", "right", "large"]
WIDTHS = ["narrow", "medium", "wide"]
ATTRIBUTES = [
    {"key": "foot", "label": "Foot width", "purpose": "Lasts differ.", "options": WIDTHS, "kind": "ordinal"},
    {"key": "use", "label": "Use", "purpose": "", "options": ["road", "trail", "track"], "kind": "set"},
    {"key": "colour", "label": "Colour", "purpose": "", "options": ["red", "blue"], "kind": "nominal"},
    {"key": "weight", "label": "Weight", "purpose": "", "options": [], "kind": "numeric"},
]


def need(workspace: Workspace, **fields: Any) -> Need:
    given = {
        "slug": "running",
        "name": "Running",
        "rules": {"categories": ["shoes"]},
        "context_attributes": ATTRIBUTES,
        "fit_question": "How did it fit?",
        "fit_options": OPTIONS,
    }
    return Need.objects.create(workspace=workspace, **given | fields)


def situation(chance: Random) -> dict[str, Any]:
    return {
        "foot": chance.choice(WIDTHS),
        "use": chance.sample(["road", "trail", "track"], chance.choice([1, 2])),
        "colour": chance.choice(["red", "blue"]),
        "weight": round(chance.gauss(70, 12), 1),
    }


def by_foot(told: dict[str, Any], chance: Random) -> str:
    """Narrow feet find it large, wide feet small, nine times of ten."""
    usual = {"narrow": "large", "medium": "right", "wide": "small"}[told["foot"]]
    return usual if chance.random() < 0.9 else chance.choice(OPTIONS)


def by_nothing(told: dict[str, Any], chance: Random) -> str:
    return chance.choices(OPTIONS, [1, 3, 1])[0]


def reviews(
    product: Product,
    told: Sequence[tuple[dict[str, Any], str]],
    *,
    at: datetime = make.NOW,
    slug: str = "running",
    stars: Callable[[str], int] = lambda fit: 5 if fit == "right" else 2,
    **fields: Any,
) -> list[Review]:
    """Published reviews that tell (situation, fit), each by another person, a minute apart."""
    people = Customer.objects.bulk_create(
        [Customer(workspace=product.workspace, first_seen_at=at, last_seen_at=at) for _ in told]
    )
    given = {
        "kind": "in_use",
        "body": "As told.",
        "author_name": "Ada",
        "status": "published",
        "order_event_id": 1,
        "waiting_since": at if fields.get("status") == "pending" else None,
    }
    written = Review.objects.bulk_create(
        [
            Review(
                workspace=product.workspace,
                product=product,
                customer=person,
                situation=told_situation,
                need_slug=slug,
                submitted_at=at,
                published_at=at + timedelta(minutes=n),
                **given | fields,
            )
            for n, (person, (told_situation, _)) in enumerate(zip(people, told, strict=True))
        ]
    )
    ReviewRating.objects.bulk_create(
        [
            ReviewRating(review=review, workspace=product.workspace, overall=stars(fit), fit=fit)
            for review, (_, fit) in zip(written, told, strict=True)
        ]
    )
    return written


def shop(
    workspace: Workspace,
    *,
    products: int = 8,
    each: int = 25,
    rule: Callable[[dict[str, Any], Random], str] = by_foot,
    seed: int = 1,
) -> list[Product]:
    """Products of one category whose reviews follow the rule, learned."""
    chance = Random(seed)
    made = [make.product(workspace, category="shoes", name=f"Shoe {n}") for n in range(products)]
    for product in made:
        told = [situation(chance) for _ in range(each)]
        reviews(product, [(one, rule(one, chance)) for one in told])
    learn(made)
    return made


def learn(products: Sequence[Product], at: datetime = make.NOW) -> None:
    mark_fit_due(product_ids=[product.pk for product in products])
    learn_fit(now=at, limit=1000)
