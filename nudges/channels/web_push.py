"""Web push (RFC 8030) to browsers that subscribed on the shop's pages, signed by the workspace's own key.

A push service takes a message and promises nothing about one that it was given before: the Topic makes a second copy
replace the first while that one still waits, and the worker in the browser shows both under one tag. That is not
enough to call it idempotent, so the capability is `none`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from engagement.answers import read_bounded, retry_after
from engagement.outbound import Client
from nudges.channels import Capability, Envelope, Outcome, Refused, Send, Sent, one_by_one
from nudges.channels.accounts import Field
from nudges.channels.answers import Patience, broken, trouble
from nudges.channels.encryption import MOST_BYTES, encrypt, vapid_header
from nudges.models import ReplyKind

# Push services keep a message for four weeks at most.
LONGEST_LIFE = timedelta(days=28)
LONGEST_TEXT = 1_000
GONE = (404, 410)


class WebPushChannel:
    """Capability `none`: at most once for nudges, at least once for service messages."""

    provider = "web_push"
    capability = Capability("none")
    is_pull = False
    account_fields = (
        Field(
            "contact",
            _("Whom push services may write to"),
            _("An e-mail address of yours; they use it when something is wrong with what you send."),
        ),
        Field("public_key", _("Public key"), is_made=True),
        Field("private_key", _("Private key"), is_secret=True, is_made=True),
    )

    @contextmanager
    def session(self) -> Iterator[Send]:
        with Client(timeout=settings.PROVIDER_TIMEOUT) as client:
            patience = Patience()
            yield one_by_one(
                lambda envelope: patience.ask(
                    envelope.device.get("endpoint", ""), lambda: push(client, envelope)
                )
            )


def push(client: httpx.Client, envelope: Envelope) -> Outcome:
    """Encrypt one message for its browser and hand it to that browser's push service."""
    account, device = envelope.account, envelope.device
    if not account.get("private_key"):
        return Refused("web push has no keys yet: Settings, Channels", permanent=False)
    if not device.get("endpoint"):
        return Refused("the browser's subscription is gone", permanent=True, is_bounce=True)
    try:
        body = encrypt(payload(envelope), p256dh=device["p256dh"], auth=device["auth"])
    except (KeyError, ValueError) as error:
        return Refused(f"the subscription's keys cannot be used: {error}", permanent=True, is_bounce=True)
    try:
        with client.stream("POST", device["endpoint"], content=body, headers=headers_of(envelope)) as answer:
            words = read_bounded(answer).decode("utf-8", "replace")
    except httpx.HTTPError as error:
        return broken(error, is_provider=False)
    return outcome_of(answer, f"{answer.status_code} {urlsplit(device['endpoint']).hostname} {words}"[:500])


def headers_of(envelope: Envelope) -> dict[str, str]:
    """TTL and Topic: it waits as long as it stays true, and a second copy takes the place of the first."""
    life = min(max(envelope.not_after - envelope.now, timedelta(0)), LONGEST_LIFE)
    return {
        "Authorization": vapid_header(
            endpoint=envelope.device["endpoint"],
            public_key=envelope.account["public_key"],
            private_key=envelope.account["private_key"],
            contact=f"mailto:{envelope.account['contact']}",
            now=envelope.now,
        ),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(life.total_seconds())),
        "Topic": envelope.dispatch_id.hex,
        "Urgency": "high" if envelope.is_service else "normal",
    }


def payload(envelope: Envelope) -> bytes:
    """What the worker in the browser shows, as JSON that fits into one push; a text too long ends in an ellipsis."""
    with translation.override(envelope.language.partition("-")[0]):
        replies = [{"action": kind.value, "title": str(kind.label)} for kind in ReplyKind]
        more = str(_("Answer…"))
    shown = {
        "tag": envelope.dispatch_id.hex,
        "title": envelope.subject,
        "body": envelope.text,
        "lang": envelope.language,
        "link": envelope.link,
        "answer": envelope.answer_url,
        "replies": replies,
        "more": more,
    } | {name: envelope.extras[name] for name in ("icon", "image") if envelope.extras.get(name)}
    text = envelope.text
    for length in (LONGEST_TEXT, 500, 200, 50):
        shown["body"] = text if len(text) <= length else text[: length - 1].rstrip() + "…"
        packed = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        if len(packed) <= MOST_BYTES:
            break
    return packed


def outcome_of(answer: httpx.Response, words: str) -> Outcome:
    """What a push service means. Whoever it refuses, it is no sign that another browser's service fails."""
    status = answer.status_code
    if 200 <= status < 300:
        return Sent(provider_id=answer.headers.get("Location", "")[:200])
    if status in GONE:
        return Refused(words, permanent=True, is_bounce=True, suppresses="gone")
    if status in (401, 403):  # our key or our clock: worth another try when somebody has looked at it
        return Refused(words, permanent=False, retry_after=retry_after(answer))
    return trouble(answer, words, is_provider=False)
