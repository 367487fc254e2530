"""Forms of a flow's steps, one for each kind."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.conditions.windows import SPAN
from engagement.dashboard.choices import offer
from engagement.dashboard.conditions import ConditionField, bind_conditions
from nudges.dashboard.start_forms import rows_of
from nudges.models import Flow, Nudge, NudgeStatus
from nudges.programs import MOST_BRANCHES, SPEAKING

UNITS = [
    ("m", gettext_lazy("minutes")),
    ("h", gettext_lazy("hours")),
    ("d", gettext_lazy("days")),
    ("w", gettext_lazy("weeks")),
]
WAITS = [
    ("for", gettext_lazy("For a while")),
    ("until", gettext_lazy("Until a time of the day, where the customer is")),
]


class StepForm(forms.Form):
    """One step; `values` are its fields as the flow keeps them."""

    def __init__(self, data: Any = None, *, flow: Flow, step: dict[str, Any]) -> None:
        super().__init__(data, initial=self.initial_of(step))
        self.flow, self.step = flow, step
        self.prepare()

    def initial_of(self, step: dict[str, Any]) -> dict[str, Any]:
        """The step as the form shows it."""
        return dict(step)

    def prepare(self) -> None:
        """Fill choices that are the workspace's."""

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class WaitForm(StepForm):
    way = forms.ChoiceField(
        choices=WAITS, label=gettext_lazy("How long?"), widget=forms.Select(attrs={"data-shows": "way"})
    )
    number = forms.IntegerField(
        min_value=1, max_value=999, initial=1, required=False, label=gettext_lazy("Number")
    )
    unit = forms.ChoiceField(choices=UNITS, initial="d", required=False, label=gettext_lazy("Unit"))
    time = forms.TimeField(
        required=False,
        label=gettext_lazy("Time of the day"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        choices=[(day + 1, name) for day, name in WEEKDAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Only on these days"),
        help_text=gettext_lazy("None: on any day."),
    )

    def initial_of(self, step: dict[str, Any]) -> dict[str, Any]:
        if found := re.fullmatch(SPAN, step.get("for", "")):
            return {"way": "for", "number": found[1], "unit": found[2]}
        if until := step.get("until"):
            return {"way": "until", "time": until["time"], "weekdays": until.get("weekdays", [])}
        return {"way": "for"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("way") == "until" and not data.get("time") and "time" not in self.errors:
            self.add_error("time", _("Write a time of the day, such as 09:00."))
        if data.get("way") == "for" and not data.get("number") and "number" not in self.errors:
            self.add_error("number", _("Write how long."))
        return data

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data["way"] == "for":
            return {"for": f"{data['number']}{data['unit'] or 'd'}"}
        until = {"time": f"{data['time']:%H:%M}"}
        return {"until": until | ({"weekdays": data["weekdays"]} if data["weekdays"] else {})}


class AskForm(StepForm):
    condition = ConditionField(
        label=gettext_lazy("Yes, when the customer fits"),
        help_text=gettext_lazy("Asked at the moment in which the customer comes here."),
    )

    def initial_of(self, step: dict[str, Any]) -> dict[str, Any]:
        return {"condition": step.get("if")}

    def prepare(self) -> None:
        bind_conditions(self, self.flow.workspace)

    def values(self) -> dict[str, Any]:
        return {"if": self.cleaned_data["condition"]}


class BranchForm(forms.Form):
    name = forms.CharField(required=False, max_length=60, label=gettext_lazy("Name"))
    share = forms.IntegerField(
        required=False, min_value=0, max_value=100, label=gettext_lazy("Share in percent")
    )


class SplitForm(StepForm):
    def prepare(self) -> None:
        given = self.step.get("branches", [{"name": "A", "share": 50}, {"name": "B", "share": 50}])
        data = self.data if self.is_bound else None
        self.rows = rows_of(BranchForm, "branch", data, given, most=MOST_BRANCHES)

    def is_valid(self) -> bool:
        rows_hold = [row.is_valid() for row in self.rows]
        if not super().is_valid() or not all(rows_hold):
            return False
        shares = [row.cleaned_data["share"] for row in self.rows if row.cleaned_data["share"] is not None]
        if len(shares) < 2 or sum(shares) != 100:
            self.add_error(None, _("Write at least two shares that are 100 together."))
        return not self.errors

    def values(self) -> dict[str, Any]:
        before = self.step.get("branches", [])
        return {
            "branches": [
                {
                    "name": row.cleaned_data["name"],
                    "share": row.cleaned_data["share"],
                    "steps": before[place].get("steps", []) if place < len(before) else [],
                }
                for place, row in enumerate(self.rows)
                if row.cleaned_data["share"] is not None
            ]
        }


class SpeakForm(StepForm):
    nudge = forms.ModelChoiceField(
        Nudge.objects.none(),
        label=gettext_lazy("Which nudge?"),
        empty_label=gettext_lazy("Choose…"),
        help_text=gettext_lazy("It keeps to its own conditions, to consent and to your limits, as always."),
    )

    def prepare(self) -> None:
        usable = Nudge.objects.filter(workspace_id=self.flow.workspace_id, purpose="")
        only = SPEAKING[self.step["kind"]]
        if only:
            usable = usable.filter(channels=[only.value])
        offer(self, "nudge", usable.exclude(status=NudgeStatus.ARCHIVED).order_by("name"))

    def values(self) -> dict[str, Any]:
        return {"nudge": self.cleaned_data["nudge"].pk}


FORMS: dict[str, type[StepForm]] = {
    "nudge": SpeakForm,
    "wait": WaitForm,
    "condition": AskForm,
    "split": SplitForm,
    "staff_task": SpeakForm,
    "webhook": SpeakForm,
    "exit": StepForm,
}
