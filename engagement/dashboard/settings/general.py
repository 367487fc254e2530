"""Settings: name, time zone, sender, holdout, retention."""

from __future__ import annotations

import zoneinfo
from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page
from engagement.configuring import change_workspace
from engagement.models import Role, Workspace


def timezone_choices() -> list[tuple[str, str]]:
    """Zone names by region, as the time-zone database has them."""
    names = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class GeneralForm(forms.ModelForm):
    """What the workspace is called and how its letters introduce themselves."""

    timezone = forms.ChoiceField(
        choices=timezone_choices,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("For your pages, and for customers whose own zone isn't known."),
    )
    shop_url = forms.URLField(
        label=gettext_lazy("Shop's address"), required=False, max_length=200, assume_scheme="https"
    )

    holdout_percent = forms.DecimalField(
        min_value=0,
        max_value=50,
        max_digits=5,
        decimal_places=2,
        label=gettext_lazy("Holdout"),
        help_text=gettext_lazy(
            "This share of customers gets no nudges, so that you can prove the others were helped. "
            "At 0 nothing can be proven later."
        ),
    )
    retention_days = forms.IntegerField(
        min_value=30,
        max_value=36_500,
        label=gettext_lazy("Keep events for"),
        help_text=gettext_lazy("Older events are deleted for good. At least 30."),
    )

    class Meta:
        model = Workspace
        fields = [
            "name",
            "timezone",
            "locale",
            "currency",
            "shop_url",
            "sender_name",
            "sender_email",
            "postal_address",
            "holdout_percent",
            "retention_days",
        ]
        labels = {
            "name": gettext_lazy("Name"),
            "locale": gettext_lazy("Language"),
            "currency": gettext_lazy("Currency"),
            "sender_name": gettext_lazy("Sender's name"),
            "sender_email": gettext_lazy("Sender's e-mail address"),
            "postal_address": gettext_lazy("Postal address"),
        }
        help_texts = {
            "name": gettext_lazy("Customers see it on the pages that messages link to."),
            "locale": gettext_lazy("Used where a customer's own language isn't known, such as en or de."),
            "currency": gettext_lazy("Three letters, such as EUR."),
            "postal_address": gettext_lazy(
                "Stands at the foot of every e-mail; the law asks for it in most countries."
            ),
        }

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if len(currency) != 3 or not currency.isalpha():
            raise forms.ValidationError(_("Write the three letters of a currency, such as EUR."))
        return currency


@dashboard_page(changes=Role.OWNER)
def general(request: DashboardRequest) -> HttpResponse:
    """Read by everybody; changed by owners."""
    # A copy: a form that fails must not rename the workspace in the frame around it.
    form = GeneralForm(request.POST or None, instance=copy(request.workspace))
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {name: form.cleaned_data[name] for name in form.Meta.fields}
        change_workspace(workspace=request.workspace, values=values, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("engagement:settings")
    if request.member.role != Role.OWNER:
        for bound in form.fields.values():
            bound.disabled = True
    return render(request, "engagement/dashboard/settings/general.html", {"form": form})
