"""Calendar caps: the day, week and month of the customer's own clock, on days of 23 and 25 hours, and after a move."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engagement.models import Workspace
from nudges.models import Message, Nudge
from tests import make, make_nudges
from tests.nudges.deciding_one import became, decide

pytestmark = pytest.mark.django_db
SENT, CAPPED = ("send", "sent"), ("suppress", "capped")


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "first", "same_day", "next_day"),
    [
        ("UTC", "2026-03-04 00:00", "2026-03-04 23:59:59", "2026-03-05 00:00"),
        ("Asia/Kolkata", "2026-03-04 00:00", "2026-03-04 23:59", "2026-03-05 00:00"),
        ("Asia/Kathmandu", "2026-03-04 00:10", "2026-03-04 23:59", "2026-03-05 00:00"),
        ("Australia/Lord_Howe", "2026-04-04 23:00", "2026-04-04 23:59", "2026-04-05 00:00"),
        ("Pacific/Kiritimati", "2026-03-04 00:10", "2026-03-04 23:59", "2026-03-05 00:00"),
        # 29 March 2026 has 23 hours in Berlin, 25 October has 25.
        ("Europe/Berlin", "2026-03-29 00:30", "2026-03-29 23:59", "2026-03-30 00:00"),
        ("Europe/Berlin", "2026-10-25 00:00", "2026-10-25 23:59", "2026-10-26 00:00"),
        # In São Paulo the clock went from midnight to one o'clock on 4 November 2018: that day began at one.
        ("America/Sao_Paulo", "2018-11-04 01:00", "2018-11-04 23:59", "2018-11-05 00:00"),
        ("America/Sao_Paulo", "2018-11-03 00:00", "2018-11-03 23:59", "2018-11-04 01:00"),
        # … and from midnight back to eleven on 17 February 2018: that Saturday had 25 hours.
        ("America/Sao_Paulo", "2018-02-17 00:00", "2018-02-17 23:59", "2018-02-18 00:00"),
    ],
)
def test_a_day_is_the_customers_day(
    zone: str, first: str, same_day: str, next_day: str, workspace: Workspace
) -> None:
    make_nudges.cap(workspace, 1, per="day")
    customer = make.customer(workspace, email="a@example.org", timezone=zone)
    nudge = make_nudges.nudge(workspace)
    for text, expected in ((first, SENT), (same_day, CAPPED), (next_day, SENT)):
        moment = at(text, zone)
        assert became(make_nudges.candidate(nudge, customer, at=moment), moment) == expected, text


def test_the_second_of_a_doubled_hour_is_still_the_same_day(workspace: Workspace) -> None:
    make_nudges.cap(workspace, 1, per="day")
    customer = make.customer(workspace, email="a@example.org", timezone="America/Sao_Paulo")
    nudge = make_nudges.nudge(workspace)
    first, second = (at("2018-02-17 23:30", "America/Sao_Paulo").replace(fold=fold) for fold in (0, 1))
    assert first.timestamp() + 3600 == second.timestamp()
    assert became(make_nudges.candidate(nudge, customer, at=first), first) == SENT
    assert became(make_nudges.candidate(nudge, customer, at=second), second) == CAPPED


def test_a_capped_day_frees_at_the_next_local_midnight(workspace: Workspace) -> None:
    make_nudges.cap(workspace, 1, per="day")
    customer = make.customer(workspace, email="a@example.org", timezone="Europe/Berlin")
    nudge = make_nudges.nudge(workspace)
    moment = at("2026-10-25 12:00", "Europe/Berlin")
    became(make_nudges.candidate(nudge, customer, at=moment), moment)
    assert decide(make_nudges.candidate(nudge, customer, at=moment), moment).allowed_at == at(
        "2026-10-26 00:00", "Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("unit", "first", "inside", "after"),
    [
        ("week", "2026-03-02 00:00", "2026-03-08 23:59", "2026-03-09 00:00"),  # from Monday
        ("month", "2026-02-01 00:00", "2026-02-28 23:59", "2026-03-01 00:00"),
        ("month", "2026-03-01 00:00", "2026-03-31 23:59", "2026-04-01 00:00"),  # an hour short
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(
    workspace: Workspace, unit: str, first: str, inside: str, after: str
) -> None:
    make_nudges.cap(workspace, 1, per=unit)
    customer = make.customer(workspace, email="a@example.org", timezone="Europe/Berlin")
    nudge = make_nudges.nudge(workspace)
    for text, expected in ((first, SENT), (inside, CAPPED), (after, SENT)):
        moment = at(text, "Europe/Berlin")
        assert became(make_nudges.candidate(nudge, customer, at=moment), moment) == expected, text


def test_calendar_and_rolling_are_two_different_things(workspace: Workspace) -> None:
    customer = make.customer(workspace, email="a@example.org")
    nudge = make_nudges.nudge(workspace)
    evening, morning = at("2026-03-04 23:00", "UTC"), at("2026-03-05 07:00", "UTC")
    make_nudges.sent(nudge, customer, at=evening)
    make_nudges.cap(workspace, 1, per="day")
    assert became(make_nudges.candidate(nudge, customer, at=morning), morning) == SENT
    make_nudges.cap(workspace, 2, per=86400)
    assert became(make_nudges.candidate(nudge, customer, at=morning), morning) == CAPPED


def test_a_customer_without_a_zone_lives_by_the_workspaces(nudge: Nudge) -> None:
    workspace = nudge.workspace
    workspace.timezone = "Asia/Tokyo"
    workspace.save()
    make_nudges.cap(workspace, 1, per="day")
    customer = make.customer(workspace, email="a@example.org")
    before, after = at("2026-03-04 23:59", "Asia/Tokyo"), at("2026-03-05 00:01", "Asia/Tokyo")
    assert became(make_nudges.candidate(nudge, customer, at=before), before) == SENT
    assert became(make_nudges.candidate(nudge, customer, at=after), after) == SENT
    assert set(Message.objects.values_list("zone", flat=True)) == {"Asia/Tokyo"}


@pytest.mark.parametrize("zone", ["Mars/Olympus", "UTC'; DROP TABLE x; --", "€", "Europe/Berlin "])
def test_a_zone_that_nobody_knows_stops_nobody(workspace: Workspace, nudge: Nudge, zone: str) -> None:
    customer = make.customer(workspace, email="a@example.org", timezone=zone)
    assert became(make_nudges.candidate(nudge, customer)) == SENT
    assert Message.objects.get().zone == "UTC"


@pytest.mark.parametrize(
    ("old", "new", "sent_at", "now"),
    [
        # 23:00 in Berlin; an hour and a half later the customer has flown west and it is 18:30 of the same old day.
        ("Europe/Berlin", "America/New_York", "2026-03-04T22:00+00:00", "2026-03-04T23:30+00:00"),
        # 17:00 in New York; the customer is found to be in Berlin, where a new day has begun. New York's has not ended.
        ("America/New_York", "Europe/Berlin", "2026-03-04T22:00+00:00", "2026-03-04T23:30+00:00"),
        # Over the date line, forth and back.
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", "2026-03-04T10:30+00:00", "2026-03-04T11:30+00:00"),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", "2026-03-04T09:30+00:00", "2026-03-04T10:30+00:00"),
    ],
)
def test_a_move_opens_no_second_window(
    workspace: Workspace, old: str, new: str, sent_at: str, now: str
) -> None:
    make_nudges.cap(workspace, 1, per="day")
    customer = make.customer(workspace, email="a@example.org", timezone=old)
    nudge = make_nudges.nudge(workspace)
    first, second = datetime.fromisoformat(sent_at), datetime.fromisoformat(now)
    assert became(make_nudges.candidate(nudge, customer, at=first), first) == SENT
    customer.timezone = new
    customer.save()
    decision = decide(make_nudges.candidate(nudge, customer, at=second), second)
    assert (decision.outcome, decision.reason) == CAPPED
    # It is free when the day has ended in both places, and not before.
    assert decision.allowed_at is not None
    for moment, expected in (
        (decision.allowed_at.timestamp() - 1, CAPPED),
        (decision.allowed_at.timestamp(), SENT),
    ):
        then = datetime.fromtimestamp(moment, tz=ZoneInfo("UTC"))
        assert became(make_nudges.candidate(nudge, customer, at=then), then) == expected


def test_once_moved_what_is_sent_now_may_free_before_what_was_sent_there(workspace: Workspace) -> None:
    make_nudges.cap(workspace, 2, per="day")
    customer = make.customer(workspace, email="a@example.org", timezone="Europe/Berlin")
    nudge = make_nudges.nudge(workspace)
    earlier, now = at("2026-03-04 15:00", "Europe/Berlin"), at("2026-03-04 16:00", "Europe/Berlin")
    there = make_nudges.sent(nudge, customer, at=earlier, zone="America/New_York")  # until 6 in Berlin
    first, second = (make_nudges.candidate(nudge, customer, at=now) for _ in range(2))
    decision = decide(second, now)
    here = Message.objects.get(candidate=first)  # until midnight
    assert (decision.reason, decision.winner_id, decision.count) == ("outranked", first.pk, 2)
    assert decision.used_by == [there.pk, here.pk]
    assert decision.allowed_at == at("2026-03-05 00:00", "Europe/Berlin")
