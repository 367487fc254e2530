"""Settings: whether providers take what we send, and the addresses that must not be used."""

from __future__ import annotations

import csv

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.models import Channel, Role, Suppression
from engagement.suppressing import CannotLift, lift_by_hand, list_suppressions, suppress_many
from nudges.channels import channels_named
from nudges.channels.mail_providers import PROVIDERS
from nudges.models import Circuit
from nudges.sending.circuits import try_now

LARGEST_LIST = 1_000_000  # characters
WHY = {
    "hard_bounce": gettext_lazy("Nobody is there"),
    "complaint": gettext_lazy("Called it spam"),
    "manual": gettext_lazy("Put here by hand"),
    "import": gettext_lazy("Imported"),
    "stopped": gettext_lazy("Wrote STOP"),
}


@dashboard_page()
def delivery(request: DashboardRequest) -> HttpResponse:
    """Every provider with the state of its circuit, and the newest suppressions, or those of one address."""
    circuits = Circuit.objects.in_bulk()
    providers = [
        {"channel": Channel(name), "provider": one.provider, "circuit": circuits.get(one.provider)}
        for name in settings.CHANNELS
        for one in channels_named(name)
        if not one.is_pull
    ]
    search = request.GET.get("q", "")
    context = {
        "providers": providers,
        "now": timezone.now(),
        "search": search,
        "suppressions": [
            (one, WHY.get(one.reason, one.reason), _named(one.source))
            for one in list_suppressions(request.workspace, search=search)
        ],
        "channels": [Channel.EMAIL, Channel.SMS, Channel.WHATSAPP],
    }
    return render(request, "nudges/dashboard/delivery.html", context)


def _named(source: str) -> str:
    """Who said so, as people call them: a channel, a provider of e-mail, or whoever it names."""
    if source == "import":
        return _("A list")
    if source in PROVIDERS:
        return PROVIDERS[source].label
    return str(Channel(source).label) if source in Channel.values else source


@dashboard_action(Role.OWNER)
def try_provider(request: DashboardRequest) -> HttpResponse:
    """Do not wait until a failing provider's time is over."""
    if try_now(request.POST.get("provider", ""), now=timezone.now()):
        messages.success(request, _("The next message tries it."))
    else:
        messages.info(request, _("It is not waiting."))
    return redirect("nudges:settings_delivery")


@dashboard_page(changes=Role.MARKETER)
def suppressions(request: DashboardRequest) -> HttpResponse:
    """GET: the list as CSV, with hashes in place of addresses. POST: put addresses on it, one a line."""
    if request.method != "POST":
        return _export(request)
    text, channel = request.POST.get("addresses", ""), request.POST.get("channel", Channel.EMAIL.value)
    if len(text) > LARGEST_LIST or channel not in Channel.values:
        messages.error(request, _("Choose a channel, and no more than a million characters at a time."))
        return redirect("nudges:settings_delivery")
    added = suppress_many(
        workspace=request.workspace,
        lines=text.splitlines(),
        channel=channel,
        actor=request.user,
        now=timezone.now(),
    )
    messages.success(
        request, ngettext("%(n)s address added.", "%(n)s addresses added.", added) % {"n": added}
    )
    return redirect("nudges:settings_delivery")


@dashboard_action(Role.MARKETER)
def lift(request: DashboardRequest, suppression_id: int) -> HttpResponse:
    """Take one off the list, where the rules let this person."""
    suppression = of_workspace(Suppression.objects.select_related("workspace"), request, pk=suppression_id)
    try:
        lift_by_hand(
            suppression=suppression, actor=request.user, role=request.member.role, now=timezone.now()
        )
    except CannotLift as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The address may be used again."))
    return redirect("nudges:settings_delivery")


def _export(request: DashboardRequest) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="suppressions.csv"'
    writer = csv.writer(answer)
    writer.writerow(["channel", "address_sha256", "reason", "source", "at"])
    rows = Suppression.objects.filter(workspace=request.workspace).order_by("at", "id")
    for row in rows.values_list("channel", "address_hash", "reason", "source", "at").iterator():
        writer.writerow([*row[:4], row[4].isoformat()])
    return answer
