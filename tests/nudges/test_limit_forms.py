"""Caps as the page of limits takes them: every scope by name, and windows of any length from a minute to 90 days."""

from __future__ import annotations

from typing import Any

import pytest

from engagement.models import Channel, Workspace
from nudges.dashboard.limit_forms import CapForm
from nudges.models import CapScope, Interest, Promise
from tests import make, make_flows, make_nudges

pytestmark = pytest.mark.django_db


def cap_form(workspace: Workspace, **fields: Any) -> CapForm:
    asked = {"limit": 1, "scope": "any", "window": "rolling", "length": 1, "unit": "days"} | fields
    return CapForm(asked, workspace=workspace)


@pytest.mark.parametrize(
    ("length", "unit", "seconds"),
    [(1, "minutes", 60), (24, "hours", 86_400), (7, "days", 604_800), (90, "days", 7_776_000)],
)
def test_any_window_from_a_minute_to_90_days_is_taken(length: int, unit: str, seconds: int) -> None:
    form = cap_form(make.workspace(), length=length, unit=unit)
    assert form.is_valid()
    assert (form.values()["seconds"], form.values()["unit"]) == (seconds, "")


@pytest.mark.parametrize(
    ("length", "unit"), [(0, "minutes"), (91, "days"), (90 * 24 + 1, "hours"), ("", "days"), (1, "years")]
)
def test_any_other_is_refused_with_the_remedy(length: Any, unit: str) -> None:
    form = cap_form(make.workspace(), length=length, unit=unit)
    assert not form.is_valid()
    assert "one minute to 90 days" in str(form.errors["length"])


def test_a_calendar_window_is_a_day_a_week_or_a_month() -> None:
    workspace = make.workspace()
    for unit in ("day", "week", "month"):
        form = cap_form(workspace, window="calendar", calendar=unit)
        assert form.is_valid()
        assert (form.values()["seconds"], form.values()["unit"]) == (None, unit)
    assert "calendar" in cap_form(workspace, window="calendar", calendar="year").errors


def test_a_cap_may_be_on_one_of_each_scope() -> None:
    workspace = make.workspace()
    known = {
        CapScope.CHANNEL: Channel.EMAIL,
        CapScope.CATEGORY: make.category(workspace, "tips").slug,
        CapScope.INTEREST: Interest.BUSINESS,
        CapScope.PROMISE: Promise.ADAPT,
        CapScope.FLOW: make_flows.flow(workspace, slug="welcome").slug,
        CapScope.NEED: make_nudges.need(workspace, "espresso").slug,
    }
    assert {CapScope.ANY, *known} == set(CapScope)
    for scope, value in known.items():
        assert cap_form(workspace, scope=scope, scope_value=value).is_valid(), scope
    other = make_flows.flow(make.workspace(), slug="not-ours")
    assert "scope_value" in cap_form(workspace, scope="flow", scope_value=other.slug).errors
