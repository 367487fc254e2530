"""What a webhook endpoint was told, a test of it, and sending again."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.resources import created
from engagement.api.webhook_shapes import DeliveryOut, DeliveryQuery, SendAgainIn, SentAgainOut
from engagement.api.webhooks import EndpointResource
from engagement.models import Delivery
from engagement.webhooks import subscribing


class EndpointTest(EndpointResource):
    """/webhook-endpoints/{id}/test"""

    required_scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="test_webhook_endpoint",
        summary="Send a test to a webhook endpoint",
        description="Of the type endpoint.tested, within seconds; its delivery tells what came of it.",
        request=None,
        responses={201: DeliveryOut},
    )
    @once
    def post(self, request: Request, endpoint_id: int) -> Response:
        endpoint = self.endpoint(endpoint_id)
        delivery = subscribing.send_test(endpoint=endpoint, now=self.now)
        path = f"/api/v1/webhook-endpoints/{endpoint.pk}/deliveries/{delivery.pk}"
        return created(DeliveryOut(delivery).data, path)


class Deliveries(EndpointResource):
    """/webhook-endpoints/{id}/deliveries"""

    required_scopes = {"GET": "webhooks:read"}

    @extend_schema(
        operation_id="list_webhook_deliveries",
        summary="List what a webhook endpoint was told, newest first",
        description="Kept for 30 days.",
        parameters=[DeliveryQuery],
        responses=DeliveryOut(many=True),
    )
    def get(self, request: Request, endpoint_id: int) -> Response:
        wanted = self.filters(DeliveryQuery)
        rows = Delivery.objects.filter(endpoint=self.endpoint(endpoint_id)).select_related("announcement")
        if state := wanted.get("state"):
            rows = rows.filter(state=state)
        if kind := wanted.get("type"):
            rows = rows.filter(announcement__type=kind)
        return self.page(rows, DeliveryOut)


class OneDelivery(EndpointResource):
    """/webhook-endpoints/{id}/deliveries/{delivery_id}"""

    required_scopes = {"GET": "webhooks:read"}

    @extend_schema(operation_id="get_webhook_delivery", summary="Read a delivery", responses=DeliveryOut)
    def get(self, request: Request, endpoint_id: int, delivery_id: int) -> Response:
        rows = Delivery.objects.select_related("announcement")
        return Response(
            DeliveryOut(self.find(rows, endpoint=self.endpoint(endpoint_id), pk=delivery_id)).data
        )


class DeliveryAgain(EndpointResource):
    """/webhook-endpoints/{id}/deliveries/{delivery_id}/send-again"""

    required_scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="send_webhook_delivery_again",
        summary="Send a delivery again",
        description="At once, with the same webhook-id, whatever became of it before.",
        request=None,
        responses=DeliveryOut,
    )
    @once
    def post(self, request: Request, endpoint_id: int, delivery_id: int) -> Response:
        endpoint = self.endpoint(endpoint_id)
        subscribing.send_again(endpoint=endpoint, delivery_id=delivery_id, now=self.now)
        rows = Delivery.objects.select_related("announcement")
        return Response(DeliveryOut(self.find(rows, endpoint=endpoint, pk=delivery_id)).data)


class FailedAgain(EndpointResource):
    """/webhook-endpoints/{id}/send-again"""

    required_scopes = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="send_failed_webhooks_again",
        summary="Send again all that was given up since a moment",
        request=SendAgainIn,
        responses=SentAgainOut,
    )
    @once
    def post(self, request: Request, endpoint_id: int) -> Response:
        endpoint, since = self.endpoint(endpoint_id), self.check(SendAgainIn)["since"]
        count = subscribing.send_failed_again(endpoint=endpoint, since=since, now=self.now)
        return Response(SentAgainOut({"sent_again": count}).data)
