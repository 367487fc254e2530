"""The form for send windows: a row for each, with one empty row more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy

from nudges.send_windows import MOST, BadWindow, clean_windows

DAYS = [(day, WEEKDAYS_ABBR[day - 1]) for day in range(1, 8)]


class WindowsForm(forms.Form):
    """Days of the week with their hours; a row without days and hours is left out, and saving offers a new one."""

    def __init__(self, data: Any, *, windows: list[dict[str, Any]]) -> None:
        super().__init__(data)
        self.rows = min(len(windows) + 1, MOST)
        for row in range(self.rows):
            window = windows[row] if row < len(windows) else {}
            self.fields[f"window_days_{row}"] = forms.TypedMultipleChoiceField(
                choices=DAYS,
                coerce=int,
                required=False,
                initial=window.get("days"),
                widget=forms.CheckboxSelectMultiple,
                label=gettext_lazy("Sent only on"),
            )
            for name, label in (("start", gettext_lazy("from")), ("end", gettext_lazy("until"))):
                self.fields[f"window_{name}_{row}"] = forms.CharField(
                    required=False,
                    initial=shown(window.get(name, "")),
                    label=label,
                    widget=forms.TextInput(attrs={"type": "time"}),
                )

    def lines(self) -> Iterator[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """Days, beginning and end of each row, for the page."""
        for row in range(self.rows):
            yield self[f"window_days_{row}"], self[f"window_start_{row}"], self[f"window_end_{row}"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.windows: list[dict[str, Any]] = []
        for row in range(self.rows):
            window = {name: cleaned.get(f"window_{name}_{row}") for name in ("days", "start", "end")}
            if not any(window.values()):
                continue
            # Midnight at the end is the day's, not the next one's beginning.
            window["end"] = "24:00" if window["end"] == "00:00" else window["end"]
            try:
                self.windows += clean_windows([window])
            except BadWindow as error:
                self.add_error(f"window_start_{row}", str(error))
        return cleaned


def shown(time: str) -> str:
    return "00:00" if time == "24:00" else time
