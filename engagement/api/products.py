"""The catalogue: own products and the outside alternatives that stand beside them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.batches import Saved, save_batch
from engagement.api.idempotency import once
from engagement.api.problems import Problem
from engagement.api.resources import Resource, created, gone
from engagement.api.shapes import MAX_BATCH, BatchOut, Body, BoundedObject, ObjectName, Out, Query
from engagement.cataloguing import ProductInUse, delete_product, save_products
from engagement.models import Product, ProductKind


class ProductOut(Out):
    """A product of the catalogue."""

    object = ObjectName("product")
    id = serializers.IntegerField()
    sku = serializers.CharField()
    kind = serializers.ChoiceField(ProductKind.choices)
    name = serializers.CharField()
    category = serializers.CharField()
    brand = serializers.CharField()
    price = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    currency = serializers.CharField()
    url = serializers.CharField()
    image_url = serializers.CharField()
    attributes = serializers.DictField()
    source_url = serializers.CharField(help_text="For an outside alternative: where the facts are from.")
    is_stub = serializers.BooleanField(help_text="Known only because an event named its SKU.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProductChange(Body):
    """What may be said of a product. A field that is left out keeps its value."""

    kind = serializers.ChoiceField(ProductKind.choices, required=False)
    name = serializers.CharField(max_length=300, required=False, allow_blank=True)
    category = serializers.CharField(max_length=200, required=False, allow_blank=True)
    brand = serializers.CharField(max_length=120, required=False, allow_blank=True)
    price = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    currency = serializers.RegexField(
        r"^([A-Z]{3})?$", required=False, allow_blank=True, help_text="ISO 4217"
    )
    url = serializers.URLField(max_length=1000, required=False, allow_blank=True)
    image_url = serializers.URLField(max_length=1000, required=False, allow_blank=True)
    attributes = BoundedObject(required=False)
    source_url = serializers.URLField(max_length=1000, required=False, allow_blank=True)


class ProductIn(ProductChange):
    """A product by its SKU."""

    sku = serializers.CharField(max_length=200)


class ProductBatch(Body):
    """Products to add or change, told apart by `sku`."""

    items = serializers.ListField(child=ProductIn(), min_length=1, max_length=MAX_BATCH)


class ProductQuery(Query):
    """Filters of the list."""

    sku = serializers.CharField(max_length=200, required=False)
    category = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(ProductKind.choices, required=False)
    is_stub = serializers.BooleanField(required=False, default=None, allow_null=True)
    updated_after = serializers.DateTimeField(required=False)


class Products(Resource):
    """/products"""

    required_scopes = {"GET": "catalogue:read", "POST": "catalogue:write"}

    @extend_schema(
        operation_id="list_products",
        summary="List products, newest first",
        parameters=[ProductQuery],
        responses=ProductOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = {name: value for name, value in self.filters(ProductQuery).items() if value is not None}
        if after := filters.pop("updated_after", None):
            filters["updated_at__gt"] = after
        return self.page(Product.objects.filter(workspace=self.workspace, **filters), ProductOut)

    @extend_schema(
        operation_id="create_product",
        summary="Add a product",
        request=ProductIn,
        responses={201: ProductOut},
    )
    @once
    def post(self, request: Request) -> Response:
        values = self.check(ProductIn)
        if Product.objects.filter(workspace=self.workspace, sku=values["sku"]).exists():
            raise Problem(
                409, "already_exists", "A product with this SKU is there already; change it by its id."
            )
        [saved] = save_products(workspace_id=self.workspace.pk, products=[values], now=self.now)
        return created(ProductOut(saved.product).data, f"/api/v1/products/{saved.product.pk}")


class OneProduct(Resource):
    """/products/{id}"""

    required_scopes = {"GET": "catalogue:read", "PATCH": "catalogue:write", "DELETE": "catalogue:write"}

    @extend_schema(operation_id="get_product", summary="Read a product", responses=ProductOut)
    def get(self, request: Request, product_id: int) -> Response:
        return Response(ProductOut(self.find(Product.objects.all(), pk=product_id)).data)

    @extend_schema(
        operation_id="change_product",
        summary="Change a product",
        request=ProductChange,
        responses=ProductOut,
    )
    def patch(self, request: Request, product_id: int) -> Response:
        product = self.find(Product.objects.all(), pk=product_id)
        values = self.check(ProductChange) | {"sku": product.sku}
        [saved] = save_products(workspace_id=self.workspace.pk, products=[values], now=self.now)
        return Response(ProductOut(saved.product).data)

    @extend_schema(operation_id="delete_product", summary="Delete a product", responses={204: None})
    def delete(self, request: Request, product_id: int) -> Response:
        product = self.find(Product.objects.select_related("workspace"), pk=product_id)
        try:
            delete_product(product=product, actor=self.key, now=self.now)
        except ProductInUse as error:
            raise Problem(409, "in_use", f"{error}; remove those first.") from error
        return gone()


class ProductBatches(Resource):
    """/products/batch"""

    required_scopes = {"POST": "catalogue:write"}

    @extend_schema(
        operation_id="save_products",
        summary="Add or change up to 1,000 products",
        request=ProductBatch,
        responses=BatchOut,
    )
    @once
    def post(self, request: Request) -> Response:
        return Response(BatchOut(save_batch(request.data, ProductIn, key="sku", save=self._save)).data)

    def _save(self, items: list[dict[str, Any]]) -> list[Saved]:
        saved = save_products(workspace_id=self.workspace.pk, products=items, now=self.now)
        return [Saved(row.product.pk, row.is_new) for row in saved]
