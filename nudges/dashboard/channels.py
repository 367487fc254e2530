"""Settings: the channels by which messages leave, each with its account, its keys, and a test."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page
from engagement.customers import customers_of, search_customers
from engagement.models import ApiKey, Channel, Customer, KeyKind, Role
from nudges.channels.accounts import account_of, fields_of, needs_account, remove_account, save_account
from nudges.channels.making import MAKERS, CannotMake, make_keys
from nudges.channels.overviews import ICONS, USES, channels_of, troubles_of
from nudges.channels.trying import in_words, try_channel
from nudges.channels.workers import worker_at, worker_lines
from nudges.dashboard.channel_forms import AccountForm
from nudges.models import ChannelAccount

SPAN = timedelta(days=7)


@dashboard_page()
def channels(request: DashboardRequest) -> HttpResponse:
    """Every channel of this installation: set up or not, and what went wrong in the last days."""
    rows = channels_of(request.workspace, since=timezone.now() - SPAN)
    return render(request, "nudges/dashboard/channels/channels.html", {"rows": rows})


@dashboard_page(changes=Role.OWNER)
def channel(request: DashboardRequest, channel: str) -> HttpResponse:
    """One channel's account; what was kept secret is never shown."""
    kind = known(channel)
    account = ChannelAccount.objects.filter(workspace=request.workspace, channel=kind).first()
    form = AccountForm(request.POST or None, channel=kind, saved=kept_of(kind, account))
    if request.method == "POST" and form.is_valid():
        save_account(
            workspace=request.workspace,
            channel=kind,
            values=form.values(),
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Saved."))
        return redirect("nudges:settings_channel", channel=kind)
    return shown(request, kind, form, account)


def kept_of(kind: Channel, account: ChannelAccount | None) -> dict[str, str]:
    """What is kept of an account, by field; of a secret only that it is there."""
    if account is None:
        return {}
    opened = account_of(account.workspace, kind)
    secret = {field.name for field in fields_of(kind) if field.is_secret}
    return {**account.settings, **{name: "kept" for name in secret if opened.get(name)}}


def shown(
    request: DashboardRequest,
    kind: Channel,
    form: AccountForm,
    account: ChannelAccount | None,
    made: str = "",
) -> HttpResponse:
    """The page; `made` is a secret that is shown this once."""
    write_key = ApiKey.objects.filter(
        workspace=request.workspace, kind=KeyKind.WRITE, revoked_at=None
    ).first()
    context: dict[str, Any] = {
        "kind": kind,
        "icon_name": ICONS[kind],
        "use": USES[kind],
        "form": form,
        "account": account,
        "made": made,
        "maker": MAKERS.get(kind),
        "troubles": troubles_of(request.workspace, kind, since=timezone.now() - SPAN),
        "address": f"{settings.BASE_URL}/m/in/{account.pk}/" if account else "",
        "worker": worker_lines(write_key.public_key if write_key else "wk_…"),
    }
    return render(request, "nudges/dashboard/channels/channel.html", context)


@dashboard_action(Role.OWNER)
def keys(request: DashboardRequest, channel: str) -> HttpResponse:
    """Make the channel's keys, or new ones in their place. A secret is shown in this answer and nowhere again."""
    kind = known(channel)
    if kind not in MAKERS:
        messages.error(request, _("This channel has no keys of its own."))
        return redirect("nudges:settings_channel", channel=kind)
    try:
        made = make_keys(workspace=request.workspace, channel=kind, actor=request.user, now=timezone.now())
    except CannotMake as error:
        messages.error(request, str(error))
        return redirect("nudges:settings_channel", channel=kind)
    messages.success(request, _("The keys were made."))
    if not made:
        return redirect("nudges:settings_channel", channel=kind)
    account = ChannelAccount.objects.get(workspace=request.workspace, channel=kind)
    form = AccountForm(channel=kind, saved=kept_of(kind, account))
    return shown(request, kind, form, account, made)


@dashboard_action(Role.OWNER)
def remove(request: DashboardRequest, channel: str) -> HttpResponse:
    """Forget the account with its secrets."""
    kind = known(channel)
    if remove_account(workspace=request.workspace, channel=kind, actor=request.user, now=timezone.now()):
        stops = _("Forgotten. Messages by this channel wait until it is set up again.")
        messages.success(request, stops if needs_account(kind) else _("Forgotten."))
    return redirect("nudges:settings_channel", channel=kind)


@dashboard_action(Role.MARKETER)
def test(request: DashboardRequest, channel: str) -> HttpResponse:
    """Send a short text to one customer at once; it counts against nothing and stands in no ledger."""
    kind = known(channel)
    customer = asked_customer(request)
    if customer is None:
        messages.error(request, _("Nobody fits. Write a name, an address or an id of one of your customers."))
        return redirect("nudges:settings_channel", channel=kind)
    outcome = try_channel(workspace=request.workspace, channel=kind, customer=customer, now=timezone.now())
    is_taken, words = in_words(outcome)
    (messages.success if is_taken else messages.error)(request, f"{customer}: {words}")
    return redirect("nudges:settings_channel", channel=kind)


@dashboard_action(Role.MARKETER)
def check_worker(request: DashboardRequest) -> HttpResponse:
    """Look whether the shop hosts the worker that shows web pushes."""
    found = worker_at(request.workspace.shop_url, path=request.POST.get("path", ""))
    (messages.success if found.is_there else messages.error)(request, found.words)
    return redirect("nudges:settings_channel", channel=Channel.WEB_PUSH)


def asked_customer(request: DashboardRequest) -> Customer | None:
    asked = request.POST.get("customer", "").strip()
    rows = customers_of(request.workspace)
    if asked.isdecimal() and len(asked) < 18 and (one := rows.filter(pk=int(asked)).first()):
        return one
    return search_customers(rows, asked).order_by("-last_seen_at").first() if asked else None


def known(channel: str) -> Channel:
    """A channel that this installation has; 404 else."""
    if channel not in Channel.values or channel not in settings.CHANNELS:
        raise Http404
    return Channel(channel)
