"""Dates as files write them. Whether 03/04 is March or April is found out from the whole file, not by line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

NUMBERS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(.*))?")
WORDS = (
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d %Y",
    "%a %b %d %Y",
    "%a, %d %b %Y",
    "%Y/%m/%d",
)
TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S %z", "%H:%M:%S GMT%z", "%H:%M:%S UTC")


class BadDate(ValueError):
    """Not a date; `is_ambiguous`: it would be one if it were known whether days or months stand first."""

    def __init__(self, *, is_ambiguous: bool = False) -> None:
        super().__init__("date")
        self.is_ambiguous = is_ambiguous


def parse_date(text: str, *, day_first: bool | None) -> datetime:
    """A moment in UTC where no zone is told. Raises BadDate."""
    text = " ".join(text.split())
    if found := NUMBERS.fullmatch(text):
        return _from_numbers(found, day_first)
    try:
        moment = datetime.fromisoformat(re.sub(r" UTC$", "+00:00", text).replace(" +", "+"))
    except ValueError:
        moment = _from_words(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_stands_first(texts: Iterable[str]) -> bool | None:
    """What the file itself shows: True or False as soon as one date has it so, None when none tells or they differ."""
    seen: set[bool] = set()
    for text in texts:
        found = NUMBERS.fullmatch(" ".join(text.split()))
        if not found:
            continue
        one, sign, other = int(found[1]), found[2], int(found[3])
        if sign == "." or one > 12:  # dots part days from months wherever they are used
            seen.add(True)
        elif other > 12:
            seen.add(False)
    return seen.pop() if len(seen) == 1 else None


def _from_numbers(found: re.Match[str], day_first: bool | None) -> datetime:
    one, other, year = int(found[1]), int(found[3]), int(found[4])
    if day_first is None and found[2] != "." and one <= 12 and other <= 12 and one != other:
        raise BadDate(is_ambiguous=True)
    is_day_first = day_first if day_first is not None else found[2] == "." or one > 12
    day, month = (one, other) if is_day_first else (other, one)
    clock = _time(found[5] or "")
    try:
        return datetime(
            year + 2000 if year < 100 else year,
            month,
            day,
            clock.hour,
            clock.minute,
            clock.second,
            tzinfo=UTC,
        )
    except ValueError as error:
        raise BadDate from error


def _from_words(text: str) -> datetime:
    for form in WORDS:
        for time in ("", *TIMES):
            try:
                return datetime.strptime(text, f"{form} {time}".strip())  # noqa: DTZ007 - the caller adds the zone
            except ValueError:
                continue
    raise BadDate


def _time(text: str) -> datetime:
    for form in ("", *TIMES):
        try:
            return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - only its hours are used
        except ValueError:
            continue
    raise BadDate
