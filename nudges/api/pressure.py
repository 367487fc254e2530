"""How much one customer hears, and how much more they may."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.resources import Resource
from engagement.api.shapes import ObjectName, Out
from engagement.models import Customer
from nudges.models import Preference
from nudges.pressures import hearing_of


class UseOut(Out):
    """One limit and how much of it the customer has used."""

    rule = serializers.CharField(
        help_text="Such as cap:12, min_gap, business_limit, preference:max_per_week."
    )
    text = serializers.CharField(source="sentence", help_text="As a sentence.")
    subject = serializers.CharField(help_text="Such as email, where a cap holds for each channel by itself.")
    limit = serializers.IntegerField(help_text="The customer's now; the adaptive cap may have lowered it.")
    workspace_limit = serializers.IntegerField(source="most")
    count = serializers.IntegerField()
    used_by = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of the messages.")
    allowed_at = serializers.DateTimeField(
        allow_null=True, help_text="When there is room again; null: there is, or never."
    )


class AdaptiveOut(Out):
    """What the adaptive cap goes by. level = credit / (credit + against); docs/adaptive-cap.md has the formula."""

    is_on = serializers.BooleanField(
        help_text="Off in the holdout, and where the workspace has not switched it on."
    )
    level = serializers.FloatField(help_text="From 1, the whole limit, down towards 0, the floor.")
    ignored_in_a_row = serializers.IntegerField(source="in_a_row")
    ignored = serializers.FloatField()
    recent = serializers.FloatField()
    bad = serializers.FloatField()
    good = serializers.FloatField()


class PressureOut(Out):
    """How much a customer hears."""

    object = ObjectName("pressure")
    customer = serializers.IntegerField()
    paused_until = serializers.DateTimeField(allow_null=True, help_text="By the customer.")
    limits = UseOut(many=True)
    adaptive = AdaptiveOut()


class CustomerPressure(Resource):
    """/customers/{id}/pressure"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="get_pressure",
        summary="Say how much of each limit a customer has used",
        responses=PressureOut,
    )
    def get(self, request: Request, customer_id: int) -> Response:
        living = Customer.objects.filter(merged_into=None).select_related("workspace")
        customer = self.find(living, pk=customer_id)
        hearing = hearing_of(customer, zone=customer.timezone or self.workspace.timezone, now=self.now)
        preference = Preference.objects.filter(customer=customer).first()
        felt = hearing.felt
        names = ("level", "in_a_row", "ignored", "recent", "bad", "good")
        adaptive: dict[str, Any] = {name: getattr(felt, name) for name in names}
        shown = {
            "customer": customer.pk,
            "paused_until": preference.paused_until if preference else None,
            "limits": hearing.uses,
            "adaptive": adaptive | {"is_on": hearing.is_adaptive},
        }
        return Response(PressureOut(shown).data)
