"""What became of who asked to come into a flow, and of those inside at each step."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.resources import Resource
from engagement.api.shapes import ObjectName, Out
from nudges.flows import Figures, StepFigures, figures_of_flows, inside_by_version, step_figures
from nudges.models import Flow, FlowVersion
from nudges.program_checks import KINDS
from nudges.programs import walk


class VersionInsideOut(Out):
    """How many are inside in one version."""

    number = serializers.IntegerField(help_text="See /flows/{id}/versions/{number}/figures.")
    inside = serializers.IntegerField()


class FlowFiguresOut(Out):
    """What became of all who asked to come in."""

    object = ObjectName("flow_figures")
    flow = serializers.IntegerField()
    entered = serializers.IntegerField()
    inside = serializers.IntegerField()
    inside_by_version = VersionInsideOut(many=True, help_text="Where somebody is, the newest first.")
    finished = serializers.IntegerField()
    goal = serializers.IntegerField()
    left = serializers.DictField(child=serializers.IntegerField(), help_text="Who left early, by why.")
    refused = serializers.DictField(child=serializers.IntegerField(), help_text="Who was not let in, by why.")

    @staticmethod
    def shown(flow: Flow, figures: Figures, versions: list[dict[str, Any]]) -> dict[str, Any]:
        """The figures as this shape reads them."""
        return {
            "flow": flow.pk,
            "entered": figures.entered,
            "inside": figures.inside,
            "inside_by_version": versions,
            "finished": figures.finished,
            "goal": figures.goal,
            "left": dict(figures.left),
            "refused": dict(figures.refused),
        }


class StepFiguresOut(Out):
    """What became of those who came to one step."""

    step = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    came = serializers.IntegerField(help_text="So far: those who stand there, went on or left.")
    here = serializers.IntegerField(help_text="Who stand there now.")
    went = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Who went on, by which way: passed, or the branch (yes, no, 1, 2 …).",
    )
    left = serializers.DictField(
        child=serializers.IntegerField(), help_text="Who left the flow while they stood there, by why."
    )


class VersionFiguresOut(Out):
    """One version's steps in their order, those in branches behind the step that holds them."""

    object = ObjectName("flow_version_figures")
    flow = serializers.IntegerField()
    version = serializers.IntegerField()
    steps = StepFiguresOut(many=True)

    @staticmethod
    def shown(version: FlowVersion, figures: StepFigures) -> dict[str, Any]:
        """The figures as this shape reads them."""
        steps = [
            {
                "step": step["id"],
                "kind": step["kind"],
                "came": figures.came(step["id"]),
                "here": figures.here.get(step["id"], 0),
                "went": figures.went.get(step["id"], {}),
                "left": figures.left.get(step["id"], {}),
            }
            for step in walk(version.steps)
        ]
        return {"flow": version.flow_id, "version": version.number, "steps": steps}


class FlowFigures(Resource):
    """/flows/{id}/figures"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="get_flow_figures",
        summary="Count what became of who asked to come in",
        responses=FlowFiguresOut,
    )
    def get(self, request: Request, flow_id: int) -> Response:
        flow = self.find(Flow.objects.all(), pk=flow_id)
        figures = figures_of_flows([flow.pk])[flow.pk]
        return Response(FlowFiguresOut(FlowFiguresOut.shown(flow, figures, inside_by_version(flow))).data)


class VersionFigures(Resource):
    """/flows/{id}/versions/{number}/figures"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="get_flow_version_figures",
        summary="Count what became of those inside, step by step",
        description="Of one version: whoever is inside keeps the version they came into.",
        responses=VersionFiguresOut,
    )
    def get(self, request: Request, flow_id: int, number: int) -> Response:
        flow = self.find(Flow.objects.all(), pk=flow_id)
        version = get_object_or_404(flow.versions, number=number)
        return Response(VersionFiguresOut(VersionFiguresOut.shown(version, step_figures(version))).data)
