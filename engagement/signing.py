"""Signed texts for links and pages: each names its purpose and expires, so that none can be used for another.

Tokens have the form that `django.core.signing` reads, and it reads them; it took 40 µs to make one, though, of which a
letter has several, so they are made here.
"""

from __future__ import annotations

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.core import signing

BLOCK = hashlib.sha256().block_size


class BadToken(Exception):
    """The token is not ours, was changed, is for another purpose, or has expired (`expired` tells)."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


def sign(purpose: str, payload: dict[str, Any]) -> str:
    """A URL-safe token that carries `payload` for `purpose`, such as "reply"."""
    text = f"{_encode(_json(payload))}:{_seconds(int(time.time()))}"
    inner, outer = (begun.copy() for begun in _keyed(f"touchstone.{purpose}", settings.SECRET_KEY))
    inner.update(text.encode())
    outer.update(inner.digest())
    return f"{text}:{_encode(outer.digest())}"


def unsign(purpose: str, token: str, *, max_age: timedelta) -> dict[str, Any]:
    """The payload of a token made by `sign` for the same purpose; raises BadToken."""
    try:
        payload: dict[str, Any] = signing.loads(token, salt=f"touchstone.{purpose}", max_age=max_age)
    except signing.SignatureExpired as error:
        raise BadToken(expired=True) from error
    except signing.BadSignature as error:
        raise BadToken from error
    return payload


def _json(payload: dict[str, Any]) -> bytes:
    """In ASCII, as what reads it wants: letters beyond it are written as JSON's escapes."""
    data = msgspec.json.encode(payload)
    return data if data.isascii() else json.dumps(payload, separators=(",", ":")).encode()


@lru_cache(maxsize=64)
def _keyed(salt: str, secret: str) -> tuple[hashlib._Hash, hashlib._Hash]:
    """HMAC's two hashes (RFC 2104), which have read their key: reading it again each time takes longer than the text.

    The key is as `django.utils.crypto.salted_hmac` derives it for a `TimestampSigner`.
    """
    key = hashlib.sha256(f"{salt}signer{secret}".encode()).digest().ljust(BLOCK, b"\0")
    return hashlib.sha256(bytes(one ^ 0x36 for one in key)), hashlib.sha256(bytes(one ^ 0x5C for one in key))


@lru_cache(maxsize=8)
def _seconds(now: int) -> str:
    text: str = signing.b62_encode(now)
    return text


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
