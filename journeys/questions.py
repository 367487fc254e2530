"""The questions of the need that a product is for."""

from __future__ import annotations

from collections.abc import Collection

from engagement.models import Product
from engagement.questions import Questions
from journeys.attributes import attribute_of
from journeys.models import Need


def need_for(product: Product) -> Need | None:
    """The first active need whose rules name the product or its category. One query."""
    needs = Need.objects.filter(workspace_id=product.workspace_id, is_active=True)
    return next((need for need in needs if _speaks_of(need, product)), None)


def questions_for(product: Product) -> Questions:
    """Of the need that a product is for; empty ones when it is for none. One query."""
    need = need_for(product)
    return Questions() if need is None else _questions_of(need)


def questions_about(*, workspace_id: int, topics: Collection[str]) -> dict[str, Questions]:
    """Of each of these needs by its slug, also of one that is not active any more. One query."""
    needs = Need.objects.filter(workspace_id=workspace_id, slug__in=topics)
    return {need.slug: _questions_of(need) for need in needs}


def _questions_of(need: Need) -> Questions:
    return Questions(
        topic=need.slug,
        name=need.name,
        attributes=tuple(attribute_of(row) for row in need.context_attributes),
        fit_question=need.fit_question,
        fit_options=tuple(need.fit_options),
    )


def _speaks_of(need: Need, product: Product) -> bool:
    categories = {name.casefold() for name in need.rules.get("categories", [])}
    skus = {sku.casefold() for sku in need.rules.get("skus", [])}
    return product.sku.casefold() in skus or bool(
        product.category and product.category.casefold() in categories
    )
