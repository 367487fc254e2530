"""Webhook: a program of the shop brings the message to the customer (Standard Webhooks 1.0.0).

The dispatch id is the webhook's id, the same at every attempt, by which the receiver knows what it has had; we ask it
to remember ids for a day (docs/integrating.md). So a message may be handed over again within that time, also after a
lost answer: the capability is `idempotent`, and a broken call is tried again like a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.answers import read_bounded, retry_after
from engagement.outbound import Client, refusal_of
from engagement.webhooks import signed
from nudges.channels import Capability, Envelope, Outcome, Refused, Send, Sent, Unknown, one_by_one
from nudges.channels.accounts import Field
from nudges.channels.answers import Patience, broken, trouble
from nudges.models import ReplyKind

REMEMBERED = timedelta(hours=24)
# After a rotation the old secret signs beside the new one for so long.
OVERLAP = timedelta(hours=24)
TYPE = "nudge.message"


def check_url(value: str) -> str:
    """Why no message can be posted there; nothing when it can."""
    reason = refusal_of(value)
    return _("This address cannot be used: %(why)s.") % {"why": reason} if reason else ""


class WebhookChannel:
    """Capability `idempotent` for a day, by the id of the webhook."""

    provider = "webhook"
    capability = Capability("idempotent", ttl=REMEMBERED)
    is_pull = False
    account_fields = (
        Field(
            "url",
            gettext_lazy("Address"),
            gettext_lazy("Where your program takes messages, over https. Nothing is followed."),
            check=check_url,
        ),
        Field("secret", gettext_lazy("Secret"), is_secret=True, is_made=True),
        Field("old_secret", gettext_lazy("Secret before"), is_secret=True, is_made=True),
    )

    @contextmanager
    def session(self) -> Iterator[Send]:
        with Client(timeout=settings.PROVIDER_TIMEOUT) as client:
            patience = Patience()
            yield one_by_one(
                lambda envelope: patience.ask(envelope.account.get("url", ""), lambda: post(client, envelope))
            )


def post(client: httpx.Client, envelope: Envelope) -> Outcome:
    """Sign the message and hand it over."""
    account = envelope.account
    if not account.get("url") or not account.get("secret"):
        return Refused("the webhook has no address or no secret yet: Settings, Channels", permanent=False)
    body = json.dumps(payload(envelope), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Touchstone",
        **signed(
            body, webhook_id=f"msg_{envelope.dispatch_id.hex}", secrets=secrets_of(envelope), now=envelope.now
        ),
    }
    try:
        with client.stream("POST", account["url"], content=body, headers=headers) as answer:
            words = read_bounded(answer).decode("utf-8", "replace")
    except httpx.HTTPError as error:
        return again(broken(error, is_provider=False))
    if 200 <= answer.status_code < 300:
        return Sent()
    told = f"{answer.status_code} {' '.join(words.split())}"[:500]
    if answer.status_code in (401, 403, 404) or 300 <= answer.status_code < 400:
        # It is the endpoint that is wrong, not the message: worth another try when somebody has looked at it.
        return Refused(told, permanent=False, retry_after=retry_after(answer))
    return again(trouble(answer, told, is_provider=False))


def again(outcome: Outcome) -> Outcome:
    """What nobody knows may be tried again: the receiver knows the id."""
    return Refused(outcome.error, permanent=False) if isinstance(outcome, Unknown) else outcome


def payload(envelope: Envelope) -> dict[str, object]:
    """The message as the receiver gets it."""
    return {
        "type": TYPE,
        "timestamp": envelope.now.isoformat().replace("+00:00", "Z"),
        "data": {
            "message_id": envelope.message_id,
            "nudge_id": envelope.nudge_id,
            "customer": envelope.customer,
            "category": envelope.category,
            "language": envelope.language,
            "is_service": envelope.is_service,
            "subject": envelope.subject,
            "text": envelope.text,
            "html": envelope.html,
            "link": envelope.link,
            "link_label": envelope.link_label,
            "not_after": envelope.not_after.isoformat().replace("+00:00", "Z"),
            # Each is given by POST; see docs/messages.md.
            "replies": {kind: f"{envelope.answer_url}{kind}/" for kind in ReplyKind.values}
            if envelope.answer_url
            else {},
            "unsubscribe": envelope.unsubscribe_url,
        },
    }


def secrets_of(envelope: Envelope) -> list[str]:
    """The secret, and for a day after a rotation the one before."""
    account = envelope.account
    rotated = parse_datetime(account.get("rotated_at", "")) if account.get("rotated_at") else None
    is_old_used = rotated is not None and envelope.now < rotated + OVERLAP
    return [
        account["secret"],
        *([account["old_secret"]] if is_old_used and account.get("old_secret") else []),
    ]
