"""One announcement posted to one endpoint, and what its answer means."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx

from engagement.answers import read_bounded, retry_after
from engagement.models import Announcement, Endpoint
from engagement.sealing import CannotOpen, unseal
from engagement.webhooks.signatures import signed

# After a rotation the old secret signs beside the new one for so long.
OVERLAP = timedelta(hours=24)
LONGEST_EXCERPT = 300
GONE = 410
# Its server is there but overloaded, or a proxy says that nobody is behind it.
OVERLOADED = (408, 425, 429, 502, 503, 504)


class Attempt(NamedTuple):
    """What came of posting: the answer's `status` (None: there was none) and the beginning of what it said.

    `is_out`: the endpoint as such cannot be reached now, so others need not be tried; `wait` is what it asked for.
    """

    status: int | None
    words: str
    ms: int
    is_out: bool = False
    wait: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(
    client: httpx.Client, url: str, announcement: Announcement, *, secrets: Sequence[str], now: datetime
) -> Attempt:
    """Sign it, hand it over, and read the beginning of the answer. Redirects are not followed: they are failures."""
    body = json.dumps(told(announcement), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Touchstone"}
    headers |= signed(body, webhook_id=announcement.webhook_id, secrets=secrets, now=now)
    began = time.monotonic()
    try:
        with client.stream("POST", url, content=body, headers=headers) as answer:
            said = read_bounded(answer, most=LONGEST_EXCERPT * 4)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        words = f"{type(error).__name__}: {error}"[:LONGEST_EXCERPT]
        return Attempt(None, words, _ms(began), is_out=True)
    return Attempt(
        answer.status_code,
        " ".join(said.decode("utf-8", "replace").replace("\x00", "").split())[:LONGEST_EXCERPT],
        _ms(began),
        is_out=answer.status_code in OVERLOADED,
        wait=retry_after(answer) if answer.status_code in OVERLOADED else None,
    )


def told(announcement: Announcement) -> dict[str, Any]:
    """The body: the same at every attempt and for every endpoint."""
    return {
        "id": announcement.webhook_id,
        "type": announcement.type,
        "timestamp": announcement.at.isoformat().replace("+00:00", "Z"),
        "sequence": announcement.pk,
        "data": announcement.data,
    }


def secrets_of(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """The secret, and for a day after a rotation the one before. Raises CannotOpen."""
    kept = unseal(endpoint.sealed)
    if "secret" not in kept:
        raise CannotOpen
    is_old_used = endpoint.rotated_at is not None and now < endpoint.rotated_at + OVERLAP
    return [kept["secret"], *([kept["old_secret"]] if is_old_used and "old_secret" in kept else [])]


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
