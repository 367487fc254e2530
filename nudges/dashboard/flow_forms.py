"""The form of a flow but for its steps: what lets people in, and what lets them out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.dashboard.choices import offer
from engagement.dashboard.conditions import ConditionField, bind_conditions
from engagement.models import Workspace
from journeys.models import Need, Stage
from nudges.dashboard.start_forms import TestForm, rows_of, test_rows
from nudges.models import FlowTrigger, FlowVersion, ReEntry


class FlowForm(forms.Form):
    """A flow but for its steps."""

    name = forms.CharField(
        max_length=120,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For your team; customers never see it."),
    )
    trigger = forms.ChoiceField(
        choices=FlowTrigger.choices,
        label=gettext_lazy("What lets people in?"),
        widget=forms.Select(attrs={"data-shows": "trigger"}),
    )
    trigger_event = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Event"),
        widget=forms.TextInput(attrs={"list": "event-names"}),
        help_text=gettext_lazy("Its name as your shop sends it, such as Order Delivered."),
    )
    trigger_need = forms.ModelChoiceField(
        Need.objects.none(), required=False, label=gettext_lazy("Need"), empty_label=gettext_lazy("Any need")
    )
    trigger_stage = forms.ChoiceField(required=False, label=gettext_lazy("reaches the stage"))
    conditions = ConditionField(required=False, label=gettext_lazy("Only customers who fit come in"))
    re_entry = forms.ChoiceField(
        choices=ReEntry.choices,
        label=gettext_lazy("May somebody come in again?"),
        widget=forms.Select(attrs={"data-shows": "re_entry"}),
    )
    re_entry_days = forms.IntegerField(min_value=1, max_value=730, required=False, label=gettext_lazy("Days"))
    goal = ConditionField(
        required=False,
        label=gettext_lazy("Goal"),
        help_text=gettext_lazy("Who fits it has what the flow is for, and leaves. Empty: no goal."),
    )
    exits = ConditionField(
        required=False,
        label=gettext_lazy("Leave early when this fits"),
        help_text=gettext_lazy("Whatever step they stand at. Empty: nobody leaves early."),
    )
    holdout_percent = forms.IntegerField(
        min_value=0,
        max_value=50,
        initial=0,
        label=gettext_lazy("Left out to compare"),
        help_text=gettext_lazy("This share is not let in, so that you can see what the flow does."),
    )

    def __init__(self, data: Any = None, *, workspace: Workspace, version: FlowVersion, name: str) -> None:
        super().__init__(data, initial=_initial_of(version, name))
        bind_conditions(self, workspace)
        offer(self, "trigger_need", Need.objects.filter(workspace=workspace))
        stages = [(stage.value, stage.label) for stage in Stage if stage != Stage.NONE]
        offer(self, "trigger_stage", [("", _("Choose…")), *stages])
        self.tests = rows_of(TestForm, "where", data, test_rows(version.trigger_where), most=10)

    def is_valid(self) -> bool:
        rows_hold = [row.is_valid() for row in self.tests]  # each, so that each says what is wrong
        return super().is_valid() and all(rows_hold)

    def values(self) -> dict[str, Any]:
        """What `save_draft` takes."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "name"}
        if data["trigger"] == FlowTrigger.EVENT:
            data["trigger_where"] = [test for row in self.tests if (test := row.as_test())]
        else:
            data |= {"trigger_event": "", "trigger_where": []}
        if data["trigger"] != FlowTrigger.STAGE:
            data |= {"trigger_need": None, "trigger_stage": ""}
        return data


def _initial_of(version: FlowVersion, name: str) -> dict[str, Any]:
    fields = (
        "trigger",
        "trigger_event",
        "trigger_need",
        "trigger_stage",
        "conditions",
        "re_entry",
        "re_entry_days",
    )
    more = ("goal", "exits", "holdout_percent")
    return {"name": name} | {field: getattr(version, field) for field in (*fields, *more)}
