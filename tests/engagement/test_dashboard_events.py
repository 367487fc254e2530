"""Live events: what arrives, what was refused and why."""

from __future__ import annotations

import pytest

from tests import make, make_dashboard
from tests.make_dashboard import Office, events, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def test_before_the_first_event_a_line_to_copy_is_shown(office: Office) -> None:
    client = office.enter()
    assert "Make a write key" in text_of(client.get("/events"))
    key = make_dashboard.write_key(office.workspace)
    page = text_of(client.get("/events"))
    assert f"curl -u &#x27;{key.public_key}:&#x27;" in page or f"curl -u '{key.public_key}:'" in page


def test_events_come_newest_first_with_who_did_them(office: Office) -> None:
    events(office.workspace, 2, "Product Viewed")
    events(office.workspace, 1, "Order Completed")
    client = office.enter("analyst")
    page = client.get("/events").context["page"]
    assert [event.received_at for event in page.rows] == sorted(
        (e.received_at for e in page.rows), reverse=True
    )
    assert "Product Viewed" not in text_of(client.get("/events?q=order", headers={"HX-Request": "true"}))


def test_refused_events_say_why_and_what_was_sent(office: Office) -> None:
    make_dashboard.rejected(office.workspace)
    make_dashboard.rejected(make.workspace(), message="Somebody else's")
    page = text_of(office.enter("analyst").get("/events?show=rejected"))
    assert "An event needs a userId" in page
    assert "Product Viewed" in page
    assert "Somebody else" not in page


def test_what_events_carry_is_escaped(office: Office) -> None:
    make_dashboard.rejected(office.workspace, payload={"x": "<script>alert(1)</script>"})
    assert "<script>alert" not in office.enter().get("/events?show=rejected").content.decode()


def test_the_live_part_comes_alone(office: Office) -> None:
    page = text_of(office.enter().get("/events", headers={"HX-Request": "true"}))
    assert page.startswith('<div id="events"')
