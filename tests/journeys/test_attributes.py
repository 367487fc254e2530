"""Kinds of questions about a situation: what they take, their bins, and what cannot be asked."""

from __future__ import annotations

from typing import Any

import pytest

from journeys.attributes import (
    BadAnswer,
    answer_to,
    attribute_of,
    bins_of,
    check_attributes,
    tidy_attributes,
)

WEIGHT = {
    "key": "weight",
    "kind": "numeric",
    "cuts": [60, 75],
    "unit": "kg",
    "options": bins_of([60, 75], "kg"),
}
USES = {"key": "uses", "kind": "set", "options": ["road", "trail", "track"]}


def test_bins_hold_their_lower_limit_and_not_their_upper_one() -> None:
    assert bins_of([60, 75], "kg") == ["< 60 kg", "60–75 kg", "≥ 75 kg"]
    told = [answer_to(WEIGHT, figure) for figure in (59.9, 60, "74,5", 75, 200)]
    assert told == ["< 60 kg", "60–75 kg", "60–75 kg", "≥ 75 kg", "≥ 75 kg"]
    assert answer_to(WEIGHT, "60–75 kg") == "60–75 kg"


@pytest.mark.parametrize(
    ("row", "given", "kept"),
    [
        (USES, ["track", "road"], ["road", "track"]),
        (USES, "trail", ["trail"]),
        ({"key": "x", "options": ["a", "b"]}, "b", "b"),
        ({"key": "x", "kind": "yes_no", "options": ["Ja", "Nein"]}, False, "Nein"),
        ({"key": "x"}, "1.5", 1.5),
    ],
)
def test_answers_are_kept_as_their_kind_has_them(row: dict[str, Any], given: Any, kept: Any) -> None:
    assert answer_to(row, given) == kept


@pytest.mark.parametrize(
    ("row", "given"),
    [(USES, ["moon"]), (USES, []), (WEIGHT, "heavy"), (WEIGHT, float("nan")), ({"key": "x"}, True)],
)
def test_what_is_no_answer_is_refused(row: dict[str, Any], given: Any) -> None:
    with pytest.raises(BadAnswer):
        answer_to(row, given)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"key": "a", "kind": "poem"}, "kind"),
        ({"key": "a", "kind": "ordinal", "options": ["one"]}, "options"),
        ({"key": "a", "kind": "set", "options": ["x", "x"]}, "options"),
        ({"key": "a", "kind": "numeric", "cuts": [3, 2]}, "cuts"),
        ({"key": "a", "kind": "numeric", "cuts": ["some"]}, "cuts"),
        ({"key": "a", "kind": "yes_no", "is_sensitive": True}, "purpose"),
    ],
)
def test_what_cannot_be_asked_is_said_by_field(row: dict[str, Any], field: str) -> None:
    assert [fault.field for fault in check_attributes([row])] == [field]


def test_a_name_is_asked_once() -> None:
    row = {"key": "a", "kind": "yes_no"}
    assert [(fault.place, fault.field) for fault in check_attributes([row, row])] == [(1, "key")]


def test_other_floors_see_bins_as_an_order_and_yes_and_no_as_a_choice() -> None:
    rows = tidy_attributes([{**WEIGHT, "options": []}, {"key": "y", "kind": "yes_no"}, USES], locale="de-AT")
    kinds = [(one.kind, one.options[0]) for one in map(attribute_of, rows)]
    assert kinds == [("ordinal", "< 60 kg"), ("nominal", "Ja"), ("set", "road")]
