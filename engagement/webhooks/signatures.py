"""Standard Webhooks 1.0.0: what is sent to a company's own program is signed, so that it knows whose word it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Sequence
from datetime import datetime


def make_secret() -> str:
    """A new secret as both sides keep it."""
    return f"whsec_{base64.b64encode(random.token_bytes(32)).decode()}"


def signed(body: bytes, *, webhook_id: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The three headers over exactly these bytes; one signature for each secret."""
    timestamp = str(int(now.timestamp()))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = [
        base64.b64encode(
            hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
        ).decode()
        for secret in secrets
    ]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
