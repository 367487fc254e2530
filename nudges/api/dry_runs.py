"""Dry runs: a nudge counted over everybody it is for, without sending anything."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, ObjectName, Out, Query
from engagement.conditions import ConditionError
from nudges.api.putting import CountOut, NudgeAction
from nudges.dry_running import DryRunError, cancel_dry_run, start_dry_run
from nudges.models import DryRun, DryRunState


class DryRunIn(Body):
    """The moment that is tried."""

    at = serializers.DateTimeField(required=False, help_text="Now, when it is left out; not in the past.")


class DryRunOut(Out):
    """What would become of a nudge, counted over everybody it is for."""

    object = ObjectName("dry_run")
    id = serializers.IntegerField()
    nudge = serializers.IntegerField(source="nudge_id")
    nudge_version = serializers.IntegerField()
    state = serializers.ChoiceField(DryRunState.choices)
    at = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    audience = serializers.IntegerField(help_text="Counted when it was started.")
    looked_at = serializers.IntegerField()
    counts = CountOut(many=True, source="listed", help_text="The commonest first.")
    error = serializers.CharField(allow_blank=True)


class DryRunQuery(Query):
    """Filters of the list."""

    nudge = serializers.IntegerField(min_value=1, required=False)
    state = serializers.ChoiceField(DryRunState.choices, required=False)


class NudgeDryRuns(NudgeAction):
    """/nudges/{id}/dry-runs"""

    @extend_schema(
        operation_id="start_dry_run",
        summary="Count what would become of a nudge, over everybody it is for",
        description="By the rules of deciding, also for a draft. Nothing is sent, nothing stands in the ledger.",
        request=DryRunIn,
        responses={201: DryRunOut},
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge = self.nudge(nudge_id)
        values = self.check(DryRunIn)
        try:
            made = start_dry_run(
                nudge=nudge, started_by=self.key.created_by, at=values.get("at"), now=self.now
            )
        except (DryRunError, ConditionError) as error:
            raise Problem(409, "cannot_start", str(error)) from error
        return created(DryRunOut(made).data, f"/api/v1/dry-runs/{made.pk}")


class DryRuns(Resource):
    """/dry-runs"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="list_dry_runs",
        summary="List dry runs, newest first",
        parameters=[DryRunQuery],
        responses=DryRunOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.filters(DryRunQuery)
        return self.page(DryRun.objects.filter(workspace=self.workspace, **filters), DryRunOut)


class OneDryRun(Resource):
    """/dry-runs/{id}"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(operation_id="get_dry_run", summary="Read a dry run", responses=DryRunOut)
    def get(self, request: Request, dry_run_id: int) -> Response:
        return Response(DryRunOut(self.find(DryRun.objects.all(), pk=dry_run_id)).data)


class CancelDryRun(Resource):
    """/dry-runs/{id}/cancel"""

    required_scopes = {"POST": "nudges:write"}

    @extend_schema(
        operation_id="cancel_dry_run",
        summary="End a dry run; what it has counted stays",
        request=None,
        responses=DryRunOut,
    )
    @once
    def post(self, request: Request, dry_run_id: int) -> Response:
        one = self.find(DryRun.objects.all(), pk=dry_run_id)
        try:
            return Response(DryRunOut(cancel_dry_run(dry_run_id=one.pk, now=self.now)).data)
        except DryRunError as error:
            raise Problem(409, "wrong_state", str(error)) from error
