"""Reads: flows with their figures, the picture of one, and where a customer stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Sum

from nudges.models import Flow, FlowRun, FlowTally, FlowVersion, RunState


@dataclass
class Figures:
    """What became of all who asked to come into a flow; `left` and `refused` by why."""

    entered: int = 0
    inside: int = 0
    finished: int = 0
    left: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def goal(self) -> int:
        """Those who reached the goal."""
        return self.left["goal"]

    @property
    def left_early(self) -> int:
        """Those who left for another reason than the goal."""
        return self.left.total() - self.goal

    @property
    def held_back(self) -> int:
        return self.refused.total()


def figures_of_flows(flow_ids: Iterable[int]) -> dict[int, Figures]:
    """Figures by flow, in two queries."""
    figures: dict[int, Figures] = {flow_id: Figures() for flow_id in flow_ids}
    tallies = FlowTally.objects.filter(flow__in=figures, step="").values_list("flow", "what")
    for flow_id, what, n in tallies.annotate(n=Sum("n")):
        kind, _colon, why = what.partition(":")
        one = figures[flow_id]
        if kind == "entered":
            one.entered = n
        elif kind == "finished":
            one.finished = n
        elif kind == "exited":
            one.left[why] = n
        else:
            one.refused[why] = n
    inside = FlowRun.objects.filter(flow__in=figures, state=RunState.RUNNING).values_list("flow")
    for flow_id, n in inside.annotate(n=Count("*")):
        figures[flow_id].inside = n
    return figures


@dataclass(frozen=True)
class StepFigures:
    """How many stand at each step of a version, how many went on by which way, and how many left the flow there."""

    here: dict[str, int] = field(default_factory=dict)
    went: dict[str, dict[str, int]] = field(default_factory=dict)
    left: dict[str, dict[str, int]] = field(default_factory=dict)

    def passed(self, step: str) -> int:
        """How many have left this step behind, whichever way."""
        return sum(self.went.get(step, {}).values())

    def came(self, step: str) -> int:
        """How many have come to this step so far."""
        return self.here.get(step, 0) + self.passed(step) + sum(self.left.get(step, {}).values())


def step_figures(version: FlowVersion) -> StepFigures:
    """Counts by step of one version, in two queries."""
    runs = FlowRun.objects.filter(flow=version.flow_id, version=version, state=RunState.RUNNING)
    here = dict(runs.values_list("step").annotate(n=Count("*")))
    went: dict[str, dict[str, int]] = defaultdict(dict)
    left: dict[str, dict[str, int]] = defaultdict(dict)
    tallies = FlowTally.objects.filter(flow=version.flow_id, version=version).exclude(step="")
    for step, what, n in tallies.values_list("step", "what").annotate(n=Sum("n")):
        if why := what.partition("left:")[2]:
            left[step][why] = n
        else:
            went[step][what] = n
    return StepFigures(here, dict(went), dict(left))


def draft_of(flow: Flow) -> FlowVersion | None:
    """The version that is being written, if any."""
    return flow.versions.filter(published_at=None).select_related("trigger_need").first()


def inside_by_version(flow: Flow) -> list[dict[str, Any]]:
    """Versions in which somebody still is, the newest first: [{"number", "inside"}]."""
    runs = FlowRun.objects.filter(flow=flow, state=RunState.RUNNING)
    counted = runs.values_list("version__number").annotate(n=Count("*")).order_by("-version__number")
    return [{"number": number, "inside": inside} for number, inside in counted]
