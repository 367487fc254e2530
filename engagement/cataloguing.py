"""Products put into the catalogue, changed and taken out, one or a thousand at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from engagement.auditing import record
from engagement.dependents import first_dependent
from engagement.models import ApiKey, Product

FIELDS = (
    "kind",
    "name",
    "category",
    "brand",
    "price",
    "currency",
    "url",
    "image_url",
    "attributes",
    "source_url",
)


class SavedProduct(NamedTuple):
    """A product as it now stands, and whether this call made it."""

    product: Product
    is_new: bool


class ProductInUse(Exception):
    """Other rows depend on the product, such as reviews; `by` names them."""

    def __init__(self, by: str) -> None:
        super().__init__(f"The product is used by {by}")
        self.by = by


@transaction.atomic
def save_products(
    *, workspace_id: int, products: Sequence[Mapping[str, Any]], now: datetime
) -> list[SavedProduct]:
    """Add or change products by their `sku`, in three statements, in the order given.

    Each mapping holds `sku` and any of FIELDS, checked before; a field that is left out keeps its value. A stub that
    an event had made becomes a real product. Raises ValueError when a SKU comes twice.
    """
    skus = [product["sku"] for product in products]
    if len(set(skus)) < len(skus):
        raise ValueError("A SKU may come only once in a call.")
    # In the order of their keys, so that two calls about the same products wait and don't deadlock.
    locked = (
        Product.objects.select_for_update().filter(workspace_id=workspace_id, sku__in=skus).order_by("id")
    )
    known = {product.sku: product for product in locked}
    rows = [
        _changed(known.get(given["sku"]) or Product(workspace_id=workspace_id, sku=given["sku"]), given)
        for given in products
    ]
    Product.objects.bulk_create(
        [_unsaved(row) for row in sorted(rows, key=lambda row: row.sku)],
        update_conflicts=True,
        unique_fields=["workspace", "sku"],
        update_fields=[*FIELDS, "is_stub", "updated_at"],
    )
    saved = {row.sku: row for row in Product.objects.filter(workspace_id=workspace_id, sku__in=skus)}
    return [SavedProduct(saved[sku], sku not in known) for sku in skus]


@transaction.atomic
def delete_product(*, product: Product, actor: User | ApiKey | None, now: datetime) -> None:
    """Take a product out of the catalogue for good. Raises ProductInUse while anything depends on it."""
    Product.objects.select_for_update().get(pk=product.pk)
    if dependent := first_dependent(product):
        raise ProductInUse(dependent)
    record(
        workspace=product.workspace,
        actor=actor,
        action="delete_product",
        target=product,
        detail={"sku": product.sku},
        now=now,
    )
    product.delete()


def _changed(product: Product, given: Mapping[str, Any]) -> Product:
    for field in FIELDS:
        if field in given:
            setattr(product, field, given[field])
    product.is_stub = False
    return product


def _unsaved(product: Product) -> Product:
    """The same without its key, so that one INSERT … ON CONFLICT takes new and known ones alike."""
    product.pk = None
    product._state.adding = True
    return product
