"""Flows: the list, one of them as a picture with who is where, and what is done with it as a whole."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.customers import search_customers
from engagement.dashboard.conditions import known_events
from engagement.dashboard.pages import keyset_page
from engagement.models import Customer, Role
from nudges.composing import CannotChange
from nudges.dashboard.flow_forms import FlowForm
from nudges.dashboard.flow_pictures import entrance, picture
from nudges.flowing import (
    create_flow,
    drop_draft,
    end_flow,
    pause_flow,
    publish_flow,
    rename_flow,
    resume_flow,
    save_draft,
)
from nudges.flowing.admitting import why_not
from nudges.flows import draft_of, figures_of_flows, inside_by_version, step_figures
from nudges.models import EndedBy, Flow, FlowRun, FlowState, FlowVersion, RunState
from nudges.reasons import Reason

PAGE = 50
SHOWN = 15
MOVES = {
    "pause": pause_flow,
    "resume": resume_flow,
    "end": end_flow,
    "drop": drop_draft,
    "publish": publish_flow,
}
SAID = {
    "pause": gettext_lazy("It stands still until you resume it."),
    "resume": gettext_lazy("It goes on."),
    "end": gettext_lazy("It is over. Everybody who was inside has left."),
    "drop": gettext_lazy("The changes that were not published are thrown away."),
    "publish": gettext_lazy("Published: whoever comes in from now on goes by it."),
}


@dashboard_page()
def flows(request: DashboardRequest) -> HttpResponse:
    """All flows with their figures; `state` narrows."""
    rows = Flow.objects.filter(workspace=request.workspace).select_related("version__trigger_need")
    state = request.GET.get("state", "")
    rows = rows.filter(state=state) if state in FlowState.values else rows
    page = keyset_page(rows, field="name", descending=False, cursor=request.GET.get("after", ""), size=PAGE)
    context = {
        "page": page,
        "figures": figures_of_flows([one.pk for one in page.rows]),
        "states": FlowState.choices,
        "state": state,
    }
    return render(request, "nudges/dashboard/flows.html", context)


@dashboard_page()
def flow(request: DashboardRequest, flow_id: int) -> HttpResponse:
    """One flow: its picture with who stands where; `customer` asks about one of them."""
    one = find(request, flow_id)
    draft = draft_of(one)
    version = one.version or draft
    figures = figures_of_flows([one.pk])[one.pk]
    newest = FlowRun.objects.filter(flow=one).select_related("customer", "version").order_by("-id")
    context = {
        "flow": one,
        "version": version,
        "draft": draft,
        "entrance": entrance(version) if version else [],
        "steps": picture(version, step_figures(version)) if version else [],
        "figures": figures,
        "refused": _reasons(dict(figures.refused)),
        "left": [
            (str(EndedBy(why).label), n) for why, n in figures.left.most_common() if why != EndedBy.GOAL
        ],
        "by_version": inside_by_version(one),
        "inside": [Line(run) for run in newest.filter(state=RunState.RUNNING)[:SHOWN]],
        "turned_away": [Line(run) for run in newest.filter(state=RunState.REFUSED)[:SHOWN]],
        **_asked(request, one),
    }
    return render(request, "nudges/dashboard/flow.html", context)


class Line:
    """A run with its state in words."""

    def __init__(self, run: FlowRun) -> None:
        self.run = run
        self.why = ""
        if run.state == RunState.REFUSED:
            self.why = str(Reason(run.ended_by).label)
        elif run.ended_by:
            self.why = str(EndedBy(run.ended_by).label)


def _reasons(counted: dict[str, int]) -> list[dict[str, Any]]:
    most = max(counted.values(), default=1)
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        {"label": Reason(reason).label, "count": n, "share": round(n * 100 / most, 1), "outcome": "suppress"}
        for reason, n in ordered
    ]


def _asked(request: DashboardRequest, one: Flow) -> dict[str, Any]:
    """Where one customer is, was, or why they would not come in now."""
    asked = request.GET.get("customer", "").strip().replace("\x00", "")
    if not asked:
        return {}
    found = search_customers(
        Customer.objects.filter(workspace=request.workspace, merged_into=None), asked
    ).first()
    context: dict[str, Any] = {"asked": asked, "found": found}
    if found is None:
        return context
    runs = (
        FlowRun.objects.filter(flow=one, customer=found).select_related("customer", "version").order_by("-id")
    )
    context["runs"] = [Line(run) for run in runs[:SHOWN]]
    if one.version is not None:
        reason = why_not(flow=one, customer_id=found.pk, now=timezone.now())
        context |= {"is_welcome": reason is None, "why_not": Reason(reason).label if reason else ""}
    return context


def find(request: DashboardRequest, flow_id: int) -> Flow:
    rows = Flow.objects.select_related("workspace", "version__trigger_need", "version__flow")
    return of_workspace(rows, request, pk=flow_id)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """A new flow, without steps yet."""
    version = FlowVersion(number=1)
    form = FlowForm(request.POST or None, workspace=request.workspace, version=version, name="")
    if request.method == "POST" and form.is_valid():
        try:
            made = create_flow(
                workspace=request.workspace,
                name=form.cleaned_data["name"],
                values=form.values(),
                actor=request.user,
                now=timezone.now(),
            )
        except CannotChange as refused:
            tell(form, refused)
        else:
            messages.success(request, _("The draft is saved. Next: its steps."))
            return redirect("nudges:flow_steps", flow_id=made.pk)
    return _compose(request, form, None)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def edit(request: DashboardRequest, flow_id: int) -> HttpResponse:
    """What lets people in and out, of the version that is being written."""
    one = find(request, flow_id)
    version = draft_of(one) or one.version or FlowVersion(number=1)
    form = FlowForm(request.POST or None, workspace=request.workspace, version=version, name=one.name)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            rename_flow(flow=one, name=form.cleaned_data["name"], actor=request.user, now=now)
            save_draft(flow=one, values=form.values(), actor=request.user, now=now)
        except CannotChange as refused:
            tell(form, refused)
        else:
            messages.success(request, _("Saved. It holds once you publish it."))
            return redirect("nudges:flow_steps", flow_id=one.pk)
    return _compose(request, form, one)


def _compose(request: DashboardRequest, form: FlowForm, one: Flow | None) -> HttpResponse:
    context = {"form": form, "flow": one, "events": known_events(request.workspace)}
    return render(request, "nudges/dashboard/flow_edit.html", context)


def tell(form: Any, refused: CannotChange) -> None:
    """Put a refusal of the domain beside the field that it is about."""
    form.add_error(refused.field if refused.field in form.fields else None, refused.text)


@dashboard_action(Role.MARKETER)
def change(request: DashboardRequest, flow_id: int) -> HttpResponse:
    """Publish, pause, resume, end, or throw away what was not published."""
    one = find(request, flow_id)
    wanted = request.POST.get("change", "")
    if wanted not in MOVES:
        messages.error(request, _("There is no such change."))
        return redirect("nudges:flow", flow_id=one.pk)
    try:
        MOVES[wanted](flow=one, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
        return redirect("nudges:flow_steps" if wanted == "publish" else "nudges:flow", flow_id=one.pk)
    messages.success(request, f"{one.name}: {SAID[wanted]}")
    return redirect("nudges:flow", flow_id=one.pk)
