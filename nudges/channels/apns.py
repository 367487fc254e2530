"""Apple's push service over HTTP/2, with a provider token (JWT, ES256).

Apple takes a token for an hour, and refuses a sender whose tokens change more often than every 20 minutes. Workers come
and go by the second, so the token is one that all of them make alike: of the half hour it is, signed without chance.
"""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from engagement.answers import read_bounded, retry_after
from nudges.channels import Envelope, Outcome, Refused, Sent
from nudges.channels.answers import Patience, broken, trouble
from nudges.channels.encryption import encode
from nudges.channels.fcm import data_of

HOSTS = {"production": "https://api.push.apple.com", "sandbox": "https://api.sandbox.push.apple.com"}
MOST_BYTES = 4_096
# Nobody is there any more, or never was for this app.
GONE = {"Unregistered", "BadDeviceToken", "DeviceTokenNotForTopic", "ExpiredToken"}
OUR_FAULT = {"InvalidProviderToken", "MissingProviderToken", "ExpiredProviderToken", "TopicDisallowed"}


TOKEN_SECONDS = 30 * 60


class Apns:
    """One session with Apple."""

    def __init__(self, client: httpx.Client, patience: Patience) -> None:
        self._client, self._patience = client, patience

    def push(self, envelope: Envelope) -> Outcome:
        """Hand one message over to the device's token."""
        account = envelope.account
        if not all(account.get(name) for name in ("apns_key", "apns_key_id", "apns_team_id", "apns_topic")):
            return Refused("Apple's push is not set up: Settings, Channels", permanent=False)
        host = settings.APNS_URL or HOSTS.get(envelope.device.get("environment", ""), HOSTS["production"])
        url = f"{host}/3/device/{envelope.address}"
        return self._patience.ask(url, lambda: self._push(url, envelope))

    def _push(self, url: str, envelope: Envelope) -> Outcome:
        try:
            headers = headers_of(envelope, _token(envelope))
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            return Refused(f"Apple's key cannot be used: {type(error).__name__}", permanent=False)
        try:
            with self._client.stream("POST", url, content=payload(envelope), headers=headers) as answer:
                body = read_bounded(answer)
        except httpx.HTTPError as error:
            return broken(error, is_provider=True)
        return outcome_of(answer, body)


def _token(envelope: Envelope) -> str:
    account = envelope.account
    return provider_token(
        key=account["apns_key"],
        key_id=account["apns_key_id"],
        team_id=account["apns_team_id"],
        made_at=int(envelope.now.timestamp()) // TOKEN_SECONDS * TOKEN_SECONDS,
    )


@lru_cache(maxsize=256)
def provider_token(*, key: str, key_id: str, team_id: str, made_at: int) -> str:
    """The same wherever it is made (RFC 6979). Raises ValueError, TypeError, UnsupportedAlgorithm for a bad key."""
    private = load_pem_private_key(key.encode(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise ValueError("not a key of Apple's")
    said = ".".join(
        encode(json.dumps(part).encode())
        for part in ({"alg": "ES256", "kid": key_id, "typ": "JWT"}, {"iss": team_id, "iat": made_at})
    )
    der = private.sign(said.encode(), ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return f"{said}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def headers_of(envelope: Envelope, token: str) -> dict[str, str]:
    """Until when it helps, which app it is for, and under which id a second copy takes the place of the first."""
    return {
        "authorization": f"bearer {token}",
        "apns-topic": envelope.account["apns_topic"],
        "apns-push-type": "alert",
        "apns-id": str(envelope.dispatch_id),
        "apns-collapse-id": envelope.dispatch_id.hex,
        "apns-expiration": str(int(envelope.not_after.timestamp())),
        "apns-priority": "10" if envelope.is_service else "5",
    }


def payload(envelope: Envelope) -> bytes:
    """What the device shows, at most 4,096 bytes; `category` lets the app offer the replies as actions."""
    text = envelope.text
    for length in (1_000, 500, 200, 50):
        body = text if len(text) <= length else text[: length - 1].rstrip() + "…"
        alert = {"title": envelope.subject, "body": body}
        told: dict[str, Any] = {
            "aps": {"alert": alert, "category": "touchstone", "thread-id": envelope.category}
        }
        packed = json.dumps(told | data_of(envelope), ensure_ascii=False, separators=(",", ":")).encode()
        if len(packed) <= MOST_BYTES:
            break
    return packed


def outcome_of(answer: httpx.Response, body: bytes) -> Outcome:
    """What Apple's answer means."""
    if answer.status_code == 200:
        return Sent(provider_id=answer.headers.get("apns-id", "")[:200])
    try:
        reason = str(json.loads(body).get("reason", ""))
    except (ValueError, AttributeError):
        reason = ""
    words = f"{answer.status_code} {reason}".strip()
    if answer.status_code == 410 or reason in GONE:
        return Refused(words, permanent=True, is_bounce=True, suppresses="gone")
    if answer.status_code == 403 or reason in OUR_FAULT:  # the account, not the device
        return Refused(words, permanent=False, retry_after=timedelta(minutes=5))
    if answer.status_code == 429:
        return Refused(words, permanent=False, retry_after=retry_after(answer) or timedelta(seconds=60))
    return trouble(answer, words, is_provider=True)
