"""SMS and WhatsApp by Twilio's REST API (2010-04-01), called without its package, which is 24 MB and fixes the host.

Twilio takes no key of ours: the same request twice is two messages, and messages cannot be looked up by our id. So the
capability is `none`. What is more: every message tells Twilio where to report, under an address that holds our dispatch
id, so that one whose answer was lost is settled by its first report (`nudges.sending.reporting`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.answers import read_bounded, retry_after
from engagement.outbound import Client
from engagement.people.traits import usable_number
from nudges.channels import Capability, Envelope, Outcome, Refused, Send, Sent, one_by_one
from nudges.channels.accounts import Field
from nudges.channels.answers import Patience, broken, trouble

LONGEST_BODY = 1_600  # Twilio refuses more (21617)
SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|MG[0-9a-fA-F]{32}|[A-Za-z0-9 ]{1,11}")
# Codes of Twilio that say something about the address: nobody there, or somebody who wants no more.
NOBODY = {21211, 21214, 21217, 21407, 21421, 21614, 30005, 30006, 63003, 63024}
STOPPED = {21610, 63032}
BUSY = {20429, 14107, 63018}


def check_sid(value: str) -> str:
    return "" if re.fullmatch(r"AC[0-9a-fA-F]{32}", value) else _("It begins with AC and has 34 characters.")


def check_sender(value: str) -> str:
    """A number, a short code, a messaging service or a name."""
    if SENDER.fullmatch(value):
        return ""
    return _("Write a number such as +4915112345678, a messaging service such as MG…, or a name.")


def check_number(value: str) -> str:
    return "" if usable_number(value) == value else _("Write the number as +4915112345678.")


SID = Field(
    "account_sid", gettext_lazy("Account SID"), gettext_lazy("From Twilio's console."), check=check_sid
)
TOKEN = Field(
    "auth_token",
    gettext_lazy("Auth token"),
    gettext_lazy("It also proves that what comes in is from Twilio."),
    is_secret=True,
)


class TwilioChannel:
    """Capability `none`: at most once for nudges, at least once for service messages."""

    provider = "twilio"
    capability = Capability("none")
    is_pull = False
    prefix = ""

    @contextmanager
    def session(self) -> Iterator[Send]:
        with Client(timeout=settings.PROVIDER_TIMEOUT) as client:
            patience = Patience()
            yield one_by_one(lambda envelope: self._send(client, patience, envelope))

    def fields_of(self, envelope: Envelope) -> dict[str, str]:
        """What is posted: to whom, from whom, and what."""
        sender = envelope.account["sender"]
        who = {"MessagingServiceSid": sender} if sender.startswith("MG") else {"From": self.prefix + sender}
        return {"To": self.prefix + envelope.address, **who, **self.content_of(envelope)}

    def content_of(self, envelope: Envelope) -> dict[str, str]:
        """The words."""
        return {"Body": envelope.text[:LONGEST_BODY]}

    def _send(self, client: httpx.Client, patience: Patience, envelope: Envelope) -> Outcome:
        account = envelope.account
        if not account.get("auth_token"):
            return Refused("Twilio is not set up: Settings, Channels", permanent=False)
        url = f"{settings.TWILIO_URL}/2010-04-01/Accounts/{account['account_sid']}/Messages.json"
        fields = self.fields_of(envelope)
        if envelope.message_id:
            fields["StatusCallback"] = status_url(account["id"], envelope.dispatch_id)
        return patience.ask(url, lambda: _post(client, url, account, fields))


class SmsChannel(TwilioChannel):
    """Text messages. A second workspace's failing account is no sign that Twilio fails."""

    provider = "sms"
    account_fields = (
        SID,
        TOKEN,
        Field(
            "sender",
            gettext_lazy("Sender"),
            gettext_lazy("A number, a messaging service (MG…), or a name where the country allows one."),
            check=check_sender,
        ),
    )


class WhatsAppChannel(TwilioChannel):
    """WhatsApp: outside a conversation of the last 24 hours it takes templates only that were approved before."""

    provider = "whatsapp"
    prefix = "whatsapp:"
    account_fields = (
        SID,
        TOKEN,
        Field(
            "sender",
            gettext_lazy("Sender"),
            gettext_lazy("Your WhatsApp number, such as +4915112345678, or a messaging service (MG…)."),
            check=lambda value: (
                "" if value.startswith("MG") and SENDER.fullmatch(value) else check_number(value)
            ),
        ),
    )

    def content_of(self, envelope: Envelope) -> dict[str, str]:
        """The template with its variables where the words name one."""
        template = envelope.extras.get("template", "")
        if not template:
            return super().content_of(envelope)
        variables = variables_of(envelope.extras.get("variables", ""))
        return {"ContentSid": template, "ContentVariables": json.dumps(variables, ensure_ascii=False)}


def variables_of(lines: str) -> dict[str, str]:
    """A template's variables, written one a line: 1 = Ana."""
    pairs = (line.partition("=") for line in lines.splitlines())
    return {name.strip(): value.strip() for name, sign, value in pairs if sign and name.strip()}


def status_url(account_id: str, dispatch_id: UUID) -> str:
    """Where Twilio reports on one message; the address holds our id, so a report needs no answer before it."""
    return f"{settings.BASE_URL}/m/in/{account_id}/status/{dispatch_id}/"


def _post(client: httpx.Client, url: str, account: Mapping[str, str], fields: Mapping[str, str]) -> Outcome:
    try:
        with client.stream(
            "POST", url, data=dict(fields), auth=(account["account_sid"], account["auth_token"])
        ) as answer:
            body = read_bounded(answer)
    except httpx.HTTPError as error:
        return broken(error, is_provider=True)
    return outcome_of(answer, body)


def outcome_of(answer: httpx.Response, body: bytes) -> Outcome:
    """What Twilio's answer means. Its own codes say more than the status."""
    told = _told(body)
    if 200 <= answer.status_code < 300:
        return Sent(provider_id=str(told.get("sid", ""))[:200])
    code = told.get("code")
    words = f"{answer.status_code} {code or ''} {told.get('message', '')}".strip()[:500]
    if reason := reason_of(code):
        return Refused(words, permanent=True, is_bounce=True, suppresses=reason)
    if code in BUSY:
        return Refused(words, permanent=False, retry_after=retry_after(answer))
    if answer.status_code in (401, 403):  # this workspace's account, not the recipient and not Twilio
        return Refused(words, permanent=False)
    return trouble(answer, words, is_provider=True)


def reason_of(code: object) -> str:
    """Why an address is not used again after this code of Twilio's; nothing when it says nothing about the address."""
    return "stopped" if code in STOPPED else "hard_bounce" if code in NOBODY else ""


def _told(body: bytes) -> dict[str, object]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
