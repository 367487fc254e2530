"""The form by which a guide is written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest
from engagement.dashboard.choices import offer
from engagement.dashboard.conditions import ConditionField, bind_conditions
from journeys.dashboard.blocks import read_blocks
from journeys.models import JOURNEY, Need


class MemberField(forms.ModelChoiceField):
    """Somebody of the team, by their address."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.email)


class GuideForm(forms.Form):
    """A guide's place and words; the blocks come as JSON, written by the editor's script or by hand."""

    need = forms.ModelChoiceField(
        Need.objects.none(), label=gettext_lazy("Need"), empty_label=gettext_lazy("Choose…")
    )
    stage = forms.ChoiceField(
        choices=[(stage.value, stage.label) for stage in JOURNEY], label=gettext_lazy("Stage")
    )
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        initial="en",
        label=gettext_lazy("Language"),
        error_messages={"invalid": gettext_lazy("Write a language such as en, de or de-AT.")},
    )
    title = forms.CharField(max_length=200, label=gettext_lazy("Title"))
    slug = forms.SlugField(
        max_length=80,
        required=False,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("The last part of its page's address. Made from the title when empty."),
    )
    summary = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("In one or two sentences"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    stale_after_days = forms.IntegerField(
        min_value=1, max_value=3650, initial=180, label=gettext_lazy("Read it again after")
    )
    owner = MemberField(
        User.objects.none(),
        label=gettext_lazy("Looks after it"),
        empty_label=gettext_lazy("Choose…"),
        help_text=gettext_lazy("Is reminded on the page of guides when it wants to be read again."),
    )
    conditions = ConditionField(
        required=False,
        label=gettext_lazy("For whom"),
        help_text=gettext_lazy(
            "Whom it fits reads this guide in place of the general one. For everyone: it is the general one."
        ),
    )
    blocks = forms.CharField(required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, request: DashboardRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "need", Need.objects.filter(workspace=request.workspace))
        team = User.objects.filter(memberships__workspace=request.workspace).order_by("email")
        offer(self, "owner", team)
        bind_conditions(self, request.workspace)

    def clean_blocks(self) -> list[Any]:
        blocks = read_blocks(self.cleaned_data["blocks"])
        if blocks is None:
            raise forms.ValidationError(
                _("The blocks are no JSON list; take them up again from the last version.")
            )
        return blocks

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["slug"] = data["slug"] or slugify(data["title"])[:80]
        return data
