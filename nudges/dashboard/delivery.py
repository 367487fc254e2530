"""Settings: whether providers take what we send, and the addresses that must not be used."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.models import Channel, Role, Suppression, Workspace
from engagement.suppressing import CannotLift, lift_by_hand, list_suppressions, suppress_many
from nudges.channels.accounts import fields_of, needs_account
from nudges.channels.mail_providers import PROVIDERS
from nudges.models import Circuit, Quota
from nudges.sending.circuits import try_now
from nudges.sending.quotas import WARM_UP_DAYS, Limits
from nudges.sending.routes import Route, routes_of

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
    """By which accounts messages leave, each with its state, and the newest suppressions, or those of one address."""
    now = timezone.now()
    search = request.GET.get("q", "")
    context = {
        "providers": _providers_of(request.workspace, now=now),
        "search": search,
        "suppressions": [
            (one, WHY.get(one.reason, one.reason), _named(one.source))
            for one in list_suppressions(request.workspace, search=search)
        ],
        "channels": [Channel.EMAIL, Channel.SMS, Channel.WHATSAPP],
    }
    return render(request, "nudges/dashboard/delivery.html", context)


def _providers_of(workspace: Workspace, *, now: datetime) -> list[dict[str, Any]]:
    """What this workspace's messages leave by: its own account, else the installation's providers in their order."""
    routes = [route for route in routes_of(workspace, now=now) if not route.channel.is_pull]
    keys = [route.key for route in routes]
    circuits, quotas = Circuit.objects.in_bulk(keys), Quota.objects.in_bulk(keys)
    return [
        {
            "channel": Channel(route.name),
            "key": route.key,
            "account": _account_of(route),
            "circuit": circuits.get(route.key),
            "limits": describe_limits(route.limits, quotas.get(route.key), today=now.astimezone(UTC).date()),
        }
        for route in routes
    ]


def _account_of(route: Route) -> str:
    """By whose account it leaves; nothing where nobody has one, as where a person calls."""
    if route.is_own and route.provider:
        return _("Your own account with %(provider)s") % {"provider": PROVIDERS[route.provider].label}
    if route.is_own:
        return _("Your own account")
    if needs_account(route.name):
        return _("Not set up yet")
    if not fields_of(route.name):
        return ""
    return _("The installation's: %(provider)s") % {"provider": route.channel.provider}


def describe_limits(limits: Limits, quota: Quota | None, *, today: date) -> list[str]:
    """What an account may be given, in sentences; none where there is no limit."""
    said = []
    if limits.per_second:
        said.append(_("At most %(n)s a second.") % {"n": f"{limits.per_second:g}"})
    if (most := limits.a_day(today)) is not None and limits.warm_up_from:
        said.append(
            _("Day %(day)s of %(days)s of warming up: %(used)s of %(most)s today.")
            % {
                "day": (today - limits.warm_up_from).days + 1,
                "days": WARM_UP_DAYS,
                "used": f"{quota.used if quota and quota.day == today else 0:,}",
                "most": f"{most:,}",
            }
        )
    return said


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
    now, provider = timezone.now(), request.POST.get("provider", "")
    known = {route.key for route in routes_of(request.workspace, now=now)}
    if provider in known and try_now(provider, now=now):
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
