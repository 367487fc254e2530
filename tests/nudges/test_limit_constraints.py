"""What the database itself refuses of limits, whatever the code does."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import transaction

from engagement.models import Customer, Workspace
from nudges.models import (
    Cap,
    Nudge,
    Policy,
    Pressure,
    Reception,
)
from tests import make_nudges
from tests.make import NOW
from tests.nudges.refusals import refused

pytestmark = pytest.mark.django_db
POLICIES = {
    "quiet_hours_both_or_none": [
        {"quiet_start": time(22)},
        {"quiet_end": time(8)},
        {"quiet_start": time(8), "quiet_end": time(8)},
    ],
    "share_is_percent": [{"business_share_percent": 101}],
}
CAPS: dict[str, list[dict[str, Any]]] = {
    "cap_window_whole": [
        {"window": "rolling", "seconds": 59},
        {"window": "rolling", "seconds": 7_776_001},
        {"window": "rolling", "seconds": None},
        {"window": "rolling", "seconds": 60, "unit": "day"},
        {"window": "calendar", "unit": "year"},
        {"window": "calendar", "unit": "day", "seconds": 60},
        {"window": "lunar", "unit": "day"},
    ],
    "cap_scope_known": [{"scope": "mood", "window": "calendar", "unit": "day"}],
    "cap_floor_below_its_limit": [{"window": "calendar", "unit": "day", "floor": 2}],
}
THROUGHPUTS = {
    "throughput_channel_pushes": {"channel": "inbox"},
    "throughput_lets_something_out": {"messages": 0},
    "throughput_seconds_known": {"seconds": 61},
}
OTHERS = {"cap_once", "throughput_once", "pressure_arrays_in_step", "reception_arrays_in_step"}
NAMES = OTHERS | POLICIES.keys() | CAPS.keys() | THROUGHPUTS.keys()


@pytest.mark.parametrize(("name", "fields"), [(name, one) for name, some in POLICIES.items() for one in some])
def test_policies(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        make_nudges.policy(workspace, **fields)
    assert not Policy.objects.exists()


@pytest.mark.parametrize(("name", "fields"), [(name, one) for name, some in CAPS.items() for one in some])
def test_caps(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        Cap.objects.create(workspace=workspace, limit=1, **{"scope": "any"} | fields)
    assert not Cap.objects.exists()


@pytest.mark.parametrize(("name", "fields"), THROUGHPUTS.items())
def test_throughputs(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        make_nudges.throughput(workspace, **{"messages": 1} | fields)
    make_nudges.throughput(workspace, 1)
    with refused("throughput_once"), transaction.atomic():
        make_nudges.throughput(workspace, 2)


@pytest.mark.parametrize(
    "window",
    [
        {"days": [], "start": "09:00", "end": "18:00"},
        {"days": [8], "start": "09:00", "end": "18:00"},
        {"days": [0], "start": "09:00", "end": "18:00"},
        {"days": [7], "start": "09:00", "end": "25:00"},
        {"days": [1], "start": "09:00", "end": "09:00"},
    ],
)
def test_send_windows(workspace: Workspace, window: dict[str, Any]) -> None:
    with refused("nudges_policy_send_windows_whole"), transaction.atomic():
        make_nudges.policy(workspace, send_windows=[window])
    with refused("nudges_nudge_send_windows_whole"), transaction.atomic():
        make_nudges.nudge(workspace, send_windows=[window])


def test_one_cap_in_force_for_a_scope_and_window(workspace: Workspace) -> None:
    cap = make_nudges.cap(workspace, 1, per="day")
    with refused("cap_once"), transaction.atomic():
        make_nudges.cap(workspace, 2, per="day")
    Cap.objects.filter(pk=cap.pk).update(archived_at=NOW)
    make_nudges.cap(workspace, 2, per="day")


@pytest.mark.parametrize(
    "name", ["message_ids", "channels", "categories", "interests", "flows", "needs", "zones"]
)
def test_the_arrays_of_pressure_keep_step(customer: Customer, nudge: Nudge, name: str) -> None:
    make_nudges.sent(nudge, customer, at=NOW)
    with refused("pressure_arrays_in_step"), transaction.atomic():
        Pressure.objects.update(**{name: []})


@pytest.mark.parametrize("name", ["signs_at", "worths"])
def test_the_arrays_of_reception_keep_step(workspace: Workspace, customer: Customer, name: str) -> None:
    arrays = {"message_ids": [1], "signs_at": [NOW], "worths": [1.0]} | {name: []}
    with refused("reception_arrays_in_step"), transaction.atomic():
        Reception.objects.create(workspace=workspace, customer=customer, **arrays)
    assert not Reception.objects.exists()
