"""Needs: what customers may be trying to solve, which events speak of it, and what is asked about their situation."""

from __future__ import annotations

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.models import Product, Role
from journeys.dashboard.need_forms import (
    NeedForm,
    QuestionForm,
    QuestionSet,
    in_order,
    initial_of,
    questions_initial,
)
from journeys.defining import RULE_KINDS, BadAttributes, SlugTaken, save_need
from journeys.models import JOURNEY, Guide, GuideStatus, Need
from journeys.needs import needs_by_stage


@dashboard_page()
def needs(request: DashboardRequest) -> HttpResponse:
    """Every need with where customers stand, and what helps them there."""
    rows = list(Need.objects.filter(workspace=request.workspace))
    counts = {row.id: row.by_stage for row in needs_by_stage(request.workspace)}
    published = set(
        Guide.objects.filter(workspace=request.workspace, status=GuideStatus.PUBLISHED).values_list(
            "need_id", "stage"
        )
    )
    table = [
        {
            "need": need,
            "counts": [counts.get(need.pk, {}).get(stage, 0) for stage in JOURNEY],
            "guides": sum((need.pk, stage) in published for stage in JOURNEY),
            "rules": sum(len(need.rules.get(kind, [])) for kind in RULE_KINDS),
        }
        for need in rows
    ]
    context = {
        "table": table,
        "stages": [(stage.value, stage.label) for stage in JOURNEY],
        "places": len(JOURNEY),
    }
    return render(request, "journeys/dashboard/needs.html", context)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """Define a need."""
    return compose(request, Need(workspace=request.workspace))


@dashboard_page(changes=Role.MARKETER)
def edit(request: DashboardRequest, need_id: int) -> HttpResponse:
    """Read or change one."""
    return compose(request, of_workspace(Need.objects.all(), request, pk=need_id))


def compose(request: DashboardRequest, need: Need) -> HttpResponse:
    form = NeedForm(request.POST or None, initial=initial_of(need))
    questions: BaseFormSet[QuestionForm] = QuestionSet(
        request.POST or None,
        initial=[questions_initial(row) for row in need.context_attributes],
        prefix="questions",
    )
    if request.method == "POST" and form.is_valid() and questions.is_valid():
        asked = in_order(questions)
        if save(request, need, form, asked):
            return redirect("journeys:needs")
    context = {
        "form": form,
        "questions": questions,
        "need": need,
        "known_categories": Product.objects.filter(workspace=request.workspace)
        .exclude(category="")
        .order_by("category")
        .values_list("category", flat=True)
        .distinct()[:100],
    }
    return render(request, "journeys/dashboard/need.html", context)


def save(request: DashboardRequest, need: Need, form: NeedForm, asked: list[QuestionForm]) -> bool:
    values = form.values() | {"context_attributes": [one.value() for one in asked]}
    is_new = need.pk is None
    try:
        saved = save_need(need=need, values=values, actor=request.user, now=timezone.now())
    except SlugTaken:
        form.add_error("slug", _("Another need has this short name; choose another."))
        return False
    except BadAttributes as bad:
        for place, field, message in bad.faults:
            if place < len(asked):
                asked[place].add_error(field if field in asked[place].fields else "label", message)
            else:
                form.add_error(None, message)
        return False
    said = (
        _("“%(name)s” is noticed from now on.")
        if is_new
        else _("“%(name)s” is saved. Changed rules are applied to the past as well.")
    )
    messages.success(request, said % {"name": saved.name})
    return True
