"""A test message: handed to one channel at once, outside the ledger, counted by no cap and kept nowhere."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from engagement.models import Address, Customer, Workspace
from nudges.channels import Envelope, Outcome, Refused, Unknown, channels_named
from nudges.channels.accounts import account_of
from nudges.channels.email import sender
from nudges.wording import Rendered

LIFE = timedelta(minutes=10)


def try_channel(*, workspace: Workspace, channel: str, customer: Customer, now: datetime) -> Outcome:
    """Send a short text to where the customer was last reached by the channel, and say what became of it."""
    [provider, *_others] = channels_named(channel)
    address = (
        Address.objects.filter(workspace=workspace, customer=customer, channel=channel, suppressed_at=None)
        .order_by("-updated_at", "-id")
        .first()
    )
    envelope = trial_envelope(workspace, channel=channel, customer=customer, address=address, now=now)
    with provider.session() as send:
        [outcome] = send([envelope])
    return outcome


def try_words(*, workspace: Workspace, channel: str, to: str, words: Rendered, now: datetime) -> Outcome:
    """Send words to the person with the mail address `to`, who asked for it: by e-mail there, by any other channel to
    where the customer with this address is reached, so that nobody else ever gets a test.
    """
    own = Address.objects.filter(
        workspace=workspace, channel="email", value__iexact=to, suppressed_at=None
    ).values("customer")
    found = (
        Address.objects.filter(workspace=workspace, channel=channel, customer__in=own, suppressed_at=None)
        .select_related("customer")
        .order_by("-updated_at", "-id")
        .first()
    )
    if found is None and channel != "email":
        return Refused(_("no customer has your address %(to)s and this channel") % {"to": to}, permanent=True)
    customer = found.customer if found else Customer(workspace=workspace)
    envelope = replace(
        trial_envelope(workspace, channel=channel, customer=customer, address=found, now=now),
        address=found.value if found and channel != "email" else to,
        sender=sender(workspace.sender_name or workspace.name, workspace.sender_email),
        subject=_("Test: %(subject)s") % {"subject": words.subject},
        text=words.text,
        html=words.html,
        language=words.language,
        link=words.link,
        link_label=words.link_label,
        extras=words.extras,
    )
    [provider, *_others] = channels_named(channel)
    with provider.session() as send:
        [outcome] = send([envelope])
    return outcome


def trial_envelope(
    workspace: Workspace, *, channel: str, customer: Customer, address: Address | None, now: datetime
) -> Envelope:
    """Words that say that they are a test; its replies lead nowhere, because there is no message behind them."""
    text = _("This is a test of %(shop)s. Nobody needs to do anything.") % {"shop": workspace.name}
    return Envelope(
        dispatch_id=uuid.uuid4(),
        workspace_id=workspace.pk,
        message_id=0,
        nudge_id=0,
        category="test",
        address=address.value if address else "",
        sender="",
        subject=_("A test"),
        text=text,
        html=f"<p>{text}</p>",
        language=customer.locale or workspace.locale,
        is_service=True,
        unsubscribe_url="",
        now=now,
        not_after=now + LIFE,
        customer=customer.external_id or "",
        link=workspace.shop_url,
        device={name: str(value) for name, value in (address.details if address else {}).items()},
        account=account_of(workspace, channel),
    )


def in_words(outcome: Outcome) -> tuple[bool, str]:
    """(whether the provider took it, what to say)"""
    match outcome:
        case Refused():
            return False, _("The provider refused it: %(why)s") % {"why": outcome.error}
        case Unknown():
            return False, _("Nobody can say whether it went out: %(why)s") % {"why": outcome.error}
        case _:
            return True, _("The provider has taken it.")
