"""Where Touchstone is and with which keys, as the demo published it; read again whenever the file changes.

DEMO_INFO names the file; BASE_URL, where it is set, tells the address before the file does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parents[2]


class Setting(NamedTuple):
    """`origin` is Touchstone's, without a slash at the end; empty keys: the shop sells, but says nothing."""

    origin: str = ""
    write_key: str = ""
    secret_key: str = ""
    people: tuple[dict[str, str], ...] = ()


class SettingFile:
    """The published file, and what the command line or the environment says in its place."""

    def __init__(self, path: Path | None = None, origin: str = "") -> None:
        self.path = path or Path(os.environ.get("DEMO_INFO") or PROJECT / ".demo" / "info.json")
        self.origin = origin or os.environ.get("BASE_URL", "")
        self.read_at: float = -1
        self.kept = Setting(origin=self.origin)

    def read(self) -> Setting:
        try:
            changed_at = self.path.stat().st_mtime
            if changed_at != self.read_at:
                self.kept = self._parsed(json.loads(self.path.read_text()))
                self.read_at = changed_at
        except (FileNotFoundError, ValueError):
            pass
        return self.kept

    def _parsed(self, info: dict[str, Any]) -> Setting:
        where = urlsplit(self.origin or info.get("api", "") or info.get("dashboard", ""))
        return Setting(
            origin=f"{where.scheme}://{where.netloc}" if where.netloc else "",
            write_key=info.get("write_key", ""),
            secret_key=info.get("secret_key", ""),
            people=tuple(info.get("people", ())),
        )


def reader_token(setting: Setting, user_id: str, *, seconds: int = 3600) -> str:
    """Tells Touchstone who is signed in: a JWT (HS256) under the SHA-256 of the shop's secret key, in hex."""
    if not setting.secret_key:
        return ""
    signing_key = hashlib.sha256(setting.secret_key.encode()).hexdigest().encode()
    head = _encoded({"alg": "HS256", "typ": "JWT", "kid": setting.secret_key[:11]})
    body = _encoded({"sub": user_id, "exp": int(time.time()) + seconds})
    signature = hmac.new(signing_key, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{_text(signature)}"


def user_id(email: str) -> str:
    """The shop's own id of an account."""
    return "u_" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]


def _encoded(value: dict[str, object]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
