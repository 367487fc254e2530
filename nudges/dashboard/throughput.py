"""Settings: at what pace messages leave, by channel and in all."""

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
from engagement.models import Channel, Role
from nudges.models import Per, Throughput
from nudges.throttling import MOST, remove_throughput, set_throughput

PAGE = "nudges:settings_pressure"


class ThroughputForm(forms.Form):
    """How many messages may leave in a minute or an hour."""

    channel = forms.ChoiceField(
        required=False,
        label=gettext_lazy("By"),
        choices=[
            ("", gettext_lazy("All channels together")),
            *(choice for choice in Channel.choices if choice[0] != Channel.INBOX),
        ],
    )
    messages = forms.IntegerField(min_value=1, max_value=MOST, label=gettext_lazy("At most"))
    seconds = forms.TypedChoiceField(coerce=int, choices=Per.choices, label=gettext_lazy("messages"))

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


@dashboard_action(Role.OWNER)
def set_pace(request: DashboardRequest) -> HttpResponse:
    """A channel's throughput, new or another."""
    form = ThroughputForm(request.POST)
    if form.is_valid():
        set_throughput(workspace=request.workspace, **form.values(), actor=request.user, now=timezone.now())
        messages.success(request, _("Saved. Messages leave at this pace from now on."))
    else:
        for name, errors in form.errors.items():
            messages.error(request, f"{form.fields[name].label}: {' '.join(str(one) for one in errors)}")
    return redirect(PAGE)


@dashboard_action(Role.OWNER)
def remove_pace(request: DashboardRequest, throughput_id: int) -> HttpResponse:
    """What waits leaves as fast as it can."""
    throughput = of_workspace(Throughput.objects.select_related("workspace"), request, pk=throughput_id)
    remove_throughput(throughput=throughput, actor=request.user, now=timezone.now())
    messages.success(request, _("Removed. What waited leaves as fast as it can."))
    return redirect(PAGE)
