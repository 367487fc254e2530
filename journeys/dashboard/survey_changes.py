"""What was tried because of a survey's answers: noted and taken away on the survey's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, of_workspace
from engagement.models import Role
from journeys.models import Survey, SurveyChange
from journeys.surveys.asking import BadSurvey
from journeys.surveys.changing import forget_change, note_change
from journeys.surveys.results import Results


class ChangeForm(forms.Form):
    """What was tried, since when, because of which theme, and where its test is to be seen."""

    what = forms.CharField(max_length=200, label=gettext_lazy("What is tried"))
    since = forms.DateField(
        label=gettext_lazy("Since"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    theme = forms.CharField(
        max_length=120, required=False, label=gettext_lazy("Asked for by"), widget=forms.Select
    )
    url = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Where it is tested"),
        help_text=gettext_lazy("The page of a nudge here, or a link."),
    )

    def __init__(self, *args: Any, found: Results | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [one.name for one in [*found.themes, *found.groups]] if found else []
        self.fields["theme"].widget.choices = [
            ("", _("the figure as a whole")),
            *((name, name) for name in dict.fromkeys(names)),
        ]


@dashboard_action(Role.MARKETER)
def add(request: DashboardRequest, survey_id: int) -> HttpResponse:
    """Note what is tried."""
    survey = of_workspace(Survey.objects.all(), request, pk=survey_id)
    form = ChangeForm(request.POST)
    if form.is_valid():
        try:
            note_change(survey=survey, values=form.cleaned_data, actor=request.user, now=timezone.now())
            messages.success(
                request, _("Noted. What people answer from then on is set beside what they did before.")
            )
        except BadSurvey as bad:
            for message in bad.problems.values():
                messages.error(request, message)
    for field, errors in form.errors.items():
        messages.error(request, f"{form.fields[field].label}: {' '.join(map(str, errors))}")
    return redirect("journeys:survey", survey_id=survey.pk)


@dashboard_action(Role.MARKETER)
def remove(request: DashboardRequest, survey_id: int, change_id: int) -> HttpResponse:
    """Take it off the page."""
    changes = SurveyChange.objects.filter(survey_id=survey_id).select_related("survey__workspace")
    forget_change(change=of_workspace(changes, request, pk=change_id), actor=request.user, now=timezone.now())
    return redirect("journeys:survey", survey_id=survey_id)
