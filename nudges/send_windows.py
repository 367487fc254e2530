"""Send windows: the hours of the week, by the customer's clock, in which push messages may leave. Pure.

Kept as a list of {"days": [1, …, 7], "start": "09:00", "end": "18:00"}, Monday being 1; `end` may be "24:00". An empty
list is always. Beside it the database keeps the same as minutes of the week (`send_week`, by `nudges_week`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MOST = 14


class BadWindow(ValueError):
    """A window that is none; the message says what is wrong and what helps."""


def clean_windows(windows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The windows as they are kept, days in order and once each. Raises BadWindow."""
    cleaned = [_clean(window) for window in windows]
    if len(cleaned) > MOST:
        raise BadWindow(_("At most %(n)s windows: put days with the same hours into one.") % {"n": MOST})
    return cleaned


def _clean(window: dict[str, Any]) -> dict[str, Any]:
    days, start, end = window.get("days") or [], str(window.get("start", "")), str(window.get("end", ""))
    if not days or any(day not in range(1, 8) for day in days):
        raise BadWindow(_("Choose at least one day of the week."))
    if not TIME.fullmatch(start) or not (TIME.fullmatch(end) or end == "24:00"):
        raise BadWindow(_("Write both times, such as 09:00 and 18:00."))
    if start >= end:
        raise BadWindow(
            _("It ends later on the same day; for a night make one window before midnight and one after.")
        )
    return {"days": sorted(set(days)), "start": start, "end": end}


def describe_windows(windows: Iterable[dict[str, Any]]) -> str:
    """The windows in words: "Mon–Fri 09:00–18:00, Sat 10:00–14:00"; nothing for always."""
    return ", ".join(f"{_days(window['days'])} {window['start']}–{window['end']}" for window in windows)


def _days(days: list[int]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = {day: str(WEEKDAYS_ABBR[day - 1]) for day in days}
    return " ".join(names[run[0]] if len(run) == 1 else f"{names[run[0]]}–{names[run[-1]]}" for run in runs)
