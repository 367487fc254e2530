"""Surveys: written, opened and closed, and what the answers say."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.conditions import describe_condition
from engagement.dashboard.choices import offer
from engagement.dashboard.conditions import ConditionField, bind_conditions
from engagement.models import Role
from journeys.dashboard.survey_changes import ChangeForm
from journeys.models import Need, Survey, SurveyKind, SurveyStatus
from journeys.surveys.asking import BadSurvey, close_survey, open_survey, save_survey
from journeys.surveys.changes import tried
from journeys.surveys.items import follow_up_of, items_of, scale_of
from journeys.surveys.results import results_of
from journeys.surveys.scores import LEAST


class SurveyForm(forms.Form):
    """A survey's words, whom it asks, and how its open answers are grouped."""

    name = forms.CharField(
        max_length=120, label=gettext_lazy("Name"), help_text=gettext_lazy("Only you see it.")
    )
    kind = forms.ChoiceField(choices=SurveyKind.choices, label=gettext_lazy("What is asked"))
    subject = forms.CharField(
        max_length=120,
        required=False,
        label=gettext_lazy("About what"),
        help_text=gettext_lazy("Such as “our delivery”. Empty: your company's name."),
    )
    question = forms.CharField(
        max_length=300,
        required=False,
        label=gettext_lazy("In your own words"),
        help_text=gettext_lazy("In place of the published sentence. An open question needs it."),
    )
    follow_up = forms.CharField(
        max_length=300,
        required=False,
        label=gettext_lazy("Open question after the figure"),
        help_text=gettext_lazy("Empty: “What is the main reason?”"),
    )
    need = forms.ModelChoiceField(
        Need.objects.none(),
        required=False,
        label=gettext_lazy("Need"),
        empty_label=gettext_lazy("No one need"),
    )
    slug = forms.SlugField(
        max_length=60,
        required=False,
        label=gettext_lazy("Short name for programs"),
        help_text=gettext_lazy("Made from the name when empty. Elements and messages use it."),
    )
    closes_at = forms.DateTimeField(
        required=False,
        label=gettext_lazy("Ends"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    conditions = ConditionField(required=False, label=gettext_lazy("Who is asked"))
    themes = forms.CharField(
        required=False,
        label=gettext_lazy("Your own themes"),
        help_text=gettext_lazy(
            "One a line: a name, a colon, its words with commas. Delivery: late, courier, parcel"
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, request: DashboardRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "need", Need.objects.filter(workspace=request.workspace))
        bind_conditions(self, request.workspace)

    def clean_themes(self) -> list[dict[str, Any]]:
        return [theme_in(line) for line in self.cleaned_data["themes"].splitlines() if line.strip()]


def theme_in(line: str) -> dict[str, Any]:
    name, _colon, words = line.partition(":")
    return {"name": name.strip(), "terms": [word.strip() for word in words.split(",") if word.strip()]}


@dashboard_page()
def surveys(request: DashboardRequest) -> HttpResponse:
    """Every survey with how many answered in its current round."""
    rows = (
        Survey.objects.filter(workspace=request.workspace)
        .select_related("need")
        .annotate(answered=Count("answers", filter=Q(answers__round=F("round"))))
    )
    return render(request, "journeys/dashboard/surveys.html", {"rows": rows})


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """Write a survey."""
    return compose(request, None)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def edit(request: DashboardRequest, survey_id: int) -> HttpResponse:
    """Change one; what was asked stays once it was opened."""
    return compose(request, of_workspace(Survey.objects.all(), request, pk=survey_id))


def compose(request: DashboardRequest, survey: Survey | None) -> HttpResponse:
    form = SurveyForm(request.POST or None, request=request, initial=initial_of(survey))
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_survey(
                workspace=request.workspace,
                survey=survey,
                values=form.cleaned_data,
                actor=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("journeys:survey", survey_id=saved.pk)
        except BadSurvey as bad:
            for field, message in bad.problems.items():
                form.add_error(field if field in form.fields else None, message)
    return render(request, "journeys/dashboard/survey_edit.html", {"form": form, "survey": survey})


def initial_of(survey: Survey | None) -> dict[str, Any]:
    if survey is None:
        return {}
    names = ("name", "kind", "subject", "question", "follow_up", "need", "slug", "closes_at", "conditions")
    return {name: getattr(survey, name) for name in names} | {
        "themes": "\n".join(f"{theme['name']}: {', '.join(theme['terms'])}" for theme in survey.themes),
    }


@dashboard_page()
def survey(request: DashboardRequest, survey_id: int) -> HttpResponse:
    """What the answers of a round (`round`, else the current one) say, and the trend."""
    one = of_workspace(Survey.objects.select_related("need"), request, pk=survey_id)
    wanted = request.GET.get("round", "")
    if wanted and not (wanted.isascii() and wanted.isdecimal() and 0 < int(wanted) <= one.round):
        raise Http404
    found = results_of(one, number=int(wanted) if wanted else None)
    most = max((bar.count for bar in found.bars), default=0)
    context = {
        "survey": one,
        "items": items_of(one, shop=request.workspace.name),
        "scale": scale_of(one.kind),
        "follow_up": follow_up_of(one),
        "asked": describe_condition(one.conditions),
        "found": found,
        "bars": [(bar, round(100 * bar.count / most) if most else 0) for bar in found.bars],
        "round": int(wanted) if wanted else one.round,
        "rounds": range(1, one.round + 1),
        "tried": tried(one),
        "change_form": ChangeForm(found=found),
        "least": LEAST,
        "placeholder": "{{ links.surveys." + one.slug.replace("-", "_") + " }}",
    }
    return render(request, "journeys/dashboard/survey.html", context)


@dashboard_action(Role.MARKETER)
def state(request: DashboardRequest, survey_id: int) -> HttpResponse:
    """Begin a round, or take no more answers."""
    one = of_workspace(Survey.objects.all(), request, pk=survey_id)
    try:
        if request.POST.get("change") == "open":
            opened = open_survey(survey=one, actor=request.user, now=timezone.now())
            messages.success(request, _("Round %(n)s is open.") % {"n": opened.round})
        elif request.POST.get("change") == "close" and one.status == SurveyStatus.OPEN:
            close_survey(survey=one, actor=request.user, now=timezone.now())
            messages.success(request, _("It takes no more answers."))
    except BadSurvey as bad:
        for message in bad.problems.values():
            messages.error(request, message)
    return redirect("journeys:survey", survey_id=one.pk)
