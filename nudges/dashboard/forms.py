"""Forms of the nudge pages. They check shapes and words; what a nudge may declare is checked by `nudges.composing`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.dashboard.choices import offer
from engagement.dashboard.conditions import ConditionField, bind_conditions
from engagement.models import Category, Channel, Workspace
from journeys.models import Need, Stage
from nudges.composing import LOOSE
from nudges.models import Interest, Nudge, OnCap, Promise, Trigger

CHANNEL_FIELDS = ("channel_1", "channel_2", "channel_3")
PROMISES = {
    Promise.CHOOSE_WELL: gettext_lazy("Choose well: helps them decide rightly, even against us"),
    Promise.CHOOSE_US: gettext_lazy("Choose us: helps them choose us knowingly"),
    Promise.FEEL_GOOD: gettext_lazy("Feel good: helps them feel good about what they chose"),
    Promise.ADAPT: gettext_lazy("Adapt: helps when their circumstances change"),
    Promise.SERVICE: gettext_lazy("Service: answers a question, tells of an order, warns of a danger"),
}
INTERESTS = {
    Interest.CUSTOMER: gettext_lazy("The customer: they would thank us for it"),
    Interest.BUSINESS: gettext_lazy("Us: it is mainly good for sales. Counts against the business budget"),
}


class NudgeForm(forms.Form):
    """Everything a nudge declares, but its words."""

    name = forms.CharField(
        max_length=120,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For your team; customers never see it."),
    )
    promise = forms.ChoiceField(
        choices=[(str(key), words) for key, words in PROMISES.items()],
        widget=forms.RadioSelect,
        label=gettext_lazy("Which promise does it keep?"),
    )
    interest = forms.ChoiceField(
        choices=[(str(key), words) for key, words in INTERESTS.items()],
        widget=forms.RadioSelect,
        label=gettext_lazy("Whom does it serve?"),
    )
    category = forms.ModelChoiceField(
        Category.objects.none(),
        label=gettext_lazy("Topic"),
        empty_label=gettext_lazy("Choose…"),
        help_text=gettext_lazy("Customers allow or refuse it under this topic."),
    )
    channel_1 = forms.ChoiceField(label=gettext_lazy("First by"))
    channel_2 = forms.ChoiceField(required=False, label=gettext_lazy("else by"))
    channel_3 = forms.ChoiceField(required=False, label=gettext_lazy("else by"))
    trigger = forms.ChoiceField(
        choices=Trigger.choices,
        label=gettext_lazy("What starts it?"),
        widget=forms.Select(attrs={"data-shows": "trigger"}),
    )
    trigger_need = forms.ModelChoiceField(
        Need.objects.none(), required=False, label=gettext_lazy("Need"), empty_label=gettext_lazy("Any need")
    )
    trigger_stage = forms.ChoiceField(required=False, label=gettext_lazy("reaches the stage"))
    conditions = ConditionField(required=False, label=gettext_lazy("Only for customers who fit"))
    priority = forms.IntegerField(
        min_value=0,
        max_value=100,
        initial=50,
        label=gettext_lazy("Priority"),
        help_text=gettext_lazy("0 to 100. Decides between messages of the same interest."),
    )
    on_cap = forms.ChoiceField(choices=OnCap.choices, label=gettext_lazy("When a limit is reached"))
    expires_after_hours = forms.IntegerField(
        min_value=1,
        max_value=24 * 90,
        initial=72,
        label=gettext_lazy("Stays true for"),
        help_text=gettext_lazy("Later it is no longer sent."),
    )
    respects_caps = forms.BooleanField(
        required=False,
        initial=True,
        label=gettext_lazy("Keeps to the limits"),
        help_text=gettext_lazy("Only service messages may go beyond, and only an owner may say so."),
    )
    counts = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Counts against the limits of later messages")
    )

    def __init__(self, *args: Any, workspace: Workspace, is_owner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bind_conditions(self, workspace)
        if not is_owner:  # nobody else may say it: save_nudge refuses it too
            for name in LOOSE:
                del self.fields[name]
        offer(self, "category", Category.objects.filter(workspace=workspace, archived_at=None))
        offer(self, "trigger_need", Need.objects.filter(workspace=workspace))
        stages = [(stage.value, stage.label) for stage in Stage if stage != Stage.NONE]
        offer(self, "trigger_stage", [("", _("Choose…")), *stages])
        for name in CHANNEL_FIELDS:
            first = [] if name == "channel_1" else [("", "–")]
            offer(self, name, [*first, *Channel.choices])

    def values(self) -> dict[str, Any]:
        """What `save_nudge` takes."""
        data = dict(self.cleaned_data)
        channels = [data.pop(name) for name in CHANNEL_FIELDS]
        data["channels"] = list(dict.fromkeys(channel for channel in channels if channel))
        if data["trigger"] != Trigger.STAGE_CHANGE:
            data["trigger_need"], data["trigger_stage"] = None, ""
        return data


def initial_of(nudge: Nudge) -> dict[str, Any]:
    """A nudge as the form shows it."""
    plain = (
        "name", "promise", "interest", "category", "trigger", "trigger_need", "trigger_stage", "conditions", "priority",
        "on_cap", "expires_after_hours", "respects_caps", "counts",
    )  # fmt: skip
    initial = {name: getattr(nudge, name) for name in plain}
    return initial | dict(zip(CHANNEL_FIELDS, nudge.channels, strict=False))
