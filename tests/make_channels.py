"""Factories for channels: envelopes, accounts, and browsers that subscribed."""

from __future__ import annotations

import json
import os
import uuid
from datetime import timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engagement.addresses import register_address
from engagement.models import Address, Customer, Workspace
from nudges.channels import Channel, Envelope, Outcome
from nudges.channels.accounts import save_account
from nudges.channels.encryption import _point, encode, new_keys
from nudges.models import ChannelAccount
from nudges.subscribing import Subscription
from tests.make import NOW


def envelope(address: str = "ana@example.org", **fields: Any) -> Envelope:
    """What a channel gets to hand over at NOW, of use for an hour."""
    return Envelope(
        **{
            "dispatch_id": uuid.uuid4(),
            "workspace_id": 3,
            "message_id": 5,
            "nudge_id": 7,
            "category": "tips",
            "address": address,
            "sender": "The Shop <shop@example.org>",
            "subject": "Grüße",
            "text": "Plain words",
            "html": "<p>Rich words</p>",
            "language": "de",
            "is_service": False,
            "unsubscribe_url": "https://touch.example/m/u/t/",
            "now": NOW,
            "not_after": NOW + timedelta(hours=1),
            "customer": "c1",
            "answer_url": "https://touch.example/m/r/t/",
        }
        | fields
    )


def hand_over(channel: Channel, *envelopes: Envelope) -> list[Outcome]:
    with channel.session() as send:
        return list(send(envelopes))


def account(workspace: Workspace, channel: str, **values: str) -> ChannelAccount:
    return save_account(workspace=workspace, channel=channel, values=values, actor=None, now=NOW)


def push_account(workspace: Workspace) -> ChannelAccount:
    public, private = new_keys()
    return account(workspace, "web_push", contact="push@example.org", public_key=public, private_key=private)


class Browser(NamedTuple):
    """A browser's half of a subscription: what it tells, and how it opens what it is sent."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey
    auth: bytes

    @property
    def subscription(self) -> Subscription:
        return Subscription(
            endpoint=self.endpoint, p256dh=encode(_point(self.private.public_key())), auth=encode(self.auth)
        )

    def as_json(self) -> str:
        told = self.subscription
        return json.dumps({"endpoint": told.endpoint, "keys": {"p256dh": told.p256dh, "auth": told.auth}})

    def open(self, body: bytes) -> Any:
        """The JSON in a push (RFC 8188, 8291), by the reader's own reckoning."""
        salt, length = body[:16], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        info = b"WebPush: info\x00" + _point(self.private.public_key()) + sender
        shared = HKDF(SHA256(), 32, self.auth, info).derive(self.private.exchange(ec.ECDH(), theirs))
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(shared)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(shared)
        return json.loads(AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")[:-1])


def browser(endpoint: str = "https://push.example/abc") -> Browser:
    return Browser(endpoint, ec.generate_private_key(ec.SECP256R1()), os.urandom(16))


def subscribed(customer: Customer, browser: Browser) -> Address:
    """The customer's browser as it is kept."""
    told = browser.subscription
    return register_address(
        customer=customer, channel="web_push", value=told.value, details=told.details, now=NOW
    )[0]
