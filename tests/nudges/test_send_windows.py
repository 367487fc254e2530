"""Send windows: hours of the week by the customer's clock, apart from quiet hours, on days of 23 and 25 hours too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from psycopg2.extras import Json

from engagement.models import Customer, Workspace
from nudges.deciding import simulate
from nudges.models import Message, Nudge, Policy
from nudges.reasons import Reason
from nudges.send_windows import BadWindow, clean_windows, describe_windows
from nudges.sending import send_messages
from tests import make, make_messages, make_nudges
from tests.make_api import caller
from tests.nudges.deciding_one import HOUR, became, decide

pytestmark = pytest.mark.django_db
OFFICE = [{"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"}]
BERLIN = "Europe/Berlin"
FRIDAY = datetime(2026, 3, 6, 12, tzinfo=UTC)


def at(text: str, zone: str = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def opens(moment: datetime, windows: list[dict[str, Any]], zone: str = BERLIN) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nudges_open_at(%s, %s, nudges_week(%s::jsonb))", [moment, zone, Json(windows)])
        [found] = cursor.fetchone()
    return found


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-03-06 09:00", "2026-03-06 09:00"),  # a Friday
        ("2026-03-06 17:59:59", "2026-03-06 17:59:59"),
        ("2026-03-06 18:00", "2026-03-09 09:00"),
        ("2026-03-08 23:00", "2026-03-09 09:00"),
        ("2026-03-09 08:59:59", "2026-03-09 09:00"),
    ],
)
@pytest.mark.parametrize("zone", [BERLIN, "Asia/Kathmandu", "America/Sao_Paulo"])
def test_the_office_hours_of_a_week(moment: str, until: str, zone: str) -> None:
    assert opens(at(moment, zone), OFFICE, zone) == at(until, zone)


@pytest.mark.parametrize(
    ("moment", "window", "until"),
    [
        # Berlin's clock goes from 2 to 3 on Sunday, 29 March 2026: what lies in between is an hour later.
        (at("2026-03-28 20:00"), ("01:00", "04:00"), at("2026-03-29 01:00")),
        (at("2026-03-28 20:00"), ("02:00", "02:45"), at("2026-03-29 03:00")),
        (at("2026-03-28 20:00"), ("02:30", "04:00"), at("2026-03-29 03:30")),
        # From 3 to 2 on 25 October: one stretch from its beginning to its end, five hours for four on the clock.
        (at("2026-10-25 02:30"), ("01:00", "04:00"), at("2026-10-25 02:30")),
        (at("2026-10-25 02:30", fold=1), ("01:00", "04:00"), at("2026-10-25 02:30", fold=1)),
        (at("2026-10-25 04:00"), ("01:00", "04:00"), at("2026-11-01 01:00")),
    ],
)
def test_a_window_on_a_day_on_which_the_clock_changes(
    moment: datetime, window: tuple[str, str], until: datetime
) -> None:
    sunday = [{"days": [7], "start": window[0], "end": window[1]}]
    assert opens(moment, sunday) == until.astimezone(UTC)


def test_a_nudge_waits_for_its_window_where_the_customer_is(workspace: Workspace) -> None:
    nudge = make_nudges.nudge(workspace, send_windows=OFFICE, expires_after_hours=90)
    late = make.customer(workspace, email="a@example.org", timezone="Asia/Tokyo")  # 21:00 there
    early = make.customer(workspace, email="b@example.org", timezone="America/New_York")  # 7:00 there
    decision = decide(make_nudges.candidate(nudge, late, at=FRIDAY), FRIDAY)
    assert (decision.outcome, decision.reason, decision.rule) == ("defer", "send_window", "send_window")
    assert decision.allowed_at == at("2026-03-09 09:00", "Asia/Tokyo")
    assert "Outside the hours of the week" in Reason(decision.reason).marketer(decision)
    first = decide(make_nudges.candidate(nudge, early, at=FRIDAY), FRIDAY)
    assert first.allowed_at == at("2026-03-06 09:00", "America/New_York")
    assert not Message.objects.exists()
    assert became(make_nudges.candidate(nudge, early, at=FRIDAY), FRIDAY + 3 * HOUR) == ("send", "sent")


def test_what_is_no_longer_true_when_the_window_opens_expires(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = make_nudges.nudge(workspace, send_windows=OFFICE, expires_after_hours=10)
    saturday = FRIDAY + 24 * HOUR
    assert became(make_nudges.candidate(nudge, customer, at=saturday), saturday) == ("suppress", "expired")


def test_the_workspaces_window_and_the_nudges_hold_both_and_service_keeps_to_its_own(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, send_windows=OFFICE)
    evening = [{"days": [5, 6], "start": "17:00", "end": "22:00"}]
    nudge = make_nudges.nudge(workspace, send_windows=evening, expires_after_hours=400)
    decision = decide(make_nudges.candidate(nudge, customer, at=FRIDAY), FRIDAY)
    assert decision.allowed_at == FRIDAY.replace(hour=17)
    night = FRIDAY.replace(hour=23)
    service = make_nudges.nudge(workspace, promise="service")
    assert became(make_nudges.candidate(service, customer, at=night), night) == ("send", "sent")
    by_day = make_nudges.nudge(workspace, promise="service", send_windows=OFFICE)
    assert became(make_nudges.candidate(by_day, customer, at=night), night)[1] in ("send_window", "expired")


def test_windows_and_quiet_hours_that_leave_no_time_hold_it_back(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, quiet_start=time(18), quiet_end=time(9))
    nudge = make_nudges.nudge(workspace, send_windows=[{"days": [1, 7], "start": "18:00", "end": "24:00"}])
    decision = decide(make_nudges.candidate(nudge, customer, at=FRIDAY), FRIDAY)
    assert (decision.outcome, decision.reason, decision.allowed_at) == ("suppress", "send_window", None)


def test_quiet_hours_push_it_on_to_the_next_window(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, quiet_start=time(11), quiet_end=time(16))
    midday = [{"days": [5, 6], "start": "10:00", "end": "15:00"}]
    nudge = make_nudges.nudge(workspace, send_windows=midday)
    decision = decide(make_nudges.candidate(nudge, customer, at=FRIDAY), FRIDAY)
    assert (decision.reason, decision.allowed_at) == ("quiet_hours", FRIDAY.replace(day=7, hour=10))


def test_the_inbox_is_open_at_any_time(workspace: Workspace, customer: Customer) -> None:
    nudge = make_nudges.nudge(workspace, channels=["inbox"], send_windows=OFFICE)
    night = FRIDAY.replace(hour=23)
    assert became(make_nudges.candidate(nudge, customer, at=night), night) == ("send", "sent")


def test_what_was_decided_in_time_and_comes_late_waits_with_its_slot(workspace: Workspace) -> None:
    nudge = make_messages.nudge(workspace, send_windows=OFFICE)
    friday = FRIDAY.replace(hour=17, minute=59)
    late = make_messages.message(nudge, make.customer(workspace, email="a@example.org"), at=friday)
    Message.objects.filter(pk=late.pk).update(not_after=friday + timedelta(days=5))
    assert send_messages(now=FRIDAY.replace(hour=18))["postponed"] == 1
    late.refresh_from_db()
    assert (late.state, late.counts, late.next_attempt_at) == (
        "decided",
        True,
        datetime(2026, 3, 9, 9, tzinfo=UTC),
    )
    assert send_messages(now=late.next_attempt_at)["sent"] == 1


def test_a_simulation_says_so_too(workspace: Workspace, customer: Customer) -> None:
    nudge = make_nudges.nudge(workspace, send_windows=OFFICE)
    found = simulate(nudge=nudge, customer_ids=[customer.pk], now=FRIDAY.replace(hour=18))
    assert dict(found.counts) == {("defer", "send_window"): 1}


def test_windows_in_words() -> None:
    several = [*OFFICE, {"days": [6, 1, 2], "start": "10:00", "end": "24:00"}]
    assert describe_windows(clean_windows(several)) == "Mon–Fri 09:00–18:00, Mon–Tue Sat 10:00–24:00"
    assert describe_windows([]) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": [], "start": "09:00", "end": "18:00"},
        {"days": [8], "start": "09:00", "end": "18:00"},
        {"days": [1], "start": "9", "end": "18:00"},
        {"days": [1], "start": "09:00", "end": ""},
        {"days": [1], "start": "22:00", "end": "06:00"},
    ],
)
def test_a_window_that_is_none_is_refused_everywhere(workspace: Workspace, nudge: Nudge, wrong: Any) -> None:
    with pytest.raises(BadWindow):
        clean_windows([wrong])
    api = caller(workspace)
    assert api.put("policy", {"caps": [], "send_windows": [wrong]}).status_code == 422
    assert api.patch(f"nudges/{nudge.pk}", {"send_windows": [wrong]}).status_code == 422
    nudge.refresh_from_db()
    assert nudge.send_windows == []
    assert not Policy.objects.exclude(send_windows=[]).exists()


def test_the_api_sets_them(workspace: Workspace, nudge: Nudge) -> None:
    api = caller(workspace)
    assert api.put("policy", {"caps": [], "send_windows": OFFICE}).json()["send_windows"] == OFFICE
    assert api.put("policy", {"caps": []}).json()["send_windows"] == []
    changed = api.patch(f"nudges/{nudge.pk}", {"send_windows": OFFICE}).json()
    assert (changed["send_windows"], changed["version"]) == (OFFICE, nudge.version + 1)


def test_the_page_of_limits_sets_them_and_reads_them_back(workspace: Workspace) -> None:
    browser = Client()
    browser.force_login(make.member(workspace, role="owner").user)
    rest = {"business_window_days": "7", "collect_seconds": "60"}
    row = {"window_days_0": ["1", "2", "3", "4", "5"], "window_start_0": "09:00", "window_end_0": "18:00"}
    browser.post("/settings/limits", rest | row)
    assert Policy.objects.get().send_windows == OFFICE
    page = browser.get("/settings/limits").content.decode()
    assert "messages leave only Mon–Fri 09:00–18:00" in page
    assert 'name="window_days_1"' in page  # room for another
    answer = browser.post("/settings/limits", rest | row | {"window_end_0": "08:00"})
    assert "It ends later on the same day" in answer.content.decode()
    browser.post(
        "/settings/limits",
        rest | {"window_days_0": ["6"], "window_start_0": "20:00", "window_end_0": "00:00"},
    )
    assert Policy.objects.get().send_windows == [{"days": [6], "start": "20:00", "end": "24:00"}]
    browser.post("/settings/limits", rest)
    assert Policy.objects.get().send_windows == []
