"""Nudges that an event starts, on the pages and through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nudges.considering import consider_entries, consider_events
from nudges.deciding import decide_nudges
from nudges.models import Decision, Nudge
from nudges.records import customer_record
from nudges.starts import delay_in_words, start_in_words
from tests import make, make_messages
from tests.make import NOW
from tests.make_api import caller
from tests.make_dashboard import Office, declared, text_of
from tests.nudges.test_api_nudges import nudge_in
from tests.nudges.test_considering_events import happen, starting

pytestmark = pytest.mark.django_db
STARTED: dict[str, Any] = {
    "trigger": "event",
    "trigger_event": "Order Delivered",
    "trigger_where": [{"property": "total", "gte": 50}],
    "trigger_delay_seconds": 14 * 86400,
    "trigger_unless": [{"event": "Order Refunded", "same": "order_id"}],
}
ROWS = {
    "trigger": "event",
    "trigger_event": "Order Delivered",
    "delay": "14",
    "unit": "86400",
    "where-0-property": "total",
    "where-0-test": "gte",
    "where-0-value": "50",
    "unless-0-event": "Order Refunded",
    "unless-0-same": "order_id",
}


@pytest.fixture
def office() -> Office:
    return Office().furnish()


def test_it_is_declared_in_the_editor_and_comes_back_as_it_was(office: Office) -> None:
    client = office.enter("marketer")
    client.post("/nudges/new", declared(office, **ROWS))
    nudge = Nudge.objects.get(trigger="event")
    assert {name: getattr(nudge, name) for name in STARTED} == STARTED
    page = client.get(f"/nudges/{nudge.pk}/edit")
    assert 'value="Order Delivered"' in page.content.decode()
    assert page.context["start"].tests[0].initial == {
        "property": "total",
        "test": "gte",
        "value": "50",
    }
    client.post(f"/nudges/{nudge.pk}/edit", declared(office, **ROWS))
    nudge.refresh_from_db()
    assert nudge.version == 1, "saving what stands there changes nothing"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"trigger_event": ""}, "Write the name of the event"),
        ({"where-0-value": "much"}, "write a number"),
        ({"delay": "400"}, "at most a year"),
    ],
)
def test_what_cannot_start_one_is_said_at_its_field(
    office: Office, changed: dict[str, str], said: str
) -> None:
    answer = office.enter("marketer").post("/nudges/new", declared(office, **ROWS | changed))
    assert said in text_of(answer)
    assert not Nudge.objects.filter(trigger="event").exists()


def test_its_page_says_what_starts_it_and_who_waits(office: Office) -> None:
    nudge = starting(office.workspace, trigger_unless=STARTED["trigger_unless"])
    ada = make.customer(office.workspace, email="ada@example.org", name="Ada Lovelace")
    happen(ada, order_id="A1")
    consider_events(now=NOW)
    page = text_of(office.enter("analyst").get(f"/nudges/{nudge.pk}"))
    assert (
        "14 days after “Order Delivered”, unless since then “Order Refunded” with the same order_id." in page
    )
    assert "1 customer since the event" in page
    assert "Ada Lovelace" in page
    assert customer_record(ada)["messages_to_come"][0]["event_name"] == "Order Delivered"


def test_the_ledger_names_the_event_behind_a_decision(office: Office) -> None:
    starting(office.workspace)
    ada = make.customer(office.workspace, email="ada@example.org")
    happen(ada)
    consider_events(now=NOW)
    later = NOW + timedelta(days=14)
    consider_entries(now=later)
    decide_nudges(now=later + timedelta(hours=1))
    decision = Decision.objects.get(customer=ada)
    page = text_of(office.enter("analyst").get(f"/decisions/{decision.pk}"))
    assert "Order Delivered on 4 Mar 2026, 12:00, 14 days before" in page
    told = caller(office.workspace).get(f"decisions/{decision.pk}").json()["started_by"]
    assert told["event"] == "Order Delivered"
    assert told["at"].startswith("2026-03-04T12:00:00")


def test_a_dry_run_asks_about_those_whom_the_event_happened_to(office: Office) -> None:
    nudge = starting(office.workspace)
    make.customer(office.workspace, email="bob@example.org", name="Bob")
    ada = make.customer(office.workspace, email="ada@example.org", name="Ada Lovelace")
    happen(ada, at=make.NOW)
    page = office.enter("marketer").get(f"/nudges/{nudge.pk}/dry-run")
    assert page.context["total"] <= 1, "at most those who had it in the last 30 days"
    assert "Bob" not in text_of(page)


def test_the_api_writes_and_reads_what_starts_it(office: Office) -> None:
    shop = caller(office.workspace)
    made = shop.post("nudges", nudge_in(**STARTED)).json()
    assert {name: made[name] for name in STARTED} == STARTED
    assert made["trigger_since"] is None
    active = shop.post(f"nudges/{made['id']}/activate").json()
    assert active["trigger_since"] is not None
    office.workspace.refresh_from_db()
    assert office.workspace.event_readers == ["nudges"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"trigger_event": ""}, "/trigger_event"),
        ({"trigger_where": [{"property": "total", "is": 1, "in": [1]}]}, "/trigger_where"),
        ({"trigger_where": [{"property": "total", "near": 1}]}, "/trigger_where"),
        ({"trigger_unless": [{"same": "order_id"}]}, "/trigger_unless"),
        ({"trigger_delay_seconds": -1}, "/trigger_delay_seconds"),
    ],
)
def test_the_api_names_what_cannot_start_one(office: Office, fields: dict[str, Any], pointer: str) -> None:
    answer = caller(office.workspace).post("nudges", nudge_in(**STARTED | fields))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert not Nudge.objects.filter(trigger="event").exists()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, ""), (86400, "1 day"), (14 * 86400, "14 days"), (36 * 3600, "36 hours"), (90, "90 seconds")],
)
def test_a_delay_is_said_in_the_largest_whole_unit(seconds: int, words: str) -> None:
    assert delay_in_words(seconds) == words


def test_what_starts_at_once_says_so(office: Office) -> None:
    nudge = make_messages.nudge(
        office.workspace, trigger="event", trigger_event="Signed Up", trigger_since=NOW
    )
    assert start_in_words(nudge) == "At once after “Signed Up”."
