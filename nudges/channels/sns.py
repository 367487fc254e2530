"""Amazon SES reports by SNS: each call is signed by Amazon, and a topic has to be confirmed before it reports.

Anymail reads what SES says, but proves no signature, and confirms by Amazon's package; here is what it leaves out. The
signature tells that it comes from Amazon, the secret in the address that it is our topic: anybody may point a topic of
their own at us.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from django.conf import settings
from django.http import HttpRequest

from engagement.answers import read_bounded
from engagement.outbound import Client

# Amazon: "Verifying the signatures of Amazon SNS messages". What is signed, in this order, where it is there.
SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
HASHES = {"1": SHA1, "2": SHA256}
HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
TIMEOUT = 5


class AmazonReports(AmazonSESTrackingWebhookView):
    """Anymail's reader, with the signature proven."""

    def __init__(self, **kwargs: Any) -> None:
        self.auto_confirm_enabled = True
        AnymailBaseWebhookView.__init__(self, **kwargs)  # past the one that asks for Amazon's package

    def run_validators(self, request: HttpRequest) -> None:
        """The secret first: who does not know it makes us fetch nothing."""
        for validator in reversed(self.validators):
            validator(self, request)

    def validate_request(self, request: HttpRequest) -> None:
        """Raises AnymailWebhookValidationFailure for what Amazon has not signed; anymail's own checks run beside it."""
        told = self._parse_sns_message(request)
        if not isinstance(told, dict) or not is_signed(told):
            raise AnymailWebhookValidationFailure("The signature is not Amazon's.")

    def auto_confirm_sns_subscription(self, sns_message: dict[str, Any]) -> None:
        """Tell Amazon that we do want to hear of this topic. Raises ValueError when it does not take that."""
        if not self.basic_auth:
            raise AnymailWebhookValidationFailure(
                "Without a secret in the address anybody could subscribe us."
            )
        url = str(sns_message.get("SubscribeURL", ""))
        if not _is_amazons(url) or _fetch(url)[0] != 200:
            raise ValueError("the topic cannot be confirmed")

    def esp_to_anymail_events(
        self, ses_event: dict[str, Any], sns_message: dict[str, Any]
    ) -> list[AnymailTrackingEvent]:
        """With our own id out of the mail's Message-ID, where the topic includes the headers."""
        events: list[AnymailTrackingEvent] = super().esp_to_anymail_events(ses_event, sns_message)
        headers = ses_event.get("mail", {}).get("headers") or []
        own = next((one["value"] for one in headers if one["name"].lower() == "message-id"), "")
        for event in events:
            event.metadata = {"dispatch_id": own.strip("<>").partition("@")[0]} | (event.metadata or {})
        return events


def is_signed(told: dict[str, Any]) -> bool:
    """Whether Amazon has signed this call's body, by a certificate that it serves itself."""
    url, algorithm = str(told.get("SigningCertURL", "")), HASHES.get(str(told.get("SignatureVersion")))
    if algorithm is None or not _is_amazons(url) or not urlsplit(url).path.endswith(".pem"):
        return False
    signed = "".join(f"{name}\n{told[name]}\n" for name in SIGNED if told.get(name) is not None)
    try:
        signature = base64.b64decode(str(told.get("Signature", "")), validate=True)
        _key_at(url).verify(signature, signed.encode(), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_amazons(url: str) -> bool:
    """Only what Amazon itself serves is asked for: the address is in a body that nobody has proven yet."""
    if settings.SNS_URL and url.startswith(f"{settings.SNS_URL}/"):
        return True
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(HOST.fullmatch(parts.netloc))
    except ValueError:
        return False


@lru_cache(maxsize=32)
def _key_at(url: str) -> rsa.RSAPublicKey:
    """The public key of a certificate; raises ValueError, which is not remembered."""
    status, body = _fetch(url)
    key = x509.load_pem_x509_certificate(body).public_key() if status == 200 else None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError(f"{url} is no certificate of Amazon's")
    return key


def _fetch(url: str) -> tuple[int, bytes]:
    try:
        with Client(timeout=TIMEOUT) as client, client.stream("GET", url) as answer:
            return answer.status_code, read_bounded(answer)
    except httpx.HTTPError as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
