"""The editor of a flow's steps: a list in which each is added, changed, moved and taken out by a form of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page
from engagement.models import Role
from nudges.arrangements import NoSuchPlace, Steps, changed_in, moved, put_in, step_named, taken_out
from nudges.composing import CannotChange
from nudges.dashboard.flow_pictures import ICONS, KIND_NAMES, entrance, picture
from nudges.dashboard.flow_step_forms import FORMS, StepForm
from nudges.dashboard.flows import find, tell
from nudges.flowing import save_draft
from nudges.flows import StepFigures, draft_of, inside_by_version
from nudges.models import Flow, FlowVersion

WAYS = {"up": -1, "down": 1}
Arrange = Callable[[Steps], Steps]


def _written(one: Flow) -> FlowVersion:
    """The version that is being written, or would be."""
    version = draft_of(one) or one.version
    if version is None:
        raise Http404
    return version


@dashboard_page(role=Role.MARKETER)
def steps(request: DashboardRequest, flow_id: int) -> HttpResponse:
    """The steps of the version that is being written, with what can be done to each."""
    one = find(request, flow_id)
    version = _written(one)
    context = {
        "flow": one,
        "version": version,
        "entrance": entrance(version),
        "steps": picture(version, StepFigures()),
        "kinds": [(kind, name, ICONS[kind]) for kind, name in KIND_NAMES.items()],
        "end": f"::{len(version.steps)}",
        "by_version": inside_by_version(one),
        "editing": True,
    }
    return render(request, "nudges/dashboard/flow_steps.html", context)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new_step(request: DashboardRequest, flow_id: int) -> HttpResponse:
    """A step of a `kind` for a place (`at`), see nudges.arrangements."""
    one = find(request, flow_id)
    kind, at = request.GET.get("kind", "wait"), request.GET.get("at", "::0")
    if kind not in FORMS:
        raise Http404
    form = FORMS[kind](request.POST if request.method == "POST" else None, flow=one, step={"kind": kind})
    if _saved(request, one, form, lambda steps: put_in(steps, {"kind": kind, **form.values()}, at)):
        return redirect("nudges:flow_steps", flow_id=one.pk)
    return _step_page(request, one, {"kind": kind}, form)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def step(request: DashboardRequest, flow_id: int, step: str) -> HttpResponse:
    """One step changed."""
    one = find(request, flow_id)
    try:
        held = step_named(_written(one).steps, step)
    except NoSuchPlace as error:
        raise Http404 from error
    form = FORMS[held["kind"]](request.POST if request.method == "POST" else None, flow=one, step=held)
    if _saved(request, one, form, lambda steps: changed_in(steps, step, form.values())):
        return redirect("nudges:flow_steps", flow_id=one.pk)
    return _step_page(request, one, held, form)


def _saved(request: DashboardRequest, one: Flow, form: StepForm, arrange: Arrange) -> bool:
    """Was the form sent, in order, and what it says put where it belongs?"""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        steps = arrange(_written(one).steps)
        save_draft(flow=one, values={"steps": steps}, actor=request.user, now=timezone.now())
    except NoSuchPlace as error:
        raise Http404 from error
    except CannotChange as refused:
        tell(form, refused)
        return False
    return True


def _step_page(request: DashboardRequest, one: Flow, held: dict[str, Any], form: StepForm) -> HttpResponse:
    context = {"flow": one, "step": held, "form": form, "kind_name": KIND_NAMES[held["kind"]]}
    return render(request, "nudges/dashboard/flow_step.html", context)


@dashboard_action(Role.MARKETER)
def move(request: DashboardRequest, flow_id: int, step: str) -> HttpResponse:
    """Up or down within its own list."""
    return _arrange(
        request, flow_id, lambda steps: moved(steps, step, WAYS.get(request.POST.get("way", ""), 0))
    )


@dashboard_action(Role.MARKETER)
def remove(request: DashboardRequest, flow_id: int, step: str) -> HttpResponse:
    """Out, with what its branches hold."""
    return _arrange(request, flow_id, lambda steps: taken_out(steps, step))


def _arrange(request: DashboardRequest, flow_id: int, arrange: Arrange) -> HttpResponse:
    one = find(request, flow_id)
    try:
        steps = arrange(_written(one).steps)
        save_draft(flow=one, values={"steps": steps}, actor=request.user, now=timezone.now())
    except NoSuchPlace:
        messages.error(request, _("This step is gone."))
    except CannotChange as refused:
        messages.error(request, refused.text)
    return redirect("nudges:flow_steps", flow_id=one.pk)
