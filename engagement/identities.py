"""Who a visitor of the shop's pages is, said by the shop's server: a short token signed with the workspace's secret.

The token is `base64url(payload).base64url(HMAC-SHA256(secret, payload part))`. Its payload is JSON, `{"sub": "<the
shop's own id of the customer>", "exp": <unix seconds>}`. The shop's server makes it, never its pages, in any language:

    payload = base64url('{"sub":"c42","exp":1790000000}')   # without = at the end
    token = payload + "." + base64url(hmac_sha256(secret, payload))

The secret is not stored: it follows from the installation's SECRET_KEY, so older keys in SECRET_KEY_FALLBACKS still
open tokens of secrets shown before a rotation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from engagement.models import Customer, Workspace
from engagement.people import find_customer

LONGEST_TOKEN = 2_000
# A token in a page can be read by whoever reads the page: it must not live long.
LONGEST_LIFE = timedelta(days=1)
CLOCK_SKEW = timedelta(minutes=1)


def embed_secret(workspace: Workspace) -> str:
    """The secret with which the shop's server signs; shown to the workspace's owner only."""
    return _secret(settings.SECRET_KEY, workspace.pk)


def customer_from_token(*, workspace: Workspace, token: str, now: datetime) -> Customer | None:
    """The customer whom a token of this workspace's shop names, or None: forged, expired, or nobody we know."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 1:
        return None
    payload, _, signature = token.partition(".")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(_is_signed(payload, signature, _secret(key, workspace.pk)) for key in keys):
        return None
    external_id = _subject(payload, now=now)
    return find_customer(workspace=workspace, external_id=external_id) if external_id else None


def make_token(*, workspace: Workspace, external_id: str, expires_at: datetime) -> str:
    """A token as the shop's server makes it; for demos and tests."""
    claims = {"sub": external_id, "exp": int(expires_at.timestamp())}
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{payload}.{_sign(payload, embed_secret(workspace))}"


def _secret(key: str, workspace_id: int) -> str:
    derived = HKDF(
        SHA256(), 32, salt=None, info=f"touchstone embed secret of workspace {workspace_id}".encode()
    )
    return f"es_{_encode(derived.derive(key.encode()))}"


def _is_signed(payload: str, signature: str, secret: str) -> bool:
    return hmac.compare_digest(signature.encode(), _sign(payload, secret).encode())


def _sign(payload: str, secret: str) -> str:
    return _encode(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())


def _subject(payload: str, *, now: datetime) -> str | None:
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(claims, dict):
        return None
    expires, subject = claims.get("exp"), claims.get("sub")
    if not isinstance(subject, str) or not isinstance(expires, int) or isinstance(expires, bool):
        return None
    seconds = expires - now.timestamp()
    return subject if 0 < seconds <= (LONGEST_LIFE + CLOCK_SKEW).total_seconds() else None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
