"""Caps and the contact policy by API."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from engagement.models import AuditEntry
from nudges.models import Cap, Policy
from tests import make, make_nudges
from tests.make_api import caller

pytestmark = pytest.mark.django_db

TWO_A_DAY = {"scope": "any", "window": "rolling", "seconds": 86_400, "limit": 2}
ONE_BY_SMS = {"scope": "channel", "scope_value": "sms", "window": "calendar", "unit": "week", "limit": 1}


def test_limits_are_replaced_as_a_whole() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    assert shop.get("policy").json()["caps"] == []
    assert not Policy.objects.exists()
    body = {
        "quiet_start": "21:00",
        "quiet_end": "08:00",
        "business_limit": 1,
        "caps": [TWO_A_DAY, ONE_BY_SMS],
    }
    first = shop.put("policy", body)
    assert first.status_code == 200
    policy = first.json()
    assert (policy["quiet_start"], policy["business_limit"], len(policy["caps"])) == ("21:00:00", 1, 2)
    assert shop.get("policy").json() == policy

    second = shop.put("policy", {"caps": [TWO_A_DAY | {"limit": 3}]}).json()
    assert (second["quiet_start"], second["business_limit"]) == (None, None)
    [cap] = second["caps"]
    assert (cap["limit"], cap["version"]) == (3, 2)
    assert cap["id"] in {row["id"] for row in policy["caps"]}
    assert second["version"] > policy["version"]
    assert Cap.objects.filter(archived_at=None).count() == 1
    assert Cap.objects.count() == 2  # decisions that name it still find it
    version = second["version"]
    assert shop.put("policy", {"caps": [TWO_A_DAY | {"limit": 3}]}).json()["version"] == version


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/caps"),
        ({"caps": [TWO_A_DAY | {"seconds": 59}]}, "/caps/0/seconds"),
        ({"caps": [TWO_A_DAY | {"seconds": 90 * 86_400 + 1}]}, "/caps/0/seconds"),
        ({"caps": [TWO_A_DAY | {"seconds": None}]}, "/caps/0/seconds"),
        ({"caps": [TWO_A_DAY | {"unit": "day"}]}, "/caps/0/seconds"),
        ({"caps": [ONE_BY_SMS | {"unit": "year"}]}, "/caps/0/unit"),
        ({"caps": [ONE_BY_SMS | {"seconds": 60}]}, "/caps/0/unit"),
        ({"caps": [TWO_A_DAY, TWO_A_DAY | {"limit": 9}]}, "/caps/1/scope"),
        ({"caps": [ONE_BY_SMS | {"scope_value": "pigeon"}]}, "/caps/0/scope_value"),
        ({"caps": [TWO_A_DAY | {"scope_value": "email"}]}, "/caps/0/scope_value"),
        ({"caps": [TWO_A_DAY | {"scope": "flow", "scope_value": "no-such"}]}, "/caps/0/scope_value"),
        ({"caps": [TWO_A_DAY | {"limit": -1}]}, "/caps/0/limit"),
        ({"caps": [], "min_gap_seconds": 90 * 86_400 + 1}, "/min_gap_seconds"),
        ({"caps": [], "business_window_seconds": 59}, "/business_window_seconds"),
        ({"caps": [TWO_A_DAY | {"floor": 3}]}, "/caps/0/floor"),
        ({"caps": [], "quiet_start": "21:00"}, "/quiet_end"),
        ({"caps": [], "quiet_start": "21:00", "quiet_end": "21:00"}, "/quiet_end"),
        ({"caps": [], "business_share_percent": 101}, "/business_share_percent"),
        ({"caps": [], "allow_service_exempt": True}, "/allow_service_exempt"),
    ],
)
def test_what_cannot_be_taken_leaves_the_limits_as_they_were(body: dict[str, Any], pointer: str) -> None:
    workspace = make.workspace()
    make_nudges.cap(workspace, 1)
    answer = caller(workspace).put("policy", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert Cap.objects.get(archived_at=None).limit == 1
    assert not AuditEntry.objects.exists()


def test_limits_belong_to_the_keys_own_workspace() -> None:
    one, other = make.workspace(), make.workspace()
    make_nudges.cap(other, 7)
    caller(one).put("policy", {"caps": [TWO_A_DAY]})
    assert [cap.limit for cap in Cap.objects.filter(workspace=other, archived_at=None)] == [7]
    assert [cap["limit"] for cap in caller(one).get("policy").json()["caps"]] == [2]
    reader = caller(one, "policy:read")
    assert reader.put("policy", {"caps": []}).status_code == 403
    assert Cap.objects.filter(workspace=one, archived_at=None).count() == 1


def test_a_floor_is_kept_but_the_adaptive_cap_is_not_switched_on_by_api() -> None:
    shop = caller(make.workspace())
    body = {"caps": [TWO_A_DAY | {"floor": 1}], "look_ahead_seconds": 0}
    policy = shop.put("policy", body).json()
    assert (policy["caps"][0]["floor"], policy["is_adaptive"], policy["look_ahead_seconds"]) == (1, False, 0)
    assert shop.put("policy", body | {"is_adaptive": True}).status_code == 422
    assert shop.put("policy", {"caps": [TWO_A_DAY]}).json()["caps"][0]["floor"] is None


def test_a_customers_pressure_is_told_with_what_the_adaptive_cap_goes_by() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace, email="a@example.org")
    cap = make_nudges.cap(workspace, 2, per=30 * 86_400)
    message = make_nudges.sent(make_nudges.nudge(workspace), customer, at=timezone.now() - timedelta(days=5))
    told = caller(workspace).get(f"customers/{customer.pk}/pressure").json()
    [limit] = told["limits"]
    assert (limit["rule"], limit["count"], limit["limit"], limit["used_by"]) == (
        f"cap:{cap.pk}",
        1,
        2,
        [message.pk],
    )
    assert (told["adaptive"]["is_on"], told["adaptive"]["ignored_in_a_row"]) == (False, 1)
    assert caller(make.workspace()).get(f"customers/{customer.pk}/pressure").status_code == 404
