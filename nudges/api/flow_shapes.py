"""What is said of flows, in and out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from engagement.api.shapes import BoundedObject, ObjectName, Out, Query
from journeys.models import Stage
from nudges.api.putting import Audience
from nudges.api.start_shapes import StartShape
from nudges.models import EndedBy, Flow, FlowRun, FlowState, FlowTrigger, FlowVersion, ReEntry, RunState
from nudges.programs import MOST_STEPS
from nudges.reasons import Reason

MAX_KEY = 56


class FlowChange(StartShape):
    """What may be changed of a flow. What is left out stays. It is written into the next version; publish it then."""

    name = serializers.CharField(max_length=120, required=False, help_text="Changed at once.")
    trigger = serializers.ChoiceField(FlowTrigger.choices, required=False)
    trigger_event = serializers.CharField(max_length=200, required=False, allow_blank=True)
    trigger_where = serializers.ListField(
        child=BoundedObject(max_keys=2),
        max_length=10,
        required=False,
        help_text="Tests on the event's properties, as in a condition on an event.",
    )
    trigger_need = serializers.SlugField(
        max_length=60, required=False, allow_null=True, help_text="The need's slug; null: any need."
    )
    trigger_stage = serializers.ChoiceField(Stage.choices, required=False, allow_blank=True)
    conditions = serializers.DictField(required=False, help_text="Who is let in; {} lets in everyone.")
    exits = serializers.DictField(required=False, help_text="Who leaves early, at whatever step; {}: nobody.")
    goal = serializers.DictField(required=False, help_text="What it is for: who fits it leaves. {}: none.")
    re_entry = serializers.ChoiceField(ReEntry.choices, required=False)
    re_entry_days = serializers.IntegerField(min_value=1, max_value=730, required=False, allow_null=True)
    holdout_percent = serializers.IntegerField(
        min_value=0, max_value=50, required=False, help_text="Share left out, to see what the flow does."
    )
    steps = serializers.ListField(
        child=serializers.DictField(),
        max_length=MOST_STEPS,
        required=False,
        help_text="Each has a `kind` and that kind's fields; see docs/flows.md.",
    )

    def validate_exits(self, condition: dict[str, Any]) -> dict[str, Any]:
        return self.checked(condition)

    def validate_goal(self, condition: dict[str, Any]) -> dict[str, Any]:
        return self.checked(condition)


class FlowIn(FlowChange):
    """A new flow: a draft until it is published."""

    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(
        max_length=60,
        required=False,
        help_text="Names it in caps and messages, for good. Left out: of the name.",
    )


class VersionOut(Out):
    """What a flow does, whole."""

    number = serializers.IntegerField()
    published_at = serializers.DateTimeField(allow_null=True)
    trigger = serializers.ChoiceField(FlowTrigger.choices)
    trigger_event = serializers.CharField()
    trigger_where = serializers.ListField(child=serializers.DictField())
    trigger_need = serializers.SerializerMethodField()
    trigger_stage = serializers.CharField()
    conditions = serializers.DictField()
    exits = serializers.DictField()
    goal = serializers.DictField()
    re_entry = serializers.ChoiceField(ReEntry.choices)
    re_entry_days = serializers.IntegerField(allow_null=True)
    holdout_percent = serializers.IntegerField()
    steps = serializers.ListField(child=serializers.DictField())

    def get_trigger_need(self, version: FlowVersion) -> str | None:
        return version.trigger_need.slug if version.trigger_need else None


class FlowOut(Out):
    """A program of steps that puts nudges forward over time."""

    object = ObjectName("flow")
    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.CharField()
    state = serializers.ChoiceField(FlowState.choices)
    listens_since = serializers.DateTimeField(allow_null=True)
    version = VersionOut(
        allow_null=True, help_text="The one that people now come into; null: never published."
    )
    draft = serializers.SerializerMethodField(help_text="The one that is being written; null: none.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_draft(self, flow: Flow) -> dict[str, Any] | None:
        written: list[FlowVersion] = getattr(flow, "written", [])
        return dict(VersionOut(written[0]).data) if written else None


class TrailOut(Out):
    """A step that a run has left behind, and the way it went."""

    step = serializers.CharField()
    at = serializers.DateTimeField()
    went = serializers.CharField()


class RunOut(Out):
    """One customer's way through a flow, or that they were not let in."""

    object = ObjectName("flow_run")
    id = serializers.IntegerField()
    flow = serializers.IntegerField(source="flow_id")
    version = serializers.IntegerField(source="version.number")
    customer = serializers.IntegerField(source="customer_id")
    occasion = serializers.CharField()
    state = serializers.ChoiceField(RunState.choices)
    step = serializers.CharField(help_text="The step that it stands at; empty before and behind all of them.")
    asked_at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="When the wait that it stands in ends.")
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(
        help_text="Why it left early, or the ledger's reason why it was not let in; empty otherwise."
    )
    explanation = serializers.SerializerMethodField()
    trail = TrailOut(many=True)

    def get_explanation(self, run: FlowRun) -> str:
        if run.state == RunState.REFUSED:
            return str(Reason(run.ended_by).label)
        return str(EndedBy(run.ended_by).label) if run.ended_by else ""


class FlowQuery(Query):
    """Filters of the list."""

    state = serializers.ChoiceField(FlowState.choices, required=False)


class RunQuery(Query):
    """Filters of the list."""

    state = serializers.ChoiceField(RunState.choices, required=False)
    customer = serializers.IntegerField(min_value=1, required=False)


class LetInIn(Audience):
    """Who is to come in, and on what occasion."""

    occasion = serializers.CharField(
        max_length=MAX_KEY,
        required=False,
        help_text="Asks for a customer once. Left out: the Idempotency-Key, or always a new one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("customers") and not attrs.get("external_ids"):
            message = _("Name at least one customer, by customers or external_ids.")
            raise serializers.ValidationError({"customers": [message]}, code="required")
        return attrs


class LetInOut(Out):
    """They ask to come in; whether each is let in is said by /flows/{id}/runs."""

    object = ObjectName("let_in")
    flow = serializers.IntegerField()
    occasion = serializers.CharField()
    asked = serializers.IntegerField(help_text="Customers named who exist.")
    new = serializers.IntegerField(help_text="For whom this occasion is new.")
