"""Flows: written, published, paused, resumed, ended; who is in them; customers let in and taken out."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once, read_key
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created
from engagement.models import Customer
from nudges.api.flow_shapes import (
    MAX_KEY,
    FlowChange,
    FlowIn,
    FlowOut,
    FlowQuery,
    LetInIn,
    LetInOut,
    RunOut,
    RunQuery,
)
from nudges.api.putting import customers_named
from nudges.composing import CannotChange
from nudges.considering import let_into
from nudges.flowing import (
    create_flow,
    end_flow,
    pause_flow,
    publish_flow,
    rename_flow,
    resume_flow,
    save_draft,
    take_out,
)
from nudges.models import Flow, FlowRun, FlowState, FlowVersion, RunState

WRITTEN = FlowVersion.objects.filter(published_at=None).select_related("trigger_need")
FLOWS = Flow.objects.select_related("workspace", "version__trigger_need").prefetch_related(
    Prefetch("versions", queryset=WRITTEN, to_attr="written")
)


def refused(error: CannotChange) -> Problem:
    """What the domain refused: a state conflicts, a value is invalid."""
    if error.field in ("state", "version"):
        return Problem(409, "wrong_state", error.text)
    return invalid([{"pointer": f"/{error.field}", "code": "invalid", "detail": error.text}])


class Flows(Resource):
    """/flows"""

    required_scopes = {"GET": "nudges:read", "POST": "nudges:write"}

    @extend_schema(
        operation_id="list_flows",
        summary="List flows, newest first",
        parameters=[FlowQuery],
        responses=FlowOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.filters(FlowQuery)
        return self.page(FLOWS.filter(workspace=self.workspace, **filters), FlowOut)

    @extend_schema(
        operation_id="create_flow",
        summary="Write a flow",
        description="It is a draft until it is published.",
        request=FlowIn,
        responses={201: FlowOut},
    )
    @once
    def post(self, request: Request) -> Response:
        values = self.check(FlowIn)
        name, slug = values.pop("name"), values.pop("slug", "")
        try:
            flow = create_flow(
                workspace=self.workspace, name=name, slug=slug, values=values, actor=self.key, now=self.now
            )
        except CannotChange as error:
            raise refused(error) from error
        return created(FlowOut(self.find(FLOWS, pk=flow.pk)).data, f"/api/v1/flows/{flow.pk}")


class OneFlow(Resource):
    """/flows/{id}"""

    required_scopes = {"GET": "nudges:read", "PATCH": "nudges:write"}

    @extend_schema(
        operation_id="get_flow", summary="Read a flow, in force and being written", responses=FlowOut
    )
    def get(self, request: Request, flow_id: int) -> Response:
        return Response(FlowOut(self.find(FLOWS, pk=flow_id)).data)

    @extend_schema(
        operation_id="change_flow",
        summary="Write the next version of a flow",
        description="Nobody goes by it before it is published; who is inside then keeps the version they came into.",
        request=FlowChange,
        responses=FlowOut,
    )
    def patch(self, request: Request, flow_id: int) -> Response:
        flow = self.find(FLOWS, pk=flow_id)
        values = self.check(FlowChange)
        name = values.pop("name", "")
        try:
            with transaction.atomic():
                if name:
                    rename_flow(flow=flow, name=name, actor=self.key, now=self.now)
                if values:
                    save_draft(flow=flow, values=values, actor=self.key, now=self.now)
        except CannotChange as error:
            raise refused(error) from error
        return Response(FlowOut(self.find(FLOWS, pk=flow_id)).data)


class FlowMove(Resource):
    """A change of a flow's state."""

    required_scopes = {"POST": "nudges:write"}

    def go(self, move: Callable[..., Flow], flow_id: int) -> Response:
        """Make the move, and answer with the flow as it now is."""
        flow = self.find(FLOWS, pk=flow_id)
        try:
            move(flow=flow, actor=self.key, now=self.now)
        except CannotChange as error:
            raise refused(error) from error
        return Response(FlowOut(self.find(FLOWS, pk=flow_id)).data)


class PublishFlow(FlowMove):
    """/flows/{id}/publish"""

    @extend_schema(
        operation_id="publish_flow",
        summary="Let people into the version that was being written",
        description="Who is inside keeps the version they came into.",
        request=None,
        responses=FlowOut,
    )
    @once
    def post(self, request: Request, flow_id: int) -> Response:
        return self.go(publish_flow, flow_id)


class PauseFlow(FlowMove):
    """/flows/{id}/pause"""

    @extend_schema(
        operation_id="pause_flow",
        summary="Let nobody in and nobody on",
        request=None,
        responses=FlowOut,
    )
    @once
    def post(self, request: Request, flow_id: int) -> Response:
        return self.go(pause_flow, flow_id)


class ResumeFlow(FlowMove):
    """/flows/{id}/resume"""

    @extend_schema(
        operation_id="resume_flow", summary="Go on with a paused flow", request=None, responses=FlowOut
    )
    @once
    def post(self, request: Request, flow_id: int) -> Response:
        return self.go(resume_flow, flow_id)


class EndFlow(FlowMove):
    """/flows/{id}/end"""

    @extend_schema(
        operation_id="end_flow",
        summary="End a flow for good; everybody inside leaves",
        request=None,
        responses=FlowOut,
    )
    @once
    def post(self, request: Request, flow_id: int) -> Response:
        return self.go(end_flow, flow_id)


class FlowRuns(Resource):
    """/flows/{id}/runs"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="list_flow_runs",
        summary="List who is or was inside, or was not let in, newest first",
        parameters=[RunQuery],
        responses=RunOut(many=True),
    )
    def get(self, request: Request, flow_id: int) -> Response:
        flow = self.find(Flow.objects.all(), pk=flow_id)
        filters = self.filters(RunQuery)
        runs = FlowRun.objects.filter(workspace=self.workspace, flow=flow, **filters)
        return self.page(runs.select_related("version"), RunOut)


class LetIn(Resource):
    """/flows/{id}/let-in"""

    required_scopes = {"POST": "nudges:write"}

    @extend_schema(
        operation_id="let_into_flow",
        summary="Let customers into a flow",
        description="Its rules say who is let in: conditions, whether somebody may come again; see /flows/{id}/runs.",
        request=LetInIn,
        responses={202: LetInOut},
    )
    @once
    def post(self, request: Request, flow_id: int) -> Response:
        flow = self.find(Flow.objects.all(), pk=flow_id)
        values = self.check(LetInIn)
        if flow.state not in (FlowState.LIVE, FlowState.PAUSED):
            raise Problem(409, "wrong_state", _("The flow is not live; publish it first."))
        name = values.get("occasion") or (read_key(request) or uuid.uuid4().hex)[:MAX_KEY]
        customer_ids = customers_named(self.workspace, values)
        occasion = f"api:{name}"
        new = let_into(flow=flow, customer_ids=customer_ids, occasion=occasion, now=self.now)
        shown = {"flow": flow.pk, "occasion": occasion, "asked": len(customer_ids), "new": new}
        return Response(LetInOut(shown).data, status=status.HTTP_202_ACCEPTED)


class TakeOut(Resource):
    """/flows/{id}/customers/{id}/take-out"""

    required_scopes = {"POST": "nudges:write"}

    @extend_schema(
        operation_id="take_out_of_flow",
        summary="Take a customer out of a flow",
        description="What it has put forward for them and not sent yet is not sent. Who is not inside: 409.",
        request=None,
        responses=RunOut,
    )
    @once
    def post(self, request: Request, flow_id: int, customer_id: int) -> Response:
        flow = self.find(Flow.objects.all(), pk=flow_id)
        customer = self.find(Customer.objects.filter(merged_into=None), pk=customer_id)
        runs = FlowRun.objects.select_related("version")
        inside = runs.filter(flow=flow, customer=customer, state=RunState.RUNNING).first()
        if inside is None:
            raise Problem(409, "wrong_state", _("The customer is not inside this flow."))
        try:
            take_out(run=inside, actor=self.key, now=self.now)
        except CannotChange as error:
            raise refused(error) from error
        return Response(RunOut(self.find(runs, pk=inside.pk)).data)
