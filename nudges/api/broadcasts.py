"""Broadcasts: a nudge put forward to everyone whom its conditions fit."""

from __future__ import annotations

from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, ObjectName, Out, Query
from engagement.conditions import ConditionError
from nudges.api.putting import NudgeAction
from nudges.considering import (
    BroadcastError,
    pause_broadcast,
    resume_broadcast,
    start_broadcast,
    stop_broadcast,
)
from nudges.models import Broadcast, BroadcastState


class BroadcastIn(Body):
    """When it ends at the latest."""

    not_after = serializers.DateTimeField(required=False)


class BroadcastOut(Out):
    """A nudge on its way to everyone whom its conditions fit."""

    object = ObjectName("broadcast")
    id = serializers.IntegerField()
    nudge = serializers.IntegerField(source="nudge_id")
    state = serializers.ChoiceField(BroadcastState.choices)
    audience = serializers.IntegerField(help_text="Counted when it was started.")
    put_forward = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    not_after = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BroadcastQuery(Query):
    """Filters of the list."""

    nudge = serializers.IntegerField(min_value=1, required=False)
    state = serializers.ChoiceField(BroadcastState.choices, required=False)


class NudgeBroadcasts(NudgeAction):
    """/nudges/{id}/broadcasts"""

    @extend_schema(
        operation_id="start_broadcast",
        summary="Put a nudge forward to everyone whom its conditions fit",
        description="Simulate it first.",
        request=BroadcastIn,
        responses={201: BroadcastOut},
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        nudge = self.nudge(nudge_id)
        values = self.check(BroadcastIn)
        try:
            broadcast = start_broadcast(
                nudge=nudge,
                started_by=self.key.created_by,
                not_after=values.get("not_after"),
                now=self.now,
            )
        except (BroadcastError, ConditionError) as error:
            raise Problem(409, "cannot_start", str(error)) from error
        return created(BroadcastOut(broadcast).data, f"/api/v1/broadcasts/{broadcast.pk}")


class Broadcasts(Resource):
    """/broadcasts"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="list_broadcasts",
        summary="List broadcasts, newest first",
        parameters=[BroadcastQuery],
        responses=BroadcastOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.filters(BroadcastQuery)
        return self.page(Broadcast.objects.filter(workspace=self.workspace, **filters), BroadcastOut)


class OneBroadcast(Resource):
    """/broadcasts/{id}"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(operation_id="get_broadcast", summary="Read a broadcast", responses=BroadcastOut)
    def get(self, request: Request, broadcast_id: int) -> Response:
        return Response(BroadcastOut(self.find(Broadcast.objects.all(), pk=broadcast_id)).data)


class BroadcastMove(Resource):
    """A change of a broadcast's state."""

    required_scopes = {"POST": "nudges:write"}

    def go(self, move: Callable[..., Broadcast], broadcast_id: int) -> Response:
        """Make the move, and answer with the broadcast as it now is."""
        broadcast = self.find(Broadcast.objects.all(), pk=broadcast_id)
        try:
            return Response(BroadcastOut(move(broadcast_id=broadcast.pk, now=self.now)).data)
        except BroadcastError as error:
            raise Problem(409, "wrong_state", str(error)) from error


class PauseBroadcast(BroadcastMove):
    """/broadcasts/{id}/pause"""

    @extend_schema(
        operation_id="pause_broadcast", summary="Pause a broadcast", request=None, responses=BroadcastOut
    )
    @once
    def post(self, request: Request, broadcast_id: int) -> Response:
        return self.go(pause_broadcast, broadcast_id)


class ResumeBroadcast(BroadcastMove):
    """/broadcasts/{id}/resume"""

    @extend_schema(
        operation_id="resume_broadcast",
        summary="Go on with a paused broadcast",
        request=None,
        responses=BroadcastOut,
    )
    @once
    def post(self, request: Request, broadcast_id: int) -> Response:
        return self.go(resume_broadcast, broadcast_id)


class StopBroadcast(BroadcastMove):
    """/broadcasts/{id}/stop"""

    @extend_schema(
        operation_id="stop_broadcast",
        summary="End a broadcast for good",
        request=None,
        responses=BroadcastOut,
    )
    @once
    def post(self, request: Request, broadcast_id: int) -> Response:
        return self.go(stop_broadcast, broadcast_id)
