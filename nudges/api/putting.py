"""Putting nudges forward to named customers, and seeing beforehand what would become of it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once, read_key
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource
from engagement.api.shapes import MAX_BATCH, Body, ObjectName, Out
from engagement.conditions import ConditionError
from engagement.models import Channel, Customer, Identity, IdentityKind, Workspace
from nudges.api.nudges import NUDGES
from nudges.api.variant_shapes import KEY
from nudges.considering import put_forward
from nudges.deciding import simulate
from nudges.models import Nudge, NudgeStatus, Outcome
from nudges.reasons import Reason
from nudges.variants import key_of, tried
from nudges.wording.previews import preview

MAX_OCCASION = 70
FARTHEST = timedelta(days=90)


class Audience(Body):
    """Customers by our ids, by the shop's, or both."""

    customers = serializers.ListField(
        child=serializers.IntegerField(min_value=1), max_length=MAX_BATCH, required=False
    )
    external_ids = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=MAX_BATCH, required=False
    )


class PutForwardIn(Audience):
    """To whom, and on what occasion."""

    occasion = serializers.CharField(
        max_length=MAX_OCCASION,
        required=False,
        help_text="Puts the nudge forward to a customer once. Left out: the Idempotency-Key, or always a new one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("customers") and not attrs.get("external_ids"):
            message = _("Name at least one customer, by customers or external_ids.")
            raise serializers.ValidationError({"customers": [message]}, code="required")
        return attrs


class PutForwardOut(Out):
    """Candidates wait now; each ends in a decision that says what became of it."""

    object = ObjectName("put_forward")
    nudge = serializers.IntegerField()
    occasion = serializers.CharField()
    asked = serializers.IntegerField(help_text="Customers named who exist.")
    put_forward = serializers.IntegerField(
        help_text="New candidates: the conditions fit and the occasion is new."
    )


class SimulateIn(Audience):
    """For whom and when; without customers, everyone whom the nudge's conditions fit."""

    at = serializers.DateTimeField(
        required=False,
        help_text="A later time, up to 90 days ahead: as it would be then, if nothing else happened. Left out: now.",
    )

    def validate_at(self, value: datetime) -> datetime:
        if not -timedelta(minutes=1) <= value - timezone.now() <= FARTHEST:
            raise serializers.ValidationError(_("Choose a time from now to 90 days ahead."))
        return value


class CountOut(Out):
    """How many would end so."""

    outcome = serializers.ChoiceField(Outcome.choices)
    reason = serializers.ChoiceField(Reason.choices)
    count = serializers.IntegerField()


class ImaginedOut(Out):
    """What would be decided for one customer."""

    customer = serializers.IntegerField(source="customer_id")
    outcome = serializers.ChoiceField(Outcome.choices)
    reason = serializers.ChoiceField(Reason.choices)
    rule = serializers.CharField()
    limit = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    used_by = serializers.ListField(
        child=serializers.IntegerField(), help_text="Messages that used the slots."
    )
    allowed_at = serializers.DateTimeField(allow_null=True)
    stage = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(allow_blank=True)
    in_holdout = serializers.BooleanField()
    variant = serializers.CharField(help_text="Whose words they would get; empty: no variants are tried.")
    explanation = serializers.SerializerMethodField()

    def get_explanation(self, decision: Any) -> str:
        return Reason(decision.reason).marketer(decision)


class SimulationOut(Out):
    """What would happen. Nothing was written, and nothing goes out."""

    object = ObjectName("simulation")
    nudge = serializers.IntegerField()
    at = serializers.DateTimeField()
    counts = CountOut(many=True)
    decisions = ImaginedOut(many=True, help_text="Of all customers named; of the first 200 without names.")


class PreviewIn(Body):
    """Whose message, and by which channel."""

    customer = serializers.IntegerField(min_value=1)
    channel = serializers.ChoiceField(Channel.choices)
    variant = serializers.RegexField(
        KEY, required=False, help_text="Key of one that is tried. Left out: the one that the customer gets."
    )


class PreviewOut(Out):
    """The message as this customer would get it now."""

    object = ObjectName("preview")
    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()
    language = serializers.CharField()
    variant = serializers.CharField(help_text="Whose words these are; empty: no variants are tried.")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Placeholders for which nothing is known."
    )
    problem = serializers.CharField(help_text="Why it cannot be made; empty when it can.")


def customers_named(workspace: Workspace, values: dict[str, Any]) -> list[int]:
    """The ids of the customers named in an `Audience` who exist in the workspace, in two queries."""
    living = Customer.objects.filter(workspace=workspace, merged_into=None)
    found = set(living.filter(pk__in=values.get("customers", [])).values_list("pk", flat=True))
    identities = Identity.objects.filter(
        workspace=workspace, kind=IdentityKind.EXTERNAL, value__in=values.get("external_ids", [])
    )
    return sorted(found | set(identities.values_list("customer_id", flat=True)))


class NudgeAction(Resource):
    """Something done with one nudge."""

    required_scopes = {"POST": "nudges:write"}

    def nudge(self, nudge_id: int) -> Nudge:
        """The nudge that the path names."""
        return self.find(NUDGES, pk=nudge_id)


class PutForward(NudgeAction):
    """/nudges/{id}/put-forward"""

    @extend_schema(
        operation_id="put_nudge_forward",
        summary="Put a nudge forward to customers",
        description="Whether it is sent is decided by consent, caps and competition; see /decisions.",
        request=PutForwardIn,
        responses={202: PutForwardOut},
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge = self.nudge(nudge_id)
        values = self.check(PutForwardIn)
        if nudge.status != NudgeStatus.ACTIVE:
            raise Problem(409, "wrong_state", _("The nudge is not active; activate it first."))
        name = values.get("occasion") or (read_key(request) or uuid.uuid4().hex)[:MAX_OCCASION]
        customer_ids = customers_named(self.workspace, values)
        occasion = f"api:{name}"
        made = put_forward(nudge=nudge, customer_ids=customer_ids, occasion=occasion, now=self.now)
        shown = {"nudge": nudge.pk, "occasion": occasion, "asked": len(customer_ids), "put_forward": made}
        return Response(PutForwardOut(shown).data, status=status.HTTP_202_ACCEPTED)


class Simulate(NudgeAction):
    """/nudges/{id}/simulate"""

    required_scopes = {"POST": "nudges:read"}

    @extend_schema(
        operation_id="simulate_nudge",
        summary="Say what would become of a nudge now, or at a later time",
        description="Through the same rules as deciding, also for a draft. Nothing is written.",
        request=SimulateIn,
        responses=SimulationOut,
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge = self.nudge(nudge_id)
        values = self.check(SimulateIn)
        at = values.pop("at", self.now)
        try:
            result = simulate(
                nudge=nudge, customer_ids=customers_named(self.workspace, values) if values else None, now=at
            )
        except ConditionError as error:
            raise Problem(409, "bad_conditions", str(error)) from error
        counts = [
            {"outcome": outcome, "reason": reason, "count": count}
            for (outcome, reason), count in result.counts.most_common()
        ]
        shown = {"nudge": nudge.pk, "at": at, "counts": counts, "decisions": result.decisions}
        return Response(SimulationOut(shown).data)


class PreviewNudge(NudgeAction):
    """/nudges/{id}/preview"""

    required_scopes = {"POST": "nudges:read"}

    @extend_schema(
        operation_id="preview_nudge",
        summary="Show a nudge as one customer would get it",
        request=PreviewIn,
        responses=PreviewOut,
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge = self.nudge(nudge_id)
        values = self.check(PreviewIn)
        customers = Customer.objects.filter(workspace=self.workspace, merged_into=None)
        customer = customers.filter(pk=values["customer"]).first()
        if customer is None:
            detail = _("There is no such customer.")
            raise invalid([{"pointer": "/customer", "code": "unknown", "detail": detail}])
        variant = values.get("variant", key_of(nudge, customer.pk))
        if variant and variant not in {one.key for one in tried(nudge)}:
            detail = _("There is no such variant.")
            raise invalid([{"pointer": "/variant", "code": "unknown", "detail": detail}])
        seen = preview(
            nudge=nudge, customer=customer, channel=values["channel"], now=self.now, variant=variant
        )
        words = seen.rendered
        shown = {
            "subject": words.subject if words else "",
            "text": words.text if words else "",
            "html": words.html if words else "",
            "language": words.language if words else "",
            "variant": variant,
            "missing": seen.missing,
            "problem": seen.problem,
        }
        return Response(PreviewOut(shown).data)
