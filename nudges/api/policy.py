"""The workspace's limits on pressure: read, and replaced as a whole."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.resources import Resource
from engagement.api.shapes import Body, ObjectName, Out
from engagement.models import Category, Channel, Role
from journeys.models import Need
from nudges.api.windows import WindowOut, WindowsField
from nudges.limiting import (
    add_cap,
    archive_cap,
    caps_in_force,
    change_cap,
    change_policy,
    describe_cap,
    locked_policy,
    policy_of,
)
from nudges.models import Cap, CapScope, Flow, Interest, Policy, Promise, WindowKind

LONGEST_WINDOW = 7_776_000  # 90 days
UNITS = ("day", "week", "month")
APPROVERS = [Role.OWNER.value, Role.MARKETER.value]
SHOWN = (
    "version",
    "quiet_start",
    "quiet_end",
    "send_windows",
    "min_gap_seconds",
    "business_limit",
    "business_window_seconds",
    "business_share_percent",
    "collect_seconds",
    "look_ahead_seconds",
    "is_adaptive",
    "allow_service_exempt",
    "approval_above",
    "approval_role",
)


class CapOut(Out):
    """At most so many messages of a scope to one customer in a window."""

    object = ObjectName("cap")
    id = serializers.IntegerField()
    scope = serializers.ChoiceField(CapScope.choices)
    scope_value = serializers.CharField()
    window = serializers.ChoiceField(WindowKind.choices)
    seconds = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    limit = serializers.IntegerField()
    floor = serializers.IntegerField(
        allow_null=True, help_text="The adaptive cap goes no lower; null: this one is fixed."
    )
    version = serializers.IntegerField()
    text = serializers.SerializerMethodField(help_text="As a sentence.")

    def get_text(self, cap: Cap) -> str:
        return describe_cap(cap)


class CapIn(Body):
    """A cap. `limit` 0 means never; no cap means no limit."""

    scope = serializers.ChoiceField(CapScope.choices)
    scope_value = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="Channel, category slug, interest, promise, flow or need slug; empty: each by itself.",
    )
    window = serializers.ChoiceField(WindowKind.choices)
    seconds = serializers.IntegerField(
        min_value=60,
        max_value=LONGEST_WINDOW,
        required=False,
        allow_null=True,
        help_text="Of a rolling window.",
    )
    unit = serializers.ChoiceField(
        UNITS,
        required=False,
        allow_blank=True,
        help_text="Of a calendar window, in the customer's time zone.",
    )
    limit = serializers.IntegerField(min_value=0, max_value=1_000)
    floor = serializers.IntegerField(
        min_value=0,
        max_value=1_000,
        required=False,
        allow_null=True,
        default=None,
        help_text="At most the limit: how far the adaptive cap may lower it. Null: it is fixed.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = {"seconds": None, "unit": ""} | attrs
        if attrs["floor"] is not None and attrs["floor"] > attrs["limit"]:
            raise serializers.ValidationError({"floor": [_("The floor can't be more than the limit.")]})
        is_rolling = attrs["window"] == WindowKind.ROLLING
        if is_rolling and (attrs["seconds"] is None or attrs["unit"]):
            raise serializers.ValidationError(
                {"seconds": [_("A rolling window has seconds and no unit.")]}, code="required"
            )
        if not is_rolling and (attrs["seconds"] is not None or not attrs["unit"]):
            raise serializers.ValidationError(
                {"unit": [_("A calendar window has a unit and no seconds.")]}, code="required"
            )
        return attrs


class PolicyOut(Out):
    """The workspace's limits on pressure."""

    object = ObjectName("policy")
    version = serializers.IntegerField(help_text="Decisions name the version they were made under.")
    quiet_start = serializers.TimeField(allow_null=True)
    quiet_end = serializers.TimeField(allow_null=True)
    send_windows = WindowOut(many=True)
    min_gap_seconds = serializers.IntegerField(allow_null=True)
    business_limit = serializers.IntegerField(allow_null=True)
    business_window_seconds = serializers.IntegerField()
    business_share_percent = serializers.IntegerField(allow_null=True)
    collect_seconds = serializers.IntegerField()
    look_ahead_seconds = serializers.IntegerField()
    is_adaptive = serializers.BooleanField(
        help_text="Only an owner may switch it, in the dashboard, after seeing what it changes."
    )
    allow_service_exempt = serializers.BooleanField(
        help_text="Only an owner may change it, in the dashboard."
    )
    approval_above = serializers.IntegerField(
        allow_null=True, help_text="A nudge for more customers needs an approval; null: none does."
    )
    approval_role = serializers.ChoiceField(APPROVERS, help_text="The least that may approve.")
    caps = CapOut(many=True)


class PolicyIn(Body):
    """The limits as a whole: what is left out is set to no limit, a cap that is left out ends."""

    quiet_start = serializers.TimeField(
        required=False, allow_null=True, default=None, help_text="Such as 21:00, in the customer's time zone."
    )
    quiet_end = serializers.TimeField(required=False, allow_null=True, default=None)
    send_windows = WindowsField(
        help_text="When push messages leave, but service. Empty: always.", default=list
    )
    min_gap_seconds = serializers.IntegerField(
        min_value=1, max_value=LONGEST_WINDOW, required=False, allow_null=True, default=None
    )
    business_limit = serializers.IntegerField(
        min_value=0,
        max_value=1_000,
        required=False,
        allow_null=True,
        default=None,
        help_text="For one customer.",
    )
    business_window_seconds = serializers.IntegerField(
        min_value=60, max_value=LONGEST_WINDOW, required=False, default=7 * 86_400
    )
    business_share_percent = serializers.IntegerField(
        min_value=0,
        max_value=100,
        required=False,
        allow_null=True,
        default=None,
        help_text="Of the workspace's push messages of the last 30 days.",
    )
    collect_seconds = serializers.IntegerField(
        min_value=0, max_value=3_600, required=False, default=60, help_text="So that competing nudges meet."
    )
    look_ahead_seconds = serializers.IntegerField(
        min_value=0,
        max_value=2_592_000,
        required=False,
        default=86_400,
        help_text="What is scheduled within this time keeps its slot from lower ones. 0: off.",
    )
    approval_above = serializers.IntegerField(
        min_value=0,
        max_value=2_000_000_000,
        required=False,
        allow_null=True,
        help_text="A nudge for more customers needs an approval; null: none does. Left out: as it is.",
    )
    approval_role = serializers.ChoiceField(
        APPROVERS,
        required=False,
        help_text="The least that may approve. Left out: as it is.",
    )
    caps = serializers.ListField(child=CapIn(), max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs["quiet_start"], attrs["quiet_end"]
        if (start is None) != (end is None) or (start is not None and start == end):
            message = _("Give both ends of the quiet hours, which differ, or none.")
            raise serializers.ValidationError({"quiet_end": [message]})
        places = [_place(cap) for cap in attrs["caps"]]
        errors = {
            index: {"scope": [_("Another cap in the list has the same scope and window.")]}
            for index, place in enumerate(places)
            if place in places[:index]
        } | self._unknown_values(attrs["caps"])
        if errors:
            raise serializers.ValidationError({"caps": errors})
        return attrs

    def _unknown_values(self, caps: list[dict[str, Any]]) -> dict[int, Any]:
        workspace = self.context["workspace"]
        known: dict[str, set[str]] = {
            CapScope.CHANNEL: set(Channel.values),
            CapScope.INTEREST: set(Interest.values),
            CapScope.PROMISE: set(Promise.values),
            CapScope.CATEGORY: set(
                Category.objects.filter(workspace=workspace).values_list("slug", flat=True)
            ),
            CapScope.FLOW: set(Flow.objects.filter(workspace=workspace).values_list("slug", flat=True)),
            CapScope.NEED: set(Need.objects.filter(workspace=workspace).values_list("slug", flat=True)),
        }
        errors = {}
        for index, cap in enumerate(caps):
            value, values = cap["scope_value"], known.get(cap["scope"], set())
            if cap["scope"] == CapScope.ANY and value:
                errors[index] = {"scope_value": [_("The scope “any” takes no value.")]}
            elif value and value not in values:
                message = _("Choose one of: {known}.").format(known=", ".join(sorted(values)))
                errors[index] = {"scope_value": [message]}
        return errors


class WorkspacePolicy(Resource):
    """/policy"""

    required_scopes = {"GET": "policy:read", "PUT": "policy:write"}

    @extend_schema(operation_id="get_policy", summary="Read caps and the contact policy", responses=PolicyOut)
    def get(self, request: Request) -> Response:
        return self._answer(policy_of(self.workspace))

    @extend_schema(
        operation_id="replace_policy",
        summary="Replace caps and the contact policy",
        description="In force at once, for everything that is not decided yet.",
        request=PolicyIn,
        responses=PolicyOut,
    )
    def put(self, request: Request) -> Response:
        values = self.check(PolicyIn)
        wanted = {_place(cap): cap for cap in values.pop("caps")}
        with transaction.atomic():
            locked_policy(self.workspace)
            for cap in caps_in_force(self.workspace).select_related("workspace"):
                given = wanted.pop(_place(cap.__dict__), None)
                if given is None:
                    archive_cap(cap=cap, actor=self.key, now=self.now)
                else:
                    change_cap(
                        cap=cap, limit=given["limit"], floor=given["floor"], actor=self.key, now=self.now
                    )
            for cap in wanted.values():
                add_cap(workspace=self.workspace, values=cap, actor=self.key, now=self.now)
            policy = change_policy(workspace=self.workspace, values=values, actor=self.key, now=self.now)
        return self._answer(policy)

    def _answer(self, policy: Policy) -> Response:
        shown = {name: getattr(policy, name) for name in SHOWN}
        return Response(PolicyOut(shown | {"caps": caps_in_force(self.workspace)}).data)


def _place(cap: dict[str, Any]) -> tuple[Any, ...]:
    """What tells caps apart: all but the limit."""
    return tuple(cap[name] for name in ("scope", "scope_value", "window", "seconds", "unit"))
