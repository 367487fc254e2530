"""Secrets kept in the database: sealed by a key that follows from the installation's SECRET_KEY.

Older keys in SECRET_KEY_FALLBACKS still open what they sealed, so a rotation loses nothing. The database alone, or a
backup of it, opens nothing.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotOpen(Exception):
    """The secret was sealed with a key that is no longer known: it must be entered again."""


def seal(values: dict[str, str]) -> str:
    """The values as a text that only this installation can open; nothing for no values."""
    if not values:
        return ""
    return (
        _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        .encrypt(json.dumps(values).encode())
        .decode()
    )


def unseal(sealed: str) -> dict[str, str]:
    """What was sealed. Raises CannotOpen."""
    if not sealed:
        return {}
    try:
        opened = _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(sealed.encode())
    except InvalidToken as error:
        raise CannotOpen from error
    values: dict[str, Any] = json.loads(opened)
    return {name: str(value) for name, value in values.items()}


@lru_cache(maxsize=4)
def _box(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(key)) for key in keys])


def _key(secret: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=b"touchstone sealed secrets").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
