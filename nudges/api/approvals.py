"""Approvals: how a nudge stands, asking for one, giving and refusing it. A key judges for the person who made it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem
from engagement.api.resources import Resource
from engagement.api.shapes import Body, ObjectName, Out
from engagement.conditions import ConditionError
from engagement.models import Member
from nudges.api.nudges import refused
from nudges.api.policy import APPROVERS
from nudges.approvals import Standing, standing_of
from nudges.approving import approve_nudge, ask_approval, refuse_nudge
from nudges.composing import CannotChange
from nudges.models import Nudge


class ApprovalGiven(Out):
    """Who approved this version, when, and with which words."""

    by = serializers.EmailField(source="approved_by.email")
    at = serializers.DateTimeField(source="approved_at")
    audience = serializers.IntegerField(help_text="For how many it was then.")
    note = serializers.CharField()


class ApprovalRefused(Out):
    """Who refused this version, when, and why."""

    by = serializers.EmailField(source="refused_by.email")
    at = serializers.DateTimeField(source="refused_at")
    reason = serializers.CharField()


class ApprovalOut(Out):
    """How one version of a nudge stands. Any edit makes another version, which was neither approved nor refused."""

    object = ObjectName("approval")
    nudge = serializers.IntegerField()
    version = serializers.IntegerField()
    audience = serializers.IntegerField(help_text="For how many customers it is now.")
    threshold = serializers.IntegerField(
        allow_null=True, help_text="For more than these a nudge needs an approval; null: none does."
    )
    is_needed = serializers.BooleanField()
    approval_role = serializers.ChoiceField(APPROVERS, help_text="The least that may approve.")
    approval = ApprovalGiven(allow_null=True)
    refusal = ApprovalRefused(allow_null=True)


class ApproveIn(Body):
    """The version that was looked at."""

    version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class RefuseIn(Body):
    """The version that was looked at, and what is to mend."""

    version = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=500)


class ApprovalResource(Resource):
    """What all views of a nudge's approval share."""

    def nudge(self, nudge_id: int) -> Nudge:
        return self.find(Nudge.objects.select_related("workspace"), pk=nudge_id)

    def person(self) -> Member:
        """Whoever made the key, if they are still a member; 403 else: somebody has to answer for it."""
        user = self.key.created_by
        member = self.workspace.members.select_related("user").filter(user=user).first() if user else None
        if member is None:
            raise Problem(403, "nobody_answers", _("Whoever made this key is no member: make another key."))
        return member

    def shown(self, nudge_id: int) -> Response:
        nudge = self.nudge(nudge_id)
        try:
            standing = standing_of(nudge, now=self.now)
        except ConditionError as error:
            raise Problem(409, "broken_conditions", str(error)) from error
        return Response(ApprovalOut(as_told(nudge, standing)).data)


class NudgeApproval(ApprovalResource):
    """/nudges/{id}/approval"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="get_nudge_approval",
        summary="Read whether a nudge needs an approval, and who gave or refused it",
        responses=ApprovalOut,
    )
    def get(self, request: Request, nudge_id: int) -> Response:
        return self.shown(nudge_id)


class AskApproval(ApprovalResource):
    """/nudges/{id}/ask-approval"""

    required_scopes = {"POST": "nudges:write"}

    @extend_schema(
        operation_id="ask_nudge_approval",
        summary="Put a nudge before those who may approve it",
        description="It is then listed by `GET /nudges?waits_for_approval=true`.",
        request=None,
        responses=ApprovalOut,
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        try:
            ask_approval(nudge=self.nudge(nudge_id), actor=self.key, now=self.now)
        except CannotChange as error:
            raise cannot(error) from error
        return self.shown(nudge_id)


class ApproveNudge(ApprovalResource):
    """/nudges/{id}/approve"""

    required_scopes = {"POST": "nudges:approve"}

    @extend_schema(
        operation_id="approve_nudge",
        summary="Let a version of a nudge speak",
        description="For whoever made the key, whose role it takes. What waited for it goes at once.",
        request=ApproveIn,
        responses=ApprovalOut,
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge, values = self.nudge(nudge_id), self.check(ApproveIn)
        try:
            approve_nudge(nudge=nudge, member=self.person(), now=self.now, **values)
        except (CannotChange, ConditionError) as error:
            raise cannot(error) from error
        return self.shown(nudge_id)


class RefuseNudge(ApprovalResource):
    """/nudges/{id}/refuse"""

    required_scopes = {"POST": "nudges:approve"}

    @extend_schema(
        operation_id="refuse_nudge",
        summary="Say why a version of a nudge is not to speak",
        description="It goes on waiting; another version is looked at anew.",
        request=RefuseIn,
        responses=ApprovalOut,
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge, values = self.nudge(nudge_id), self.check(RefuseIn)
        try:
            refuse_nudge(nudge=nudge, member=self.person(), now=self.now, **values)
        except (CannotChange, ConditionError) as error:
            raise cannot(error) from error
        return self.shown(nudge_id)


def as_told(nudge: Nudge, standing: Standing) -> dict[str, Any]:
    return {
        "nudge": nudge.pk,
        "version": nudge.version,
        "audience": standing.audience,
        "threshold": standing.threshold,
        "is_needed": standing.needs,
        "approval_role": standing.role,
        "approval": standing.approval,
        "refusal": standing.refusal,
    }


def cannot(error: CannotChange | ConditionError) -> Problem:
    """What the domain refused: a role is forbidden, a version that is no more conflicts."""
    if isinstance(error, ConditionError):
        return Problem(409, "broken_conditions", str(error))
    if error.field == "role":
        return Problem(403, "may_not_approve", error.text)
    if error.field in ("version", "approval"):
        return Problem(409, "wrong_state", error.text)
    return refused(error)
