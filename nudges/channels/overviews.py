"""Reads: which channels a workspace can use, and what went wrong with them lately."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from engagement.models import Channel, Workspace
from nudges.channels.accounts import needs_account
from nudges.models import ChannelAccount, Message, MessageState, Nudge, NudgeStatus

ICONS = {
    Channel.EMAIL: "mail",
    Channel.WEB_PUSH: "bell-ringing",
    Channel.MOBILE_PUSH: "device-mobile",
    Channel.SMS: "message-2",
    Channel.WHATSAPP: "brand-whatsapp",
    Channel.WEBHOOK: "webhook",
    Channel.INBOX: "inbox",
    Channel.STAFF_TASK: "phone-call",
}
USES = {
    Channel.EMAIL: _("By the installation's mail server, or by a provider of your own."),
    Channel.WEB_PUSH: _("To browsers that said yes on your shop's pages."),
    Channel.MOBILE_PUSH: _("To your own app, through Google and Apple."),
    Channel.SMS: _("Text messages by Twilio. Customers answer with a word."),
    Channel.WHATSAPP: _("By Twilio, with templates that WhatsApp has approved."),
    Channel.WEBHOOK: _("To a program of yours, which brings it to the customer."),
    Channel.INBOX: _("Waits on your shop's pages until the customer looks. Never counts."),
    Channel.STAFF_TASK: _("A person of your team calls or visits, with your words at hand."),
}
# Where our own word for a channel says nothing to a customer.
FOR_CUSTOMERS = {Channel.WEBHOOK: _("In our app"), Channel.STAFF_TASK: _("By telephone")}
TROUBLED = (MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN)


class Row(NamedTuple):
    """One channel on the overview."""

    kind: Channel
    icon_name: str
    use: Any
    needs_account: bool
    is_set_up: bool
    sent: int
    troubled: int


def usable_channels(workspace: Workspace) -> list[Channel]:
    """The channels by which this workspace can send: those that need no account, and those whose account is set up."""
    accounts = set(ChannelAccount.objects.filter(workspace=workspace).values_list("channel", flat=True))
    return [
        kind
        for kind in Channel
        if kind.value in settings.CHANNELS and (kind.value in accounts or not needs_account(kind))
    ]


def offered_channels(workspace: Workspace) -> list[Channel]:
    """The channels that its customers may choose from: those it can send by; calls only where a nudge asks for them."""
    calls = Nudge.objects.filter(workspace=workspace, channels__contains=[Channel.STAFF_TASK]).exclude(
        status=NudgeStatus.ARCHIVED
    )
    return [kind for kind in usable_channels(workspace) if kind != Channel.STAFF_TASK or calls.exists()]


def label_for_customers(channel: Channel) -> str:
    """The channel's name on pages that customers see."""
    return str(FOR_CUSTOMERS.get(channel, channel.label))


def channels_of(workspace: Workspace, *, since: datetime) -> list[Row]:
    """Every channel of the installation, in two queries."""
    usable = set(usable_channels(workspace))
    counts: Counter[tuple[str, bool]] = Counter()
    states = Message.objects.filter(workspace=workspace, decided_at__gt=since).values_list("channel", "state")
    for channel, state, number in states.annotate(number=Count("id")):
        counts[channel, state in TROUBLED] += number
    return [
        Row(
            kind=kind,
            icon_name=ICONS[kind],
            use=USES[kind],
            needs_account=needs_account(kind),
            is_set_up=kind in usable,
            sent=counts[kind.value, False],
            troubled=counts[kind.value, True],
        )
        for kind in Channel
        if kind.value in settings.CHANNELS
    ]


def troubles_of(
    workspace: Workspace, channel: str, *, since: datetime, most: int = 8
) -> list[tuple[str, int]]:
    """What providers said when they refused, with how often, most often first."""
    rows = (
        Message.objects.filter(workspace=workspace, channel=channel, decided_at__gt=since)
        .exclude(error="")
        .values_list("error")
        .annotate(number=Count("id"))
        .order_by("-number", "error")[:most]
    )
    return [(error, number) for error, number in rows]
