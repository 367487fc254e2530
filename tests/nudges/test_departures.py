"""What of a broadcast was decided and has not left yet, in words, on its page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nudges import departures
from nudges.channels import channels_named
from nudges.departures import departures_of
from nudges.models import Broadcast, Candidate, Circuit, Message, Nudge, Throughput
from tests import make, make_dashboard, make_messages
from tests.make import NOW
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def office() -> Office:
    return Office().furnish()


@pytest.fixture
def broadcast(office: Office) -> Broadcast:
    Throughput.objects.all().delete()
    return make_dashboard.broadcast(office.nudge)


def letters(broadcast: Broadcast, number: int, **fields: object) -> None:
    """So many messages of the broadcast by e-mail, decided and due."""
    for n in range(number):
        customer = make.customer(broadcast.workspace, email=f"{n}-{Message.objects.count()}@example.org")
        made = make_messages.message(broadcast.nudge, customer)
        Message.objects.filter(pk=made.pk).update(**fields)
        Candidate.objects.filter(pk=made.candidate_id).update(broadcast=broadcast)


def said(broadcast: Broadcast) -> list[tuple[str, str]]:
    return [(one.waiting, one.why) for one in departures_of(broadcast, now=NOW).rows]


def test_each_cause_is_said_with_how_many_wait_for_it(broadcast: Broadcast) -> None:
    letters(broadcast, 1)
    letters(broadcast, 2, next_attempt_at=NOW + HOUR)
    letters(broadcast, 3, next_attempt_at=NOW + HOUR, error="421 busy")
    letters(broadcast, 1, state="sent", next_attempt_at=None)
    assert said(broadcast) == [
        ("3 by E-mail", "The provider did not take them; they are tried again."),
        (
            "2 by E-mail",
            "It is night for these customers, they paused messages, or it is outside the hours for sending.",
        ),
        ("1 by E-mail", "They leave in a moment."),
    ]
    assert [one.soonest for one in departures_of(broadcast, now=NOW).rows] == [NOW + HOUR, NOW + HOUR, None]


def test_a_pace_that_was_set_is_named(broadcast: Broadcast) -> None:
    letters(broadcast, 2)
    Throughput.objects.create(
        workspace=broadcast.workspace, channel="email", messages=60, seconds=60, tokens=0, filled_at=NOW
    )
    Throughput.objects.create(
        workspace=broadcast.workspace, channel="sms", messages=1, seconds=60, tokens=0, filled_at=NOW
    )
    [(_waiting, why)] = said(broadcast)
    assert why == "By E-mail at most 60 messages leave a minute."


def test_a_provider_that_fails_is_said_before_any_pace(broadcast: Broadcast) -> None:
    letters(broadcast, 1)
    for one in channels_named("email"):
        Circuit.objects.create(provider=one.provider, failures=3, open_until=NOW + HOUR, changed_at=NOW)
    assert said(broadcast) == [
        ("1 by E-mail", "Its provider takes nothing at the moment; it is tried again every few minutes.")
    ]
    [later] = departures_of(broadcast, now=NOW + 2 * HOUR).rows
    assert later.why == "They leave in a moment."


def test_what_was_put_off_because_the_broadcast_is_paused_says_so(broadcast: Broadcast) -> None:
    letters(broadcast, 1, next_attempt_at=NOW + HOUR)
    broadcast.state = "paused"
    assert said(broadcast) == [("1 by E-mail", "The broadcast is paused; they leave when it goes on.")]


def test_of_a_long_queue_the_first_are_looked_at_and_the_page_says_so(
    office: Office, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departures, "MOST_COUNTED", 3)
    letters(broadcast, 3)
    assert departures_of(broadcast, now=NOW).looked_at == 0
    letters(make_dashboard.broadcast(office.nudge), 2)
    found = departures_of(broadcast, now=NOW)
    assert found.looked_at == 3
    assert all("or more by E-mail" in one.waiting for one in found.rows)
    page = office.enter().get(f"/broadcasts/{broadcast.pk}").content.decode()
    assert "Of all messages that wait, 3 were looked at. More wait behind them." in page


def test_other_broadcasts_and_other_messages_of_the_nudge_are_left_out(
    office: Office, broadcast: Broadcast
) -> None:
    letters(make_dashboard.broadcast(office.nudge), 1)
    make_messages.message(Nudge.objects.get(pk=office.nudge.pk), make.customer(office.workspace))
    assert said(broadcast) == []


def test_as_many_queries_for_one_as_for_twenty(broadcast: Broadcast) -> None:
    counted = []
    for number in (1, 20):
        letters(broadcast, number)
        with CaptureQueriesContext(connection) as queries:
            departures_of(broadcast, now=NOW)
        counted.append(len(queries))
    assert counted == [5, 5]


def test_the_page_says_it(office: Office, broadcast: Broadcast) -> None:
    letters(broadcast, 2, next_attempt_at=timezone.now() + HOUR)
    page = office.enter().get(f"/broadcasts/{broadcast.pk}").content.decode()
    for words in ("Decided, but not gone yet", "2 by E-mail", "It is night for these customers"):
        assert words in page
    Message.objects.update(state="sent", next_attempt_at=None)
    assert "not gone yet" not in office.enter().get(f"/broadcasts/{broadcast.pk}").content.decode()
