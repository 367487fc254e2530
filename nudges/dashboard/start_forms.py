"""The part of the nudge form that says which event starts it: tests, delay, and what settles it, a row each."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from engagement.models import Workspace
from nudges.models import Nudge, Trigger
from nudges.starts import MOST_EXITS, UNITS, problems_of_tests

ROWS = 2  # empty ones offered, beside those in use
TESTS = {
    "is": gettext_lazy("is"),
    "in": gettext_lazy("is one of"),
    "contains": gettext_lazy("contains"),
    "exists": gettext_lazy("is known (true or false)"),
    "gt": gettext_lazy("is more than"),
    "gte": gettext_lazy("is at least"),
    "lt": gettext_lazy("is less than"),
    "lte": gettext_lazy("is at most"),
    "before": gettext_lazy("is before"),
    "after": gettext_lazy("is after"),
}
UNIT_NAMES = [(60, gettext_lazy("minutes")), (3600, gettext_lazy("hours")), (86400, gettext_lazy("days"))]


class TestForm(forms.Form):
    """One test on a property of the event. A value is read as JSON where it is some, else as a text."""

    __test__ = False  # no test of ours, whatever its name begins with
    property = forms.CharField(required=False, max_length=200, label=gettext_lazy("Property"))
    test = forms.ChoiceField(required=False, choices=list(TESTS.items()), label=gettext_lazy("Test"))
    value = forms.CharField(required=False, max_length=2000, label=gettext_lazy("Value"))

    def as_test(self) -> dict[str, Any] | None:
        """As the condition language writes it; None for an empty row."""
        data = self.cleaned_data
        if not data["property"]:
            return None
        return {"property": data["property"], data["test"] or "is": _read(data["value"])}


class ExitForm(forms.Form):
    """One event that settles it."""

    event = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Event"),
        widget=forms.TextInput(attrs={"list": "event-names"}),
    )
    same = forms.CharField(required=False, max_length=200, label=gettext_lazy("with the same"))

    def as_exit(self) -> dict[str, str] | None:
        data = {name: value for name, value in self.cleaned_data.items() if value}
        return data if "event" in data else None


class StartForm(forms.Form):
    """The event, and how long after it."""

    trigger_event = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Event"),
        widget=forms.TextInput(attrs={"list": "event-names"}),
        help_text=gettext_lazy("Its name as your shop sends it, such as Order Delivered."),
    )
    delay = forms.IntegerField(
        min_value=0, max_value=600_000, initial=0, required=False, label=gettext_lazy("How long after it?")
    )
    unit = forms.TypedChoiceField(choices=UNIT_NAMES, coerce=int, required=False, label=gettext_lazy("Unit"))

    def __init__(self, data: Any = None, *, nudge: Nudge) -> None:
        super().__init__(data, initial=_initial_of(nudge))
        self.workspace: Workspace = nudge.workspace
        where = test_rows(nudge.trigger_where)
        # A row that was added by hand counts as well: the page says how many there are.
        self.tests = rows_of(TestForm, "where", data, where, most=10)
        self.exits = rows_of(ExitForm, "unless", data, list(nudge.trigger_unless), most=MOST_EXITS)

    def is_valid(self) -> bool:
        rows_hold = [
            row.is_valid() for row in (*self.tests, *self.exits)
        ]  # each, so that each says what is wrong
        return super().is_valid() and all(rows_hold) and self._tests_hold()

    def _tests_hold(self) -> bool:
        event = self.cleaned_data.get("trigger_event") or "-"
        if self.data.get("trigger") != Trigger.EVENT:
            return True
        for row in self.tests:
            test = row.as_test()
            if test and (problems := problems_of_tests(event, [test], self.workspace)):
                row.add_error("value", problems[0].rpartition(": ")[2])
        return not any(row.errors for row in self.tests)

    def values(self) -> dict[str, Any]:
        """What `save_nudge` takes of a nudge that an event starts."""
        return {
            "trigger_event": self.cleaned_data["trigger_event"],
            "trigger_delay_seconds": (self.cleaned_data["delay"] or 0)
            * int(self.cleaned_data["unit"] or 86400),
            "trigger_where": [test for row in self.tests if (test := row.as_test())],
            "trigger_unless": [one for row in self.exits if (one := row.as_exit())],
        }


def rows_of(form: type[Any], prefix: str, data: Any, given: list[dict[str, Any]], *, most: int) -> list[Any]:
    """A small form for each of what is given, and some empty ones."""
    number = min(most, len(given) + ROWS)
    padded = [*given, *[{}] * (number - len(given))]
    return [form(data, prefix=f"{prefix}-{n}", initial=one) for n, one in enumerate(padded)]


def _initial_of(nudge: Nudge) -> dict[str, Any]:
    seconds = nudge.trigger_delay_seconds
    unit = next((size for size, _name in UNITS if seconds and seconds % size == 0), 86400)
    return {"trigger_event": nudge.trigger_event, "delay": seconds // unit, "unit": unit}


def test_rows(where: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Tests on properties as `TestForm` shows them."""
    return [_row_of(test) for test in where]


def _row_of(test: dict[str, Any]) -> dict[str, str]:
    kind = next(key for key in test if key != "property")
    value = test[kind]
    plain = isinstance(value, str) and _read(value) == value
    return {
        "property": test["property"],
        "test": kind,
        "value": value if plain else json.dumps(value, ensure_ascii=False),
    }


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
