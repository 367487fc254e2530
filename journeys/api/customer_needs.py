"""Where customers stand with their needs, why, and how they came there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource
from engagement.api.shapes import Body, ObjectName, Out, Query
from journeys.closing import ClosedForGood, close_need, reopen_need, snooze_need
from journeys.models import CustomerNeed, Stage, StageChange

NEEDS = CustomerNeed.objects.select_related("need")
CHANGES = StageChange.objects.select_related("customer_need__need")


class EvidenceOut(Out):
    """An event that mattered."""

    event_id = serializers.IntegerField(allow_null=True, help_text="Null for silence.")
    name = serializers.CharField()
    at = serializers.DateTimeField()
    weight = serializers.FloatField(help_text="How strongly it spoke for the stage, a log-likelihood.")
    signal = serializers.CharField()
    subject = serializers.CharField()


class CustomerNeedOut(Out):
    """One need of one customer."""

    object = ObjectName("customer_need")
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    need = serializers.CharField(source="need.slug", help_text="The need's slug.")
    sequence = serializers.IntegerField(help_text="The second need of the kind is 2.")
    stage = serializers.ChoiceField(Stage.choices)
    stage_since = serializers.DateTimeField()
    probability = serializers.FloatField(help_text="Of the stage shown, at as_of.")
    beliefs = serializers.SerializerMethodField(help_text="The probability of each stage.")
    as_of = serializers.DateTimeField()
    evidence = EvidenceOut(many=True, help_text="The events that mattered most.")
    opened_at = serializers.DateTimeField()
    dormant_since = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True, help_text="The customer said: not now.")
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_reason = serializers.CharField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}})
    def get_beliefs(self, need: CustomerNeed) -> dict[str, float]:
        return dict(zip(Stage.values, need.beliefs, strict=True))


class StageChangeOut(Out):
    """A need's shown stage moved."""

    object = ObjectName("stage_change")
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    customer_need = serializers.IntegerField(source="customer_need_id")
    need = serializers.CharField(source="customer_need.need.slug", help_text="The need's slug.")
    from_stage = serializers.ChoiceField(Stage.choices)
    to_stage = serializers.ChoiceField(Stage.choices)
    probability = serializers.FloatField()
    at = serializers.DateTimeField(help_text="When the deciding event occurred.")
    evidence = EvidenceOut(many=True)
    superseded_at = serializers.DateTimeField(
        allow_null=True, help_text="A late event changed the story then."
    )


class CustomerNeedQuery(Query):
    """Filters of the list."""

    customer = serializers.IntegerField(min_value=1, required=False)
    need = serializers.CharField(max_length=60, required=False, help_text="The need's slug.")
    stage = serializers.ChoiceField(Stage.choices, required=False)
    is_open = serializers.BooleanField(required=False, default=None, allow_null=True)


class StageChangeQuery(Query):
    """Filters of the list."""

    customer = serializers.IntegerField(min_value=1, required=False)
    customer_need = serializers.IntegerField(min_value=1, required=False)
    need = serializers.CharField(max_length=60, required=False, help_text="The need's slug.")
    to_stage = serializers.ChoiceField(Stage.choices, required=False)
    after = serializers.DateTimeField(required=False, help_text="Moved after.")


class CloseIn(Body):
    """Why the need is over."""

    reason = serializers.ChoiceField(["not_relevant", "resolved"])


class SnoozeIn(Body):
    """How long to say nothing about the need."""

    until = serializers.DateTimeField(allow_null=True, help_text="Null wakes it.")


class CustomerNeeds(Resource):
    """/customer-needs"""

    required_scopes = {"GET": "needs:read"}

    @extend_schema(
        operation_id="list_customer_needs",
        summary="List the needs of customers with their stages, newest first",
        parameters=[CustomerNeedQuery],
        responses=CustomerNeedOut(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = NEEDS.filter(workspace=self.workspace)
        lookups = {"customer": "customer_id", "need": "need__slug", "stage": "stage"}
        for name, value in self.filters(CustomerNeedQuery).items():
            if name in lookups:
                rows = rows.filter(**{lookups[name]: value})
            elif value is not None:
                rows = rows.filter(closed_at__isnull=value)
        return self.page(rows, CustomerNeedOut)


class OneCustomerNeed(Resource):
    """/customer-needs/{id}"""

    required_scopes = {"GET": "needs:read"}

    @extend_schema(
        operation_id="get_customer_need",
        summary="Read a customer's need with its evidence",
        responses=CustomerNeedOut,
    )
    def get(self, request: Request, customer_need_id: int) -> Response:
        return Response(CustomerNeedOut(self.find(NEEDS, pk=customer_need_id)).data)


class NeedWord(Resource):
    """A person's word about a customer's need: each is an event on the customer's timeline."""

    required_scopes = {"POST": "needs:write"}

    def answer(self, customer_need_id: int) -> Response:
        """The need as it now is."""
        return Response(CustomerNeedOut(self.find(NEEDS, pk=customer_need_id)).data)


class CloseCustomerNeed(NeedWord):
    """/customer-needs/{id}/close"""

    @extend_schema(
        operation_id="close_customer_need",
        summary="Close a customer's need",
        request=CloseIn,
        responses=CustomerNeedOut,
    )
    @once
    def post(self, request: Request, customer_need_id: int) -> Response:
        need = self.find(NEEDS, pk=customer_need_id)
        close_need(customer_need_id=need.pk, reason=self.check(CloseIn)["reason"], now=self.now)
        return self.answer(need.pk)


class SnoozeCustomerNeed(NeedWord):
    """/customer-needs/{id}/snooze"""

    @extend_schema(
        operation_id="snooze_customer_need",
        summary="Say nothing about a customer's need for a while",
        request=SnoozeIn,
        responses=CustomerNeedOut,
    )
    @once
    def post(self, request: Request, customer_need_id: int) -> Response:
        need = self.find(NEEDS, pk=customer_need_id)
        until: datetime | None = self.check(SnoozeIn)["until"]
        if until is not None and until <= self.now:
            detail = _("Choose a time to come, or null to wake the need.")
            raise invalid([{"pointer": "/until", "code": "past", "detail": detail}])
        snooze_need(customer_need_id=need.pk, until=until, now=self.now)
        return self.answer(need.pk)


class ReopenCustomerNeed(NeedWord):
    """/customer-needs/{id}/reopen"""

    @extend_schema(
        operation_id="reopen_customer_need",
        summary="Take back that a customer's need was closed by a word",
        request=None,
        responses=CustomerNeedOut,
    )
    @once
    def post(self, request: Request, customer_need_id: int) -> Response:
        need = self.find(NEEDS, pk=customer_need_id)
        try:
            reopen_need(customer_need_id=need.pk, now=self.now)
        except ClosedForGood as error:
            detail = _("It was closed by an order, by silence, or a newer need of the kind has begun.")
            raise Problem(409, "closed_for_good", detail) from error
        return self.answer(need.pk)


class StageChanges(Resource):
    """/stage-changes"""

    required_scopes = {"GET": "needs:read"}
    order = ("-at", "-id")

    @extend_schema(
        operation_id="list_stage_changes",
        summary="List how customers moved between stages, newest first",
        parameters=[StageChangeQuery],
        responses=StageChangeOut(many=True),
    )
    def get(self, request: Request) -> Response:
        lookups: dict[str, Any] = {
            "customer": "customer_id",
            "customer_need": "customer_need_id",
            "need": "customer_need__need__slug",
            "to_stage": "to_stage",
            "after": "at__gt",
        }
        filters = {lookups[name]: value for name, value in self.filters(StageChangeQuery).items()}
        return self.page(CHANGES.filter(workspace=self.workspace, **filters), StageChangeOut)
