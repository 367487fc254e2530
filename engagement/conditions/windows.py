"""Spans and moments of time as conditions write them: `7d`, `2026-03-01`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy, npgettext_lazy

SPAN = re.compile(r"([1-9]\d{0,5})([mhdw])", re.ASCII)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
# As in "more than 7 days ago" and "for at least 7 days".
NAMES = {
    "m": npgettext_lazy("a while", "%(n)s minute", "%(n)s minutes", "n"),
    "h": npgettext_lazy("a while", "%(n)s hour", "%(n)s hours", "n"),
    "d": npgettext_lazy("a while", "%(n)s day", "%(n)s days", "n"),
    "w": npgettext_lazy("a while", "%(n)s week", "%(n)s weeks", "n"),
}
LONGEST = timedelta(days=3650)
SPAN_REMEDY = gettext_lazy('write a span of up to ten years such as "30m", "12h", "7d" or "4w"')
# The texts that count as a moment, here and in the database alike; without a zone it is UTC.
MOMENT = (
    r"\d{4}-\d{2}-\d{2}([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?)?"
)
MOMENT_REMEDY = gettext_lazy('write a date or a time such as "2026-03-01" or "2026-03-01T09:30:00Z"')


def read_span(text: object) -> timedelta | None:
    """The length of a span; None when it is none."""
    if not isinstance(text, str) or not (match := SPAN.fullmatch(text)):
        return None
    span = int(match[1]) * UNITS[match[2]]
    return span if span <= LONGEST else None


def describe_span(text: str) -> str:
    """`7d` in words: 7 days."""
    return str(NAMES[text[-1]] % {"n": int(text[:-1])})


def read_moment(text: object) -> datetime | None:
    """The moment a text names, in UTC where it names no zone; None when it names none."""
    if not isinstance(text, str) or not re.fullmatch(MOMENT, text, re.ASCII):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
