"""Events that a shop's own server saw, and a check of events before they are sent."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.batches import read_items
from engagement.api.idempotency import once
from engagement.api.problems import flatten
from engagement.api.resources import Resource
from engagement.api.shapes import MAX_BATCH, Body, BoundedObject, ErrorOut, ObjectName, Out
from engagement.events import LONGEST_ID, LONGEST_NAME, IncomingEvent, canonical_name, is_system_name
from engagement.ingesting import ingest_events

MAX_PROPERTIES = 32 * 1024


class EventIn(Body):
    """Something that a customer did. Name them by `external_id`, `anonymous_id` or both."""

    type = serializers.ChoiceField(["track", "page", "screen", "identify"], required=False, default="track")
    name = serializers.CharField(
        max_length=LONGEST_NAME, required=False, help_text="Such as Order Completed. A track event needs one."
    )
    message_id = serializers.CharField(
        max_length=LONGEST_ID, required=False, help_text="Your own id: an event is taken once for each."
    )
    external_id = serializers.CharField(max_length=LONGEST_ID, required=False)
    anonymous_id = serializers.CharField(max_length=LONGEST_ID, required=False)
    occurred_at = serializers.DateTimeField(required=False, help_text="Now, when left out; never later.")
    properties = BoundedObject(required=False, max_keys=200, max_bytes=MAX_PROPERTIES)
    context = BoundedObject(  # type: ignore[assignment]
        required=False, max_keys=100, max_bytes=MAX_PROPERTIES
    )
    traits = BoundedObject(required=False, max_keys=200, max_bytes=MAX_PROPERTIES)

    def validate_name(self, name: str) -> str:
        if is_system_name(name):
            raise serializers.ValidationError(
                _("Only Touchstone itself states “{name}”.").format(name=name), code="reserved"
            )
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("external_id") and not attrs.get("anonymous_id"):
            message = _("Say whose event it is: external_id or anonymous_id.")
            raise serializers.ValidationError({"external_id": [message]}, code="required")
        if attrs["type"] == "track" and not attrs.get("name"):
            raise serializers.ValidationError({"name": [_("A track event needs a name.")]}, code="required")
        return attrs


class EventsIn(Body):
    """Events, all taken or none."""

    items = serializers.ListField(child=EventIn(), min_length=1, max_length=MAX_BATCH)


class IngestedOut(Out):
    """The events are durable."""

    object = ObjectName("ingested")
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Seen before by their message_id.")


class CheckedEventOut(Out):
    """What would become of one event."""

    index = serializers.IntegerField()
    is_valid = serializers.BooleanField()  # type: ignore[assignment]
    name = serializers.CharField(help_text="The name under which it would be kept.")
    errors = ErrorOut(many=True)  # type: ignore[assignment]


class CheckedOut(Out):
    """What would become of the events. Nothing was kept."""

    object = ObjectName("validation")
    is_valid = serializers.BooleanField()  # type: ignore[assignment]
    data = CheckedEventOut(many=True)  # type: ignore[assignment]


class Events(Resource):
    """/events"""

    required_scopes = {"POST": "events:write"}

    @extend_schema(
        operation_id="record_events",
        summary="Record up to 1,000 events",
        description="All are durable when this answers. Browsers use the tracking API at /v1/ with a write key.",
        request=EventsIn,
        responses={202: IngestedOut},
    )
    @once
    def post(self, request: Request) -> Response:
        events = [_incoming(values, self.now) for values in self.check(EventsIn)["items"]]
        ingested = ingest_events(
            workspace_id=self.workspace.pk, events=events, received_at=self.now, source="api"
        )
        return Response(IngestedOut(ingested).data, status=status.HTTP_202_ACCEPTED)


class EventChecks(Resource):
    """/events/validate"""

    required_scopes = {"POST": "events:write"}

    @extend_schema(
        operation_id="validate_events",
        summary="Check events without recording them",
        request=EventsIn,
        responses=CheckedOut,
    )
    @once
    def post(self, request: Request) -> Response:
        data = [_check(index, item) for index, item in enumerate(read_items(request.data))]
        return Response(CheckedOut({"is_valid": all(row["is_valid"] for row in data), "data": data}).data)


def _check(index: int, item: Any) -> dict[str, Any]:
    event = EventIn(data=item)
    is_valid = event.is_valid()
    name = canonical_name(event.validated_data.get("name", "")) if is_valid else ""
    errors = list(flatten(event.errors, f"/items/{index}")) if not is_valid else []
    return {"index": index, "is_valid": is_valid, "name": name, "errors": errors}


def _incoming(values: dict[str, Any], now: datetime) -> IncomingEvent:
    return IncomingEvent(
        type=values["type"],
        name=values.get("name", ""),
        message_id=values.get("message_id") or f"api-{uuid.uuid4()}",
        occurred_at=min(values.get("occurred_at", now), now),
        properties=values.get("properties", {}),
        context=values.get("context", {}),
        user_id=values.get("external_id"),
        anonymous_id=values.get("anonymous_id"),
        traits=values.get("traits", {}),
    )
