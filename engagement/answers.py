"""What any HTTP answer says beside its status: its beginning, and when to ask again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

MOST_READ = 256 * 1024
LONGEST_READING = 20  # seconds
LONGEST_WAIT = timedelta(days=1)


def retry_after(answer: httpx.Response) -> timedelta | None:
    """What Retry-After asks for, a day at most: seconds, or a date beside the answer's own Date."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal() and len(text) < 9:
        return min(timedelta(seconds=int(text)), LONGEST_WAIT)
    until, since = _date(text), _date(answer.headers.get("Date", ""))
    if until is None or since is None:
        return None
    return min(max(until - since, timedelta(0)), LONGEST_WAIT)


def read_bounded(answer: httpx.Response, *, most: int = MOST_READ) -> bytes:
    """The body of a streamed answer, or its first `most` bytes: nobody makes us read for ever."""
    body, until = b"", time.monotonic() + LONGEST_READING
    for part in answer.iter_bytes(min(most, 16 * 1024)):
        body += part
        if len(body) >= most or time.monotonic() > until:
            break
    return body[:most]


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
