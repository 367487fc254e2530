"""Signed texts for links and pages: each names its purpose and expires, so that none can be used for another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import signing


class BadToken(Exception):
    """The token is not ours, was changed, is for another purpose, or has expired (`expired` tells)."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


def sign(purpose: str, payload: dict[str, Any]) -> str:
    """A URL-safe token that carries `payload` for `purpose`, such as "reply"."""
    return signing.dumps(payload, salt=f"touchstone.{purpose}", compress=True)


def unsign(purpose: str, token: str, *, max_age: timedelta) -> dict[str, Any]:
    """The payload of a token made by `sign` for the same purpose; raises BadToken."""
    try:
        payload: dict[str, Any] = signing.loads(token, salt=f"touchstone.{purpose}", max_age=max_age)
    except signing.SignatureExpired as error:
        raise BadToken(expired=True) from error
    except signing.BadSignature as error:
        raise BadToken from error
    return payload
