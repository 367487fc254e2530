"""Reads: flows with their figures, the picture of one, and where a customer stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Sum

from engagement.statements import among
from nudges.models import Candidate, Flow, FlowRun, FlowTally, FlowTrigger, FlowVersion, Nudge, RunState
from nudges.programs import walk


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


def runs_of(candidate_ids: Collection[int]) -> dict[int, FlowRun]:
    """The ways through flows by which these candidates were put forward, by candidate; one query, or none."""
    if not candidate_ids:
        return {}
    rows = (
        among(Candidate.objects.all(), "id", candidate_ids)
        .filter(flow_run__isnull=False)
        .select_related("flow_run")
    )
    return {row.pk: row.flow_run for row in rows if row.flow_run is not None}


def latest_runs(nudge: Nudge, customer_ids: Collection[int]) -> dict[int, FlowRun]:
    """Each customer's latest way into a flow that an event begins and that says this nudge, by customer."""
    saying = [
        flow.pk
        for flow in Flow.objects.filter(
            workspace_id=nudge.workspace_id, version__trigger=FlowTrigger.EVENT
        ).select_related("version")
        if flow.version and any(step.get("nudge") == nudge.pk for step in walk(flow.version.steps))
    ]
    runs = FlowRun.objects.filter(
        flow__in=saying, customer__in=customer_ids, occasion__startswith="event:"
    ).order_by("customer", "-id")
    return {run.customer_id: run for run in runs.distinct("customer")} if saying else {}


def draft_of(flow: Flow) -> FlowVersion | None:
    """The version that is being written, if any."""
    return flow.versions.filter(published_at=None).select_related("trigger_need").first()


def inside_by_version(flow: Flow) -> list[dict[str, Any]]:
    """Versions in which somebody still is, the newest first: [{"number", "inside"}]."""
    runs = FlowRun.objects.filter(flow=flow, state=RunState.RUNNING)
    counted = runs.values_list("version__number").annotate(n=Count("*")).order_by("-version__number")
    return [{"number": number, "inside": inside} for number, inside in counted]
