"""What webhook endpoints and deliveries look like in the API."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework import serializers

from engagement.api.shapes import Body, ObjectName, Out, Query
from engagement.models import DeliveryState
from engagement.outbound import refusal_of
from engagement.webhooks.types import TYPES

KNOWN = list(TYPES)


class EndpointOut(Out):
    """Where a program takes what changed. Its secret is never shown again."""

    object = ObjectName("webhook_endpoint")
    id = serializers.IntegerField()
    url = serializers.CharField()
    description = serializers.CharField()
    types = serializers.ListField(
        child=serializers.CharField(), help_text="What it is told of; none: of all."
    )
    is_enabled = serializers.BooleanField()
    disabled_because = serializers.ChoiceField(
        ["", "by_hand", "failing", "gone"],
        help_text="failing: it took nothing for five days; gone: it answered 410.",
    )
    disabled_at = serializers.DateTimeField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="It has taken nothing since then.")
    rotated_at = serializers.DateTimeField(
        allow_null=True, help_text="When its secret was renewed; the old one signs beside it for a day."
    )
    created_at = serializers.DateTimeField()


class EndpointMade(EndpointOut):
    """A new endpoint, with its secret: keep it, it is shown only now."""

    secret = serializers.CharField()


class SecretOut(Out):
    """The new secret: keep it, it is shown only now."""

    secret = serializers.CharField()


class EndpointChange(Body):
    """What may be changed of an endpoint."""

    url = serializers.CharField(max_length=500, required=False, help_text="https, at a public address.")
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    types = serializers.ListField(
        child=serializers.ChoiceField(KNOWN), max_length=len(KNOWN), required=False, help_text="None: all."
    )
    is_enabled = serializers.BooleanField(required=False)

    def validate_url(self, value: str) -> str:
        if why := refusal_of(value):
            raise serializers.ValidationError(_("This address cannot be used: %(why)s.") % {"why": why})
        return value

    def validate_types(self, value: list[str]) -> list[str]:
        return list(dict.fromkeys(value))


class EndpointIn(EndpointChange):
    """A new endpoint."""

    url = serializers.CharField(max_length=500, help_text="https, at a public address.")
    is_enabled = None  # type: ignore[assignment]  # it is, when it is made


class AttemptOut(Out):
    """One attempt to tell."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Null: there was no answer.")
    words = serializers.CharField(help_text="The beginning of the answer, or what went wrong.")
    ms = serializers.IntegerField(help_text="How long it took.")


class DeliveryOut(Out):
    """A change on its way to one endpoint."""

    object = ObjectName("webhook_delivery")
    id = serializers.IntegerField()
    webhook_id = serializers.CharField(source="announcement.webhook_id")
    type = serializers.CharField(source="announcement.type")
    timestamp = serializers.DateTimeField(source="announcement.at")
    data = serializers.DictField(source="announcement.data")  # type: ignore[assignment]
    state = serializers.ChoiceField(DeliveryState.choices)
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next.")
    attempts = AttemptOut(many=True)


class DeliveryQuery(Query):
    """Filters of the list."""

    state = serializers.ChoiceField(DeliveryState.choices, required=False)
    type = serializers.CharField(max_length=40, required=False)


class SendAgainIn(Body):
    """Which to send again."""

    since = serializers.DateTimeField(help_text="Of what was announced since then, all that was given up.")


class SentAgainOut(Out):
    """How many are sent again."""

    sent_again = serializers.IntegerField()
