"""Customers: found, made, described, erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.batches import Saved, save_batch
from engagement.api.customer_shapes import (
    CustomerBatch,
    CustomerChange,
    CustomerIn,
    CustomerOut,
    CustomerQuery,
    TimelineEntryOut,
    TimelineQuery,
)
from engagement.api.idempotency import once
from engagement.api.pages import make_cursor, read_cursor, read_limit
from engagement.api.problems import invalid
from engagement.api.resources import Resource, created, gone
from engagement.api.shapes import BatchOut
from engagement.erasing import erase_customer
from engagement.events import LONGEST_ID
from engagement.models import Customer
from engagement.people import find_customer
from engagement.profiling import save_customers
from engagement.timelines import read_timeline

CUSTOMERS = Customer.objects.prefetch_related("addresses")


class CustomerResource(Resource):
    """Finds the customer that a path names."""

    def customer(self, customer_id: int) -> Customer:
        """The customer, or whom they were merged into."""
        customer = self.find(CUSTOMERS, pk=customer_id)
        while customer.merged_into_id is not None:
            customer = self.find(CUSTOMERS, pk=customer.merged_into_id)
        return customer


class Customers(CustomerResource):
    """/customers"""

    required_scopes = {"GET": "customers:read"}

    @extend_schema(
        operation_id="list_customers",
        summary="List customers, newest first",
        parameters=[CustomerQuery],
        responses=CustomerOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.filters(CustomerQuery)
        rows = CUSTOMERS.filter(workspace=self.workspace, merged_into=None)
        for name, lookup in {
            "external_id": "external_id",
            "email": "email__iexact",
            "created_after": "first_seen_at__gt",
            "seen_after": "last_seen_at__gt",
        }.items():
            if name in filters:
                rows = rows.filter(**{lookup: filters[name]})
        return self.page(rows, CustomerOut)


class OneCustomer(CustomerResource):
    """/customers/{id}"""

    required_scopes = {"GET": "customers:read", "DELETE": "customers:erase"}

    @extend_schema(
        operation_id="get_customer",
        summary="Read a customer",
        description="One who was merged away is answered with the one they were merged into.",
        responses=CustomerOut,
    )
    def get(self, request: Request, customer_id: int) -> Response:
        return Response(CustomerOut(self.customer(customer_id)).data)

    @extend_schema(
        operation_id="erase_customer",
        summary="Erase a customer for good",
        description="Every row about them, their events, messages and reviews included. Cannot be undone.",
        responses={204: None},
    )
    def delete(self, request: Request, customer_id: int) -> Response:
        customer = self.find(Customer.objects.select_related("workspace"), pk=customer_id, merged_into=None)
        erase_customer(customer=customer, actor=self.key, now=self.now)
        return gone()


class CustomerTimeline(CustomerResource):
    """/customers/{id}/timeline"""

    required_scopes = {"GET": "customers:read"}
    order = ("-at",)

    @extend_schema(
        operation_id="list_customer_timeline",
        summary="Read what a customer did, where it brought them, what was said to them and what was held back",
        description="Newest first. A page holds at most `limit` entries, and whole moments only.",
        responses=TimelineEntryOut(many=True),
    )
    def get(self, request: Request, customer_id: int) -> Response:
        self.filters(TimelineQuery)
        customer = self.customer(customer_id)
        values = read_cursor(request, self.order)
        before = datetime.fromisoformat(values[0]) if values else None
        timeline = read_timeline(customer, before=before, limit=read_limit(request))
        older = timeline.older
        return Response(
            {
                "object": "list",
                "data": TimelineEntryOut(timeline.entries, many=True).data,
                "has_more": older is not None,
                "next_cursor": make_cursor(request, self.order, [older]) if older else None,
            }
        )


class CustomerByExternalId(CustomerResource):
    """/customers/by-external-id/{external_id}"""

    required_scopes = {"GET": "customers:read", "PUT": "customers:write"}

    @extend_schema(
        operation_id="get_customer_by_external_id",
        summary="Read a customer by the shop's own id",
        responses=CustomerOut,
    )
    def get(self, request: Request, external_id: str) -> Response:
        customer = find_customer(workspace=self.workspace, external_id=external_id)
        if customer is None:
            raise Http404
        return Response(CustomerOut(customer).data)

    @extend_schema(
        operation_id="save_customer",
        summary="Make or describe a customer by the shop's own id",
        description="What is left out stays as it is, so the same request may be sent again.",
        request=CustomerChange,
        responses={200: CustomerOut, 201: CustomerOut},
    )
    def put(self, request: Request, external_id: str) -> Response:
        if len(external_id) > LONGEST_ID or not external_id.strip():
            detail = _("An external id has 1 to {most} characters.").format(most=LONGEST_ID)
            raise invalid([{"parameter": "external_id", "code": "invalid", "detail": detail}])
        profile = self.check(CustomerChange) | {"external_id": external_id}
        [saved] = save_customers(workspace_id=self.workspace.pk, profiles=[profile], now=self.now)
        shown = CustomerOut(self.customer(saved.id)).data
        return created(shown, f"/api/v1/customers/{saved.id}") if saved.is_new else Response(shown)


class CustomerBatches(Resource):
    """/customers/batch"""

    required_scopes = {"POST": "customers:write"}

    @extend_schema(
        operation_id="save_customers",
        summary="Make or describe up to 1,000 customers",
        request=CustomerBatch,
        responses=BatchOut,
    )
    @once
    def post(self, request: Request) -> Response:
        return Response(
            BatchOut(save_batch(request.data, CustomerIn, key="external_id", save=self._save)).data
        )

    def _save(self, items: list[dict[str, Any]]) -> list[Saved]:
        saved = save_customers(workspace_id=self.workspace.pk, profiles=items, now=self.now)
        return [Saved(customer.id, customer.is_new) for customer in saved]
