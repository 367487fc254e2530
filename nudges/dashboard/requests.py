"""Settings: whether customers are asked for reviews, when, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page
from engagement.dashboard.choices import offer
from engagement.models import Category, Role, Workspace
from nudges.composing import CannotChange
from nudges.requesting import DELIVERED, ORDERED, Plan, set_requests
from nudges.requests import Standing, Timing, figures_of_requests, standing_of, timings_of

EVENTS = [
    (DELIVERED, gettext_lazy("after delivery (Order Delivered)")),
    (ORDERED, gettext_lazy("after the order (Order Completed)")),
]


class RequestsForm(forms.Form):
    """The workspace's plan, and days for each category that has some."""

    asks_reviews = forms.BooleanField(
        required=False,
        label=gettext_lazy("Ask buyers for a review"),
        help_text=gettext_lazy(
            "Everybody who bought, or nobody: whom it asks cannot be chosen. One message for each order, and again 30 and 180 days after somebody's first review. Within your limits, like every message."  # noqa: E501
        ),
    )
    asks_owners = forms.BooleanField(
        required=False,
        label=gettext_lazy("Put questions to owners who agreed"),
        help_text=gettext_lazy(
            "When a reader asks about something, those who have it and said yes are written to."
        ),
    )
    category = forms.ModelChoiceField(
        Category.objects.none(),
        label=gettext_lazy("Topic"),
        empty_label=gettext_lazy("Choose…"),
        help_text=gettext_lazy(
            "Customers allow or refuse it under this topic. In many countries an invitation to review counts as advertising."  # noqa: E501
        ),
    )
    event = forms.ChoiceField(choices=EVENTS, label=gettext_lazy("Counted"))
    days = forms.IntegerField(
        min_value=0, max_value=365, label=gettext_lazy("Days until something can be said")
    )

    def __init__(
        self, data: Any = None, *, workspace: Workspace, standing: Standing, timings: list[Timing]
    ) -> None:
        super().__init__(data, initial=standing._asdict() | {"category": standing.category_id})
        offer(self, "category", Category.objects.filter(workspace=workspace, archived_at=None))
        self.timings = timings
        is_first = standing.category_id is None
        for one in timings:
            guess = one.usual if is_first and one.usual != standing.days else None
            self.fields[field_of(one.category)] = forms.IntegerField(
                required=False,
                min_value=0,
                max_value=365,
                initial=one.days if one.days is not None else guess,
                label=one.category,
                widget=forms.NumberInput(
                    attrs={"placeholder": standing.days, "class": "form-control form-control-sm"}
                ),
            )

    @property
    def rows(self) -> list[tuple[Timing, forms.BoundField]]:
        return [(one, self[field_of(one.category)]) for one in self.timings]

    def plan(self) -> Plan:
        data = self.cleaned_data
        return Plan(data["asks_reviews"], data["asks_owners"], data["event"], data["days"], data["category"])

    def times(self) -> dict[str, int]:
        given = {one.category: self.cleaned_data[field_of(one.category)] for one in self.timings}
        return {name: days for name, days in given.items() if days is not None}


def field_of(category: str) -> str:
    """A field's name that stays the category's own while the catalogue changes."""
    return f"days-{sha256(category.encode()).hexdigest()[:12]}"


@dashboard_page(changes=Role.MARKETER)
def requests(request: DashboardRequest) -> HttpResponse:
    """How customers are asked, with what it would mean for an order that arrives today. POST sets it."""
    standing = standing_of(request.workspace)
    timings = timings_of(request.workspace, otherwise=standing.days)
    form = RequestsForm(request.POST or None, workspace=request.workspace, standing=standing, timings=timings)
    if request.method == "POST" and form.is_valid():
        try:
            set_requests(
                workspace=request.workspace,
                plan=form.plan(),
                times=form.times(),
                actor=request.user,
                now=timezone.now(),
            )
        except CannotChange as refused:
            form.add_error(None, refused.text)
        else:
            if standing_of(request.workspace).waiting:
                messages.warning(request, _("Saved. Somebody has to approve it before anybody is asked."))
            else:
                messages.success(request, _("Saved. Who waits already keeps their time."))
            return redirect("nudges:settings_requests")
    context = {
        "form": form,
        "standing": standing,
        "is_guessed": standing.category_id is None and any(one.usual != standing.days for one in timings),
        "preview": preview_of(standing, timings),
        "figures": figures_of_requests(request.workspace, standing, now=timezone.now()),
    }
    return render(request, "nudges/dashboard/requests.html", context)


def preview_of(standing: Standing, timings: list[Timing]) -> list[tuple[str, Any]]:
    """When the buyer of an order that arrives today would be asked, by what is in it."""
    today = timezone.localtime()
    days = {one.category: one.days for one in timings if one.days is not None}
    rows = [
        (name, today + timedelta(days=wait)) for name, wait in sorted(days.items(), key=lambda row: row[1])
    ]
    return [*rows, (_("Anything else"), today + timedelta(days=standing.days))]
