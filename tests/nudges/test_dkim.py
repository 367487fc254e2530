"""The headers of RFC 8058 hold under DKIM: signed by a relay that gets our mail by SMTP, verified where it arrives."""

from __future__ import annotations

import base64
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import dkim
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from nudges.channels import Sent
from nudges.channels.email import EmailChannel
from tests.make_channels import envelope, hand_over
from tests.smtp_peer import AnyPort

DOMAIN, SELECTOR = b"example.org", b"touch"
# What RFC 8058 (section 4) wants covered by the signature, and what every signature covers.
LISTED = [b"list-unsubscribe", b"list-unsubscribe-post"]
SIGNED = [
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"feedback-id",
    *LISTED,
]


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published(name: bytes, timeout: int = 5) -> bytes:
    """The DNS record under which the key would stand."""
    assert name.rstrip(b".") == SELECTOR + b"._domainkey." + DOMAIN
    der = key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


class Receiver:
    """The mailbox provider: keeps what came, byte for byte."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.received.append(envelope.content)
        return "250 2.0.0 Accepted"


class Relay:
    """The shop's mail server: signs what it gets and passes it on."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        pem = key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        signature = dkim.sign(envelope.content, SELECTOR, DOMAIN, pem, include_headers=SIGNED)
        with smtplib.SMTP("127.0.0.1", self.port) as onward:
            onward.sendmail(envelope.mail_from or "", envelope.rcpt_tos, signature + envelope.content)
        return "250 2.0.0 Accepted"


@contextmanager
def listening(handler: Any) -> Iterator[int]:
    controller = AnyPort(handler, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    kept = Receiver()
    with listening(kept) as last, listening(Relay(last)) as first:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", first
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield kept


def test_the_unsubscribe_headers_are_signed_and_verify_where_the_mail_arrives(receiver: Receiver) -> None:
    link = "https://touch.example/m/u/" + "t" * 180 + "/"  # as long as a real token
    given = envelope(
        subject="Grüße – was jetzt passt, und was nicht: " * 4,
        text=".\r\nA line with a dot\n" + "word " * 400,
        unsubscribe_url=link,
    )
    assert hand_over(EmailChannel(), given) == [Sent()]
    [mail] = receiver.received
    covered = re.search(rb"h=([^;]+);", mail.replace(b"\r\n", b""))
    assert covered is not None
    names = [name.strip().lower() for name in covered[1].split(b":")]
    assert set(LISTED) <= set(names)
    for name in LISTED:  # once each: a second one, unsigned, could be put before it
        assert len(re.findall(rb"(?im)^%s:" % name, mail)) == 1
    assert re.search(
        rb"(?m)^List-Unsubscribe: <%s>\r$" % link.encode(), mail
    )  # not folded: readers take it as it is
    assert re.search(rb"(?m)^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$", mail)
    assert dkim.verify(mail, dnsfunc=published)
    for touched in (
        mail.replace(b"touch.example/m/u/", b"evil.example/m/u//"),
        mail.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        mail.replace(b"word word", b"sword word", 1),
    ):
        assert touched != mail
        assert not dkim.verify(touched, dnsfunc=published)


def test_a_service_mail_is_signable_too_and_names_no_list(receiver: Receiver) -> None:
    assert hand_over(EmailChannel(), envelope(is_service=True)) == [Sent()]
    [mail] = receiver.received
    assert b"List-Unsubscribe" not in mail.partition(b"\r\n\r\n")[0].partition(b"From:")[2]
    assert dkim.verify(mail, dnsfunc=published)
