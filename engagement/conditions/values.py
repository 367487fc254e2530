"""Tests on one JSON value: `is`, `in`, `contains`, `exists`, `gt`, `gte`, `lt`, `lte`, `before`, `after`.

Traits, properties of events and facts are all JSON, so they share these tests. Every test is true or false, never
unknown: what is absent fits no test but `{"exists": false}`, and `not` turns that round.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    DateTimeField,
    DecimalField,
    F,
    Func,
    JSONField,
    Q,
    TextField,
    Value,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.conditions.problems import Problem
from engagement.conditions.windows import MOMENT_REMEDY, read_moment

TESTS = ("is", "in", "contains", "exists", "gt", "gte", "lt", "lte", "before", "after")
MAX_LIST = 100
MAX_TEXT = 200
# A test in words, to follow what is tested.
SAID = {
    "is": gettext_lazy("is %(value)s"),
    "contains": gettext_lazy("contains %(value)s"),
    "gt": gettext_lazy("is more than %(value)s"),
    "gte": gettext_lazy("is at least %(value)s"),
    "lt": gettext_lazy("is less than %(value)s"),
    "lte": gettext_lazy("is at most %(value)s"),
    "before": gettext_lazy("is before %(value)s"),
    "after": gettext_lazy("is after %(value)s"),
}


class Certain(Func):
    """A test that is false where its value is absent."""

    output_field = BooleanField()
    template = "coalesce(%(expressions)s, false)"


class Compared(Func):
    """`left operator right`, with an operator from our own table."""

    output_field = BooleanField()
    template = "(%(expressions)s)"

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, arg_joiner=f" {operator} ")


class AsJson(Func):
    """A Python value as a jsonb parameter."""

    output_field = JSONField()
    template = "(%(expressions)s)::jsonb"

    def __init__(self, value: Any) -> None:
        super().__init__(Value(json.dumps(value), output_field=TextField()))


def json_at(column: str, path: str) -> Func:
    """The value at a dotted path inside a JSON column; an empty path is the column itself."""
    keys = Value(path.split(".") if path else [], output_field=ArrayField(TextField()))
    return Func(F(column), keys, template="(%(expressions)s)", arg_joiner=" #> ", output_field=JSONField())


def compile_test(value: Func, test: str, wanted: Any) -> Q:
    """One test on a JSON expression, as part of a query; `wanted` has been checked."""
    return Q(Certain(_COMPILERS[test](value, wanted)))


def _is(value: Func, wanted: Any) -> Func:
    return Compared(value, "=", AsJson(wanted))


def _in(value: Func, wanted: list[Any]) -> Func:
    return Func(value, AsJson(wanted), function="engagement_json_in", output_field=BooleanField())


def _contains(value: Func, wanted: Any) -> Func:
    return Func(value, AsJson(wanted), function="engagement_json_contains", output_field=BooleanField())


def _exists(value: Func, wanted: bool) -> Func:
    kind = Func(value, function="jsonb_typeof", output_field=TextField())
    known = Func(kind, Value("null"), function="coalesce", output_field=TextField())
    return Compared(known, "<>" if wanted else "=", Value("null"))


def _number(operator: str) -> Callable[[Func, Any], Func]:
    def compare(value: Func, wanted: float) -> Func:
        number = Func(value, function="engagement_json_number", output_field=DecimalField())
        return Compared(number, operator, Value(Decimal(str(wanted))))

    return compare


def _moment(operator: str) -> Callable[[Func, Any], Func]:
    def compare(value: Func, wanted: str) -> Func:
        moment = Func(value, function="engagement_json_moment", output_field=DateTimeField())
        return Compared(moment, operator, Value(read_moment(wanted)))

    return compare


_COMPILERS: dict[str, Callable[[Func, Any], Func]] = {
    "is": _is,
    "in": _in,
    "contains": _contains,
    "exists": _exists,
    "gt": _number(">"),
    "gte": _number(">="),
    "lt": _number("<"),
    "lte": _number("<="),
    "before": _moment("<"),
    "after": _moment(">"),
}


def check_test(leaf: dict[str, Any], *, also: Collection[str]) -> list[Problem]:
    """What is wrong with the one test of a leaf whose other keys are `also`."""
    tests = [key for key in leaf if key not in also]
    if len(tests) != 1 or tests[0] not in TESTS:
        named = ", ".join(f'"{key}"' for key in tests) or _("none")
        said = _("needs exactly one test, and has %(named)s; choose one of %(known)s")
        return [Problem("", said % {"named": named, "known": ", ".join(TESTS)})]
    test = tests[0]
    message = _CHECKS[test](leaf[test])
    return [Problem(test, message)] if message else []


def is_scalar(value: object) -> bool:
    """A text of bounded length, a finite number, or true or false."""
    if isinstance(value, str):
        return is_text(value, empty=True)
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**18)


def is_text(value: object, *, empty: bool = False) -> bool:
    """A text of bounded length that the database can hold: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value or not (value or empty):
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _check_scalar(value: object) -> str:
    if is_scalar(value):
        return ""
    return _("write a text of up to %(most)s characters, a number, true or false") % {"most": MAX_TEXT}


def _check_list(value: object) -> str:
    if isinstance(value, list) and 1 <= len(value) <= MAX_LIST and all(is_scalar(item) for item in value):
        return ""
    return _("write a list of 1 to %(most)s texts, numbers, true or false") % {"most": MAX_LIST}


def _check_boolean(value: object) -> str:
    return "" if isinstance(value, bool) else _("write true or false")


def _check_number(value: object) -> str:
    return "" if is_scalar(value) and not isinstance(value, bool | str) else _("write a number")


def _check_moment(value: object) -> str:
    return "" if read_moment(value) else str(MOMENT_REMEDY)


_CHECKS: dict[str, Callable[[object], str]] = {
    "is": _check_scalar,
    "in": _check_list,
    "contains": _check_scalar,
    "exists": _check_boolean,
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _check_number),
    **dict.fromkeys(("before", "after"), _check_moment),
}


def describe_test(leaf: dict[str, Any]) -> str:
    """The test of a leaf in words, such as `is “gold”`; the leaf has been checked."""
    test = next(key for key in leaf if key in TESTS)
    wanted = leaf[test]
    if test == "exists":
        return _("is known") if wanted else _("is not known")
    if test == "in":
        return _("is one of %(values)s") % {"values": ", ".join(quote(item) for item in wanted)}
    return str(SAID[test] % {"value": quote(wanted) if test in ("is", "contains") else wanted})


def quote(value: object) -> str:
    """A value as it stands in a sentence."""
    return _("“%(value)s”") % {"value": value} if isinstance(value, str) else json.dumps(value)
