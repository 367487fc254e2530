"""Shortlists of customers: read, and filled by shops that have a list of their own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import invalid
from engagement.api.resources import Resource, created, gone
from engagement.api.shapes import Body, ObjectName, Out, Query
from engagement.models import Customer, Product
from journeys.models import Need, Shortlist, ShortlistItem
from journeys.questions import need_for
from journeys.shortlists import BadItem, Outside, drop_item, keep_item
from journeys.shortlists.keeping import LONGEST_NAME, LONGEST_NOTE, LONGEST_URL, is_outside

ITEMS = ShortlistItem.objects.select_related(
    "product", "shortlist__need", "shortlist__customer", "shortlist__workspace"
)
SHORTLISTS = Shortlist.objects.select_related("need").prefetch_related("items__product")


class ItemOut(Out):
    """Something on a shortlist."""

    object = ObjectName("shortlist_item")
    id = serializers.IntegerField()
    shortlist = serializers.IntegerField(source="shortlist_id")
    product = serializers.SerializerMethodField(help_text="The SKU; null for what the customer typed.")
    name = serializers.CharField(source="__str__")
    url = serializers.CharField(help_text="As typed; empty for products.")
    is_outside = serializers.SerializerMethodField(help_text="The company does not sell it.")
    note = serializers.CharField()
    met = serializers.DictField(
        child=serializers.BooleanField(), help_text="{must-have's key: whether it is met}"
    )
    added_at = serializers.DateTimeField()
    chosen_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field({"type": ["string", "null"]})
    def get_product(self, item: ShortlistItem) -> str | None:
        return item.product.sku if item.product else None

    @extend_schema_field({"type": "boolean"})
    def get_is_outside(self, item: ShortlistItem) -> bool:
        return is_outside(item)


class MustHaveOut(Out):
    """What the customer will not go without."""

    key = serializers.CharField()
    text = serializers.CharField()


class ShortlistOut(Out):
    """What one customer compares for one need."""

    object = ObjectName("shortlist")
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    need = serializers.CharField(source="need.slug", help_text="The need's slug.")
    must_haves = MustHaveOut(many=True)
    items = ItemOut(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ShortlistQuery(Query):
    """Filters of the list."""

    customer = serializers.IntegerField(min_value=1, required=False)
    need = serializers.CharField(max_length=60, required=False, help_text="The need's slug.")
    product = serializers.CharField(max_length=200, required=False, help_text="Lists with this SKU.")


class ItemIn(Body):
    """Something to put on a customer's shortlist: a product by its SKU, or anything else by name."""

    customer = serializers.IntegerField(min_value=1)
    need = serializers.SlugField(
        max_length=60,
        required=False,
        help_text="The need's slug. Left out: the need that the product is for.",
    )
    product = serializers.CharField(max_length=200, required=False)
    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    url = serializers.CharField(max_length=LONGEST_URL, required=False, allow_blank=True)
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if ("product" in values) == ("name" in values):
            message = _("Give either a product's SKU or a name.")
            raise serializers.ValidationError({"product": message}, code="one_of")
        return values


class Shortlists(Resource):
    """/shortlists"""

    required_scopes = {"GET": "shortlists:read"}

    @extend_schema(
        operation_id="list_shortlists",
        summary="List shortlists, newest first",
        parameters=[ShortlistQuery],
        responses=ShortlistOut(many=True),
    )
    def get(self, request: Request) -> Response:
        lookups = {"customer": "customer_id", "need": "need__slug", "product": "items__product__sku"}
        filters = {lookups[name]: value for name, value in self.filters(ShortlistQuery).items()}
        return self.page(SHORTLISTS.filter(workspace=self.workspace, **filters), ShortlistOut)


class OneShortlist(Resource):
    """/shortlists/{id}"""

    required_scopes = {"GET": "shortlists:read"}

    @extend_schema(operation_id="get_shortlist", summary="Read a shortlist", responses=ShortlistOut)
    def get(self, request: Request, shortlist_id: int) -> Response:
        return Response(ShortlistOut(self.find(SHORTLISTS, pk=shortlist_id)).data)


class ShortlistItems(Resource):
    """/shortlist-items"""

    required_scopes = {"POST": "shortlists:write"}

    @extend_schema(
        operation_id="create_shortlist_item",
        summary="Put something on a customer's shortlist",
        description="What is there already stays as it is. It is an event on the customer's timeline.",
        request=ItemIn,
        responses={201: ItemOut},
    )
    @once
    def post(self, request: Request) -> Response:
        values = self.check(ItemIn)
        what = self._product(values["product"]) if "product" in values else None
        try:
            item = keep_item(
                customer=self._customer(values["customer"]),
                need=self._need(values.get("need"), what),
                what=what or Outside(values["name"], values.get("url", "")),
                note=values.get("note", ""),
                now=self.now,
            )
        except BadItem as error:
            raise invalid(
                [{"pointer": f"/{error.field}", "code": "invalid", "detail": str(error)}]
            ) from error
        item = ITEMS.get(pk=item.pk)
        return created(ItemOut(item).data, f"/api/v1/shortlists/{item.shortlist_id}")

    def _customer(self, number: int) -> Customer:
        rows = Customer.objects.filter(workspace=self.workspace, merged_into=None, pk=number)
        return self._known(rows.first(), "/customer", _("There is no customer with this id."))

    def _product(self, sku: str) -> Product:
        product = Product.objects.filter(workspace=self.workspace, sku=sku).first()
        return self._known(product, "/product", _("No product of the catalogue has this SKU."))

    def _need(self, slug: str | None, product: Product | None) -> Need:
        if slug is None and product is not None:
            return self._known(need_for(product), "/need", _("The product is for no need; say which one."))
        need = Need.objects.filter(workspace=self.workspace, slug=slug or "").first()
        return self._known(need, "/need", _("There is no need with this slug."))

    def _known(self, found: Any, pointer: str, detail: str) -> Any:
        if found is None:
            raise invalid([{"pointer": pointer, "code": "unknown", "detail": detail}])
        return found


class OneShortlistItem(Resource):
    """/shortlist-items/{id}"""

    required_scopes = {"DELETE": "shortlists:write"}

    @extend_schema(
        operation_id="delete_shortlist_item",
        summary="Take something off a customer's shortlist",
        responses={204: None},
    )
    def delete(self, request: Request, item_id: int) -> Response:
        drop_item(item=self.find(ITEMS, pk=item_id, shortlist__workspace=self.workspace), now=self.now)
        return gone()
