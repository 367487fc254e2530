"""Webhook endpoints: who is told of what changes."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem
from engagement.api.resources import Resource, created, gone
from engagement.api.webhook_shapes import EndpointChange, EndpointIn, EndpointMade, EndpointOut, SecretOut
from engagement.models import Endpoint
from engagement.webhooks import subscribing


class Endpoints(Resource):
    """/webhook-endpoints"""

    required_scopes = {"GET": "webhooks:read", "POST": "webhooks:write"}

    @extend_schema(
        operation_id="list_webhook_endpoints",
        summary="List webhook endpoints, newest first",
        responses=EndpointOut(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(Endpoint.objects.filter(workspace=self.workspace), EndpointOut)

    @extend_schema(
        operation_id="create_webhook_endpoint",
        summary="Be told of what changes",
        description="From now on. The secret that signs is in this answer and nowhere again.",
        request=EndpointIn,
        responses={201: EndpointMade},
    )
    @once
    def post(self, request: Request) -> Response:
        try:
            endpoint, secret = subscribing.create_endpoint(
                workspace=self.workspace, values=self.check(EndpointIn), actor=self.key, now=self.now
            )
        except subscribing.BadEndpoint as error:
            raise Problem(409, "too_many", str(error)) from error
        made = EndpointOut(endpoint).data | {"secret": secret}
        return created(made, f"/api/v1/webhook-endpoints/{endpoint.pk}")


class EndpointResource(Resource):
    """Something of one endpoint of this workspace."""

    def endpoint(self, endpoint_id: int) -> Endpoint:
        return self.find(Endpoint.objects.select_related("workspace"), pk=endpoint_id)


class OneEndpoint(EndpointResource):
    """/webhook-endpoints/{id}"""

    required_scopes = {"GET": "webhooks:read", "PATCH": "webhooks:write", "DELETE": "webhooks:write"}

    @extend_schema(
        operation_id="get_webhook_endpoint", summary="Read a webhook endpoint", responses=EndpointOut
    )
    def get(self, request: Request, endpoint_id: int) -> Response:
        return Response(EndpointOut(self.endpoint(endpoint_id)).data)

    @extend_schema(
        operation_id="change_webhook_endpoint",
        summary="Change a webhook endpoint, switch it off or on",
        description="What waited while it was off is told when it is on again.",
        request=EndpointChange,
        responses=EndpointOut,
    )
    def patch(self, request: Request, endpoint_id: int) -> Response:
        endpoint, values = self.endpoint(endpoint_id), self.check(EndpointChange)
        is_on = values.pop("is_enabled", None)
        who: dict[str, Any] = {"actor": self.key, "now": self.now}
        with transaction.atomic():
            endpoint = subscribing.change_endpoint(endpoint=endpoint, values=values, **who)
            if is_on is not None:
                endpoint = subscribing.switch_endpoint(endpoint=endpoint, is_on=is_on, **who)
        return Response(EndpointOut(endpoint).data)

    @extend_schema(
        operation_id="delete_webhook_endpoint",
        summary="Delete a webhook endpoint",
        description="With what waits for it and the log of what it was told.",
        responses={204: None},
    )
    def delete(self, request: Request, endpoint_id: int) -> Response:
        subscribing.delete_endpoint(endpoint=self.endpoint(endpoint_id), actor=self.key, now=self.now)
        return gone()


class EndpointSecret(EndpointResource):
    """/webhook-endpoints/{id}/secret"""

    required_scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="renew_webhook_secret",
        summary="Renew a webhook endpoint's secret",
        description="For a day the old one signs beside the new one.",
        request=None,
        responses=SecretOut,
    )
    @once
    def post(self, request: Request, endpoint_id: int) -> Response:
        endpoint = self.endpoint(endpoint_id)
        secret = subscribing.renew_secret(endpoint=endpoint, actor=self.key, now=self.now)
        return Response(SecretOut({"secret": secret}).data)
