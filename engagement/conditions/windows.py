"""Spans and moments of time as conditions write them: `7d`, `2026-03-01`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SPAN = re.compile(r"([1-9]\d{0,5})([mhdw])", re.ASCII)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
NAMES = {"m": "minute", "h": "hour", "d": "day", "w": "week"}
LONGEST = timedelta(days=3650)
SPAN_REMEDY = 'write a span of up to ten years such as "30m", "12h", "7d" or "4w"'
# The texts that count as a moment, here and in the database alike; without a zone it is UTC.
MOMENT = (
    r"\d{4}-\d{2}-\d{2}([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?)?"
)
MOMENT_REMEDY = 'write a date or a time such as "2026-03-01" or "2026-03-01T09:30:00Z"'


def read_span(text: object) -> timedelta | None:
    """The length of a span; None when it is none."""
    if not isinstance(text, str) or not (match := SPAN.fullmatch(text)):
        return None
    span = int(match[1]) * UNITS[match[2]]
    return span if span <= LONGEST else None


def describe_span(text: str) -> str:
    """`7d` in words: 7 days."""
    number, unit = text[:-1], NAMES[text[-1]]
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def read_moment(text: object) -> datetime | None:
    """The moment a text names, in UTC where it names no zone; None when it names none."""
    if not isinstance(text, str) or not re.fullmatch(MOMENT, text, re.ASCII):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
