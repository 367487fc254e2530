"""Factories for channels with a peer behind them: accounts, reachable customers, and whose message a request carried.

A service is a channel, one of the two behind mobile push (`fcm`, `apns`), or a provider of e-mail with whom the
workspace has an account of its own (`resend`).
"""

from __future__ import annotations

import json
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engagement.addresses import register_address
from engagement.models import Customer, Workspace
from nudges.models import Message, Nudge
from tests import make, make_channels, make_messages
from tests.https_peer import Answer, Peer, Received

CHANNELS = {"fcm": "mobile_push", "apns": "mobile_push", "resend": "email"}
# What every service takes for a yes: Google's token, and the names that each gives to what it took.
TAKEN = Answer(200, {"access_token": "bearer", "name": "projects/shop/messages/1", "sid": "SM1", "id": "m1"})
_serial = count(1)


def channel_of(service: str) -> str:
    return CHANNELS.get(service, service)


def settings_of(service: str, peer: Peer) -> dict[str, Any]:
    """The settings by which the program finds the peer in the provider's place."""
    places = {"sms": "TWILIO_URL", "whatsapp": "TWILIO_URL", "fcm": "FCM_URL", "apns": "APNS_URL"}
    if service == "resend":
        return {"ANYMAIL": {"RESEND_API_URL": peer.url, "REQUESTS_TIMEOUT": 20}}
    return {places[service]: peer.url} if service in places else {}


def open_account(workspace: Workspace, service: str, peer: Peer) -> None:
    """The workspace's account with the peer."""
    if service == "web_push":
        make_channels.push_account(workspace)
        return
    twilio = {"account_sid": "AC" + "a" * 32, "auth_token": "secret", "sender": "+4915110000000"}
    values = {
        "sms": twilio,
        "whatsapp": twilio,
        "webhook": {"url": f"{peer.url}/in", "secret": "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"},
        "fcm": {"fcm_service_account": json.dumps(service_account(peer))},
        "apns": {
            "apns_key": pem(apple_key()),
            "apns_key_id": "K",
            "apns_team_id": "T",
            "apns_topic": "com.shop",
        },
        "resend": {"provider": "resend", "api_key": "re_1", "webhook_secret": "reports:s3cret"},
    }[service]
    make_channels.account(workspace, channel_of(service), **values)


def service_account(peer: Peer) -> dict[str, str]:
    return {
        "project_id": "shop",
        "client_email": "push@shop.example",
        "private_key": pem(google_key()),
        "private_key_id": peer.name,
        "token_uri": f"{peer.url}/token",
    }


def message_by(
    service: str, nudge: Nudge, peer: Peer, customer: Customer | None = None, **fields: Any
) -> tuple[Message, make_channels.Browser | None]:
    """A decided message to a customer who can be reached by the service; with their browser where they have one."""
    number = next(_serial)
    mailbox = f"reached-{number}@example.org" if channel_of(service) == "email" else None
    customer = customer or make.customer(nudge.workspace, email=mailbox)
    browser = None
    address = ""
    if service == "web_push":
        browser = make_channels.browser(f"{peer.url}/push/{number}")
        address = make_channels.subscribed(customer, browser).value
    elif channel_of(service) == "mobile_push":
        address = f"device-{number}"
        register_address(
            customer=customer,
            channel="mobile_push",
            value=address,
            details={"platform": service},
            now=make.NOW,
        )
    elif service in ("sms", "whatsapp"):
        address = f"+49151{number:08}"
        register_address(customer=customer, channel=service, value=address, now=make.NOW)
    elif channel_of(service) == "email":
        address = customer.email
    message = make_messages.message(nudge, customer, channel=channel_of(service), address=address, **fields)
    return message, browser


def dispatch_id_of(service: str, came: Received) -> UUID | None:
    """Which message a request carried; None for one that carried none."""
    match service:
        case "sms" | "whatsapp":
            return UUID(came.form["StatusCallback"].rstrip("/").rpartition("/")[2])
        case "web_push":
            return UUID(came.headers["Topic"])
        case "webhook":
            return UUID(came.headers["webhook-id"].removeprefix("msg_"))
        case "apns":
            return UUID(came.headers["apns-id"])
        case "resend":
            return UUID(json.loads(came.json["headers"]["X-Metadata"])["dispatch_id"])
        case _:
            return None if came.path == "/token" else UUID(came.json["message"]["android"]["collapse_key"])


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def google_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def apple_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
