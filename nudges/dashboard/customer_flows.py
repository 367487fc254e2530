"""Where one customer is in flows, what comes next and when, how earlier ways ended; and taking them out of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, of_workspace
from engagement.models import Customer, Role
from nudges.composing import CannotChange
from nudges.dashboard.flow_pictures import KIND_NAMES, words_of
from nudges.flowing import take_out
from nudges.models import EndedBy, FlowRun, FlowState, Nudge, RunState
from nudges.programs import SPEAKING, Node, branches_of, layout, walk

SHOWN = 20
EARLIER = 5


@dataclass(frozen=True)
class Stretch:
    """A step that lies behind a customer, in words."""

    words: str
    at: datetime


@dataclass(frozen=True)
class Way:
    """One customer's way through a flow. `here` and `next` are steps in words; `since`: when they came to it."""

    run: FlowRun
    here: str
    since: datetime
    next: str
    behind: list[Stretch]

    @property
    def is_inside(self) -> bool:
        return self.run.state == RunState.RUNNING

    @property
    def is_paused(self) -> bool:
        return self.run.flow.state == FlowState.PAUSED

    @property
    def why(self) -> str:
        """Why it ended before its end; empty otherwise."""
        return str(EndedBy(self.run.ended_by).label) if self.run.ended_by else ""


def ways_of(customer: Customer) -> list[Way]:
    """Every flow that they are inside of, and the last few ways that are over: in three queries."""
    runs = FlowRun.objects.filter(customer=customer).select_related("flow", "version")
    inside = list(runs.filter(state=RunState.RUNNING).order_by("-id")[:SHOWN])
    over = runs.filter(state__in=(RunState.FINISHED, RunState.EXITED)).order_by("-ended_at", "-id")[:EARLIER]
    found = [*inside, *over]
    named = {step["nudge"] for run in found for step in walk(run.version.steps) if step["kind"] in SPEAKING}
    nudges = Nudge.objects.filter(workspace_id=customer.workspace_id).in_bulk(named) if named else {}
    return [_way(run, nudges) for run in found]


def _way(run: FlowRun, nudges: Mapping[int, Nudge]) -> Way:
    nodes = layout(run.version.steps)
    return Way(
        run,
        here=_told(nodes.get(run.step), nudges),
        since=datetime.fromisoformat(run.trail[-1]["at"]) if run.trail else run.asked_at,
        next=_told(_following(nodes, run.step), nudges),
        behind=[
            Stretch(_went(nodes.get(one["step"]), one["went"], nudges), datetime.fromisoformat(one["at"]))
            for one in run.trail
        ],
    )


def _following(nodes: Mapping[str, Node], step: str) -> Node | None:
    here = nodes.get(step)
    return nodes.get(here.next) if here else None


def _told(node: Node | None, nudges: Mapping[int, Nudge]) -> str:
    """A step with its kind: "Wait: 2 days"; the end without one."""
    if node is None:
        return _("the end")
    return f"{KIND_NAMES[node.kind]}: {words_of(node.step, nudges)}"


def _went(node: Node | None, went: str, nudges: Mapping[int, Nudge]) -> str:
    """A step that was taken, with the way that it was left by."""
    return " → ".join([_told(node, nudges), *_branch_names(node, went)])


def _branch_names(node: Node | None, went: str) -> Sequence[str]:
    if node is None or went not in dict(branches_of(node.step)):
        return []
    if node.kind == "condition":
        return [_("Yes") if went == "yes" else _("No")]
    return [node.step["branches"][int(went) - 1].get("name") or _("Branch %(n)s") % {"n": went}]


@dashboard_action(Role.MARKETER)
def remove(request: DashboardRequest, customer_id: int, run_id: int) -> HttpResponse:
    """Take a customer out of a flow that they are inside of."""
    run = of_workspace(FlowRun.objects.select_related("flow"), request, pk=run_id, customer=customer_id)
    try:
        take_out(run=run, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
    else:
        told = _("Taken out of “%(flow)s”. What it has not sent yet is not sent.") % {"flow": run.flow.name}
        messages.success(request, told)
    return redirect("nudges:customer", customer_id=customer_id)
