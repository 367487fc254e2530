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
    embed_secret: str = ""
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
            embed_secret=info.get("embed_secret", ""),
            people=tuple(info.get("people", ())),
        )


def reader_token(setting: Setting, user_id: str, *, seconds: int = 3600) -> str:
    """Tells Touchstone who is signed in, signed with the workspace's embed secret (see docs/embedding.md)."""
    if not setting.embed_secret:
        return ""
    claims = {"sub": user_id, "exp": int(time.time()) + seconds}
    payload = _text(json.dumps(claims, separators=(",", ":")).encode())
    signature = hmac.new(setting.embed_secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{payload}.{_text(signature)}"


def user_id(email: str) -> str:
    """The shop's own id of an account."""
    return "u_" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
