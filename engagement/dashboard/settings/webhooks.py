"""Settings: the company's own programs that are told of what changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.dashboard.pages import keyset_page
from engagement.models import Delivery, DeliveryState, Endpoint, Role
from engagement.outbound import refusal_of
from engagement.webhooks import subscribing
from engagement.webhooks.types import TEST, TYPES

PAGE = 25


class EndpointForm(forms.Form):
    """Where to tell of what."""

    url = forms.CharField(
        max_length=500,
        label=gettext_lazy("Address"),
        widget=forms.TextInput(attrs={"placeholder": "https://", "inputmode": "url"}),
        help_text=gettext_lazy("Where your program takes what changed, over https. Nothing is followed."),
    )
    description = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("What it is for"),
        help_text=gettext_lazy("For you, such as “Order desk”."),
    )
    types = forms.MultipleChoiceField(
        choices=list(TYPES.items()),
        required=False,
        label=gettext_lazy("What it is told of"),
        help_text=gettext_lazy("None chosen: everything, also what comes to be told later."),
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if why := refusal_of(url):
            raise forms.ValidationError(_("This address cannot be used: %(why)s.") % {"why": why})
        return url


@dashboard_page(changes=Role.OWNER)
def endpoints(request: DashboardRequest) -> HttpResponse:
    """All endpoints with how telling them goes; owners make one, and see its secret in the answer, nowhere again."""
    form, made = EndpointForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = subscribing.create_endpoint(
                workspace=request.workspace,
                values=form.cleaned_data,
                actor=request.user,
                now=timezone.now(),
            )
            form = EndpointForm()
        except subscribing.BadEndpoint as error:
            for field, problem in error.problems.items():
                form.add_error(field, problem)
    context = {"form": form, "made": made, "endpoints": counted(request)}
    return render(request, "engagement/dashboard/settings/webhooks.html", context)


def counted(request: DashboardRequest) -> list[Endpoint]:
    """Endpoints with how many deliveries are `waiting` and `given_up`. One query."""
    rows = Endpoint.objects.filter(workspace=request.workspace).annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=DeliveryState.PENDING)),
        given_up=Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
    )
    return list(rows.order_by("-is_enabled", "-id"))


@dashboard_page(changes=Role.OWNER)
def endpoint(request: DashboardRequest, endpoint_id: int) -> HttpResponse:
    """One endpoint: what it is told of, and the log of it; for htmx the log alone."""
    one = of_workspace(Endpoint.objects.select_related("workspace"), request, pk=endpoint_id)
    initial = {"url": one.url, "description": one.description, "types": one.types}
    form = EndpointForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        subscribing.change_endpoint(
            endpoint=one, values=form.cleaned_data, actor=request.user, now=timezone.now()
        )
        messages.success(request, _("Saved."))
        return redirect("engagement:settings_webhook", endpoint_id=one.pk)
    context = {"endpoint": one, "form": form, **log(request, one)}
    if request.htmx and not request.htmx.boosted:
        return render(request, "engagement/dashboard/settings/_deliveries.html", context)
    return render(request, "engagement/dashboard/settings/webhook.html", context)


def log(request: DashboardRequest, one: Endpoint) -> dict[str, Any]:
    """The deliveries of one page, in words; `state` says which."""
    state = request.GET.get("state", "")
    rows = Delivery.objects.filter(endpoint=one).select_related("announcement")
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    page = keyset_page(rows, field="id", descending=True, cursor=request.GET.get("after", ""), size=PAGE)
    words = TYPES | {TEST: _("A test")}
    for delivery in page.rows:
        delivery.words = words.get(delivery.announcement.type, delivery.announcement.type)  # type: ignore[attr-defined]
    return {"page": page, "state": state, "states": DeliveryState.choices}


@dashboard_action(Role.OWNER)
def renew(request: DashboardRequest, endpoint_id: int) -> HttpResponse:
    """A new secret, shown in this answer and nowhere again."""
    one = of_workspace(Endpoint.objects.select_related("workspace"), request, pk=endpoint_id)
    secret = subscribing.renew_secret(endpoint=one, actor=request.user, now=timezone.now())
    one.refresh_from_db()
    initial = {"url": one.url, "description": one.description, "types": one.types}
    context = {"endpoint": one, "form": EndpointForm(initial=initial), "secret": secret, **log(request, one)}
    return render(request, "engagement/dashboard/settings/webhook.html", context)


@dashboard_action(Role.OWNER)
def switch(request: DashboardRequest, endpoint_id: int) -> HttpResponse:
    """Off, or on again."""
    one = of_workspace(Endpoint.objects.all(), request, pk=endpoint_id)
    is_on = request.POST.get("on") == "yes"
    subscribing.switch_endpoint(endpoint=one, is_on=is_on, actor=request.user, now=timezone.now())
    return redirect("engagement:settings_webhook", endpoint_id=one.pk)


@dashboard_action(Role.OWNER)
def delete(request: DashboardRequest, endpoint_id: int) -> HttpResponse:
    """With what waits for it and the log of what it was told."""
    one = of_workspace(Endpoint.objects.select_related("workspace"), request, pk=endpoint_id)
    subscribing.delete_endpoint(endpoint=one, actor=request.user, now=timezone.now())
    messages.success(request, _("Deleted."))
    return redirect("engagement:settings_webhooks")


@dashboard_action(Role.MARKETER)
def test(request: DashboardRequest, endpoint_id: int) -> HttpResponse:
    """Tell it that it was tested; what came of it shows in the log within seconds."""
    one = of_workspace(Endpoint.objects.all(), request, pk=endpoint_id)
    if one.is_enabled:
        subscribing.send_test(endpoint=one, now=timezone.now())
        messages.success(request, _("A test is on its way; what came of it shows below."))
    else:
        messages.error(request, _("It is switched off: switch it on first."))
    return redirect("engagement:settings_webhook", endpoint_id=one.pk)


@dashboard_action(Role.MARKETER)
def again(request: DashboardRequest, endpoint_id: int) -> HttpResponse:
    """Send one delivery again, or all that were given up in the days that are kept."""
    one = of_workspace(Endpoint.objects.all(), request, pk=endpoint_id)
    asked, now = request.POST.get("delivery", ""), timezone.now()
    if asked.isdecimal() and len(asked) < 19:
        is_sent = subscribing.send_again(endpoint=one, delivery_id=int(asked), now=now)
    else:
        is_sent = bool(subscribing.send_failed_again(endpoint=one, since=one.created_at, now=now))
    if is_sent:
        messages.success(request, _("Sent again."))
    else:
        messages.error(request, _("There is nothing to send again."))
    return redirect("engagement:settings_webhook", endpoint_id=one.pk)
