"""Keys that a workspace has made for it: those of web push, the secret that signs webhooks, the address of reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from engagement.models import Address, Channel, Workspace
from engagement.webhooks import make_secret
from nudges.channels.accounts import account_of, save_account
from nudges.channels.encryption import new_keys
from nudges.channels.mail_accounts import new_secret


class CannotMake(Exception):
    """Something has to be told before; the message says what."""


class Maker(NamedTuple):
    """How a channel's keys are made: (values to keep, what is shown once), and what the button says."""

    make: Callable[[Workspace, dict[str, str], datetime], tuple[dict[str, str], str]]
    label: Any
    again: Any
    warning: Any


@transaction.atomic
def make_keys(*, workspace: Workspace, channel: str, actor: User | None, now: datetime) -> str:
    """Make a channel's keys and keep them; returns a secret that is to be shown once, or nothing. Raises CannotMake."""
    values, shown = MAKERS[Channel(channel)].make(workspace, account_of(workspace, channel), now)
    save_account(workspace=workspace, channel=channel, values=values, actor=actor, now=now)
    return shown


def _web_push(workspace: Workspace, before: dict[str, str], now: datetime) -> tuple[dict[str, str], str]:
    """Subscriptions belong to the keys that they were made with: with new keys, browsers must subscribe anew."""
    Address.objects.filter(workspace=workspace, channel=Channel.WEB_PUSH).delete()
    public, private = new_keys()
    contact = before.get("contact") or workspace.sender_email
    return {"public_key": public, "private_key": private, "contact": contact}, ""


def _webhook(workspace: Workspace, before: dict[str, str], now: datetime) -> tuple[dict[str, str], str]:
    """A new secret; the one before signs beside it for a day, so that the receiver can change over."""
    made = make_secret()
    values = {"secret": made}
    if before.get("secret"):
        values |= {"old_secret": before["secret"], "rotated_at": now.isoformat()}
    return values, made


def _email(workspace: Workspace, before: dict[str, str], now: datetime) -> tuple[dict[str, str], str]:
    """The address that the provider reports to, with the secret in it that proves who calls."""
    if not before.get("provider"):
        raise CannotMake(_("Choose a provider and save it first."))
    secret = new_secret()
    scheme, _sign, host = settings.BASE_URL.partition("://")
    return {"webhook_secret": secret}, f"{scheme}://{secret}@{host}/m/in/{before['id']}/mail/"


MAKERS = {
    Channel.EMAIL: Maker(
        _email,
        _("Make the address"),
        _("Make a new address"),
        _("The address before is heard no more: write the new one into the provider's settings."),
    ),
    Channel.WEB_PUSH: Maker(
        _web_push,
        _("Make the keys"),
        _("Make new keys"),
        _(
            "Every browser that has subscribed is forgotten, because its subscription belongs to the old keys."
        ),
    ),
    Channel.WEBHOOK: Maker(
        _webhook,
        _("Make the secret"),
        _("Make a new secret"),
        _("Both secrets sign for 24 hours; after that the old one is forgotten."),
    ),
}
