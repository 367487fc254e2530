"""Events of a shop's server, and checking them beforehand."""

from typing import Any

import pytest

from engagement.models import Customer, Event, EventKey
from tests import make
from tests.make_api import caller

pytestmark = pytest.mark.django_db


def test_an_event_is_taken_once_for_each_message_id() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    items = {
        "items": [{"name": "viewed product", "external_id": "c-1", "message_id": f"m{n}"} for n in (1, 2, 2)]
    }
    first = shop.post("events", items)
    assert (first.status_code, first.json()) == (202, {"object": "ingested", "accepted": 2, "duplicates": 1})
    assert shop.post("events", items).json() == {"object": "ingested", "accepted": 0, "duplicates": 3}
    assert [event.name for event in Event.objects.all()] == ["Product Viewed"] * 2
    assert Customer.objects.get().external_id == "c-1"


def test_an_event_never_happens_after_it_is_received() -> None:
    shop = caller(make.workspace())
    shop.post("events", {"items": [{"name": "x", "external_id": "c", "occurred_at": "2999-01-01T00:00:00Z"}]})
    event = Event.objects.get()
    assert event.occurred_at <= event.received_at


@pytest.mark.parametrize(
    ("event", "pointer", "code"),
    [
        ({"name": "x"}, "/items/1/external_id", "required"),
        ({"external_id": "c"}, "/items/1/name", "required"),
        ({"external_id": "c", "name": "Nudge Replied"}, "/items/1/name", "reserved"),
        ({"external_id": "c", "name": "consent changed"}, "/items/1/name", "reserved"),
        ({"external_id": "c", "name": "x", "type": "alias"}, "/items/1/type", "invalid_choice"),
        ({"external_id": "c", "name": "x", "occurred_at": "now"}, "/items/1/occurred_at", "invalid"),
        ({"external_id": "c", "name": "x", "userId": "c"}, "/items/1/userId", "unknown_field"),
        ({"external_id": "x" * 201, "name": "x"}, "/items/1/external_id", "max_length"),
    ],
)
def test_one_wrong_event_keeps_all_from_being_taken(event: dict[str, Any], pointer: str, code: str) -> None:
    good = {"name": "x", "external_id": "c"}
    shop = caller(make.workspace())
    answer = shop.post("events", {"items": [good, event]})
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    checked = shop.post("events/validate", {"items": [good, event]})
    assert checked.status_code == 200
    assert checked.json()["is_valid"] is False
    assert [row["is_valid"] for row in checked.json()["data"]] == [True, False]
    assert [error["pointer"] for error in checked.json()["data"][1]["errors"]] == [pointer]
    assert not Event.objects.exists()
    assert not Customer.objects.exists()


def test_checking_tells_the_name_that_would_be_kept_and_keeps_nothing() -> None:
    answer = caller(make.workspace()).post(
        "events/validate", {"items": [{"name": "completed order", "external_id": "c", "message_id": "m"}]}
    )
    assert (answer.json()["is_valid"], answer.json()["data"][0]["name"]) == (True, "Order Completed")
    assert not Event.objects.exists()
    assert not EventKey.objects.exists()


def test_a_key_without_the_scope_records_nothing() -> None:
    workspace = make.workspace()
    answer = caller(workspace, "customers:write").post(
        "events", {"items": [{"name": "x", "external_id": "c"}]}
    )
    assert (answer.status_code, answer.json()["scope"]) == (403, "events:write")
    assert not Event.objects.exists()
