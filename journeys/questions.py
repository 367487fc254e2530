"""The questions of the need that a product is for."""

from __future__ import annotations

from engagement.models import Product
from engagement.questions import Questions
from journeys.attributes import attribute_of
from journeys.models import Need


def questions_for(product: Product) -> Questions:
    """Of the first active need whose rules name the product or its category; empty ones when none does. One query."""
    for need in Need.objects.filter(workspace_id=product.workspace_id, is_active=True):
        if _speaks_of(need, product):
            return Questions(
                topic=need.slug,
                name=need.name,
                attributes=tuple(attribute_of(row) for row in need.context_attributes),
                fit_question=need.fit_question,
                fit_options=tuple(need.fit_options),
            )
    return Questions()


def _speaks_of(need: Need, product: Product) -> bool:
    categories = {name.casefold() for name in need.rules.get("categories", [])}
    skus = {sku.casefold() for sku in need.rules.get("skus", [])}
    return product.sku.casefold() in skus or bool(
        product.category and product.category.casefold() in categories
    )
