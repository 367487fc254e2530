"""Forms of the nudge pages. They check shapes and words; what a nudge may declare is checked by `nudges.composing`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.dashboard.conditions import ConditionField
from engagement.models import Category, Channel, Workspace
from journeys.models import Need, Stage
from nudges.channels.extras import extras_of, problem_of
from nudges.models import Interest, Nudge, OnCap, Promise, Trigger
from nudges.wording import BadWording
from nudges.wording.placeholders import missing_values

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
        help_text=gettext_lazy("Only service messages may go beyond, and only if an owner allows it."),
    )
    counts = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Counts against the limits of later messages")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["conditions"].workspace = workspace  # type: ignore[attr-defined]
        self.fields["category"].queryset = Category.objects.filter(workspace=workspace, archived_at=None)  # type: ignore[attr-defined]
        self.fields["trigger_need"].queryset = Need.objects.filter(workspace=workspace)  # type: ignore[attr-defined]
        stages = [(stage.value, stage.label) for stage in Stage if stage != Stage.NONE]
        self.fields["trigger_stage"].choices = [("", _("Choose…")), *stages]  # type: ignore[attr-defined]
        for name in CHANNEL_FIELDS:
            first = [] if name == "channel_1" else [("", "–")]
            self.fields[name].choices = [*first, *Channel.choices]  # type: ignore[attr-defined]

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


class WordsForm(forms.Form):
    """The words for one channel in one language."""

    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})?$",
        initial="en",
        label=gettext_lazy("Language"),
        error_messages={"invalid": gettext_lazy("Write a language such as en, de or de-AT.")},
    )
    subject = forms.CharField(max_length=200, label=gettext_lazy("Subject"))
    body = forms.CharField(
        max_length=20000,
        label=gettext_lazy("Text"),
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy(
            'Markdown. Placeholders: {{ customer.name | default: "there" }}, {{ need.name }}.'
        ),
    )
    link_label = forms.CharField(max_length=80, required=False, label=gettext_lazy("Button"))
    link_url = forms.CharField(max_length=1000, required=False, label=gettext_lazy("Button's address"))

    def __init__(self, *args: Any, nudge: Nudge, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Channel.choices)
        self.fields["channel"].choices = [(name, labels.get(name, name)) for name in nudge.channels]  # type: ignore[attr-defined]
        self.extras = extras_of(str(self.data.get("channel") or self.initial.get("channel", "")))
        for extra in self.extras:
            widget = forms.Textarea(attrs={"rows": 3}) if extra.is_long else forms.TextInput()
            self.fields[extra.name] = forms.CharField(
                required=False, label=extra.label, help_text=extra.help, widget=widget
            )

    @property
    def extra_fields(self) -> list[forms.BoundField]:
        """The fields that only this channel has, for the page."""
        return [self[extra.name] for extra in self.extras]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for extra in self.extras:
            if problem := problem_of(extra.name, cleaned.get(extra.name, "")):
                self.add_error(extra.name, problem)
        for name in ("subject", "body", "link_label", "link_url", *(extra.name for extra in self.extras)):
            if cleaned.get(name):
                try:
                    missing_values(
                        cleaned[name], {}
                    )  # reads the placeholders, which is where they can be wrong
                except BadWording as error:
                    self.add_error(name, str(error))
        url = cleaned.get("link_url", "")
        if url and not url.startswith(("https://", "http://", "{{")):
            self.add_error("link_url", _("Write an address that begins with https://."))
        return cleaned
