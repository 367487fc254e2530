"""Quiet hours and pauses: by the customer's clock, across midnight, on days of 23 and 25 hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Message, Nudge, Preference, Waiting
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, became, decide

pytestmark = pytest.mark.django_db
SENT, QUIET = ("send", "sent"), ("defer", "quiet_hours")
NIGHT = {"quiet_start": time(21), "quiet_end": time(8)}


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-03-04 20:59:59", None),
        ("2026-03-04 21:00", "2026-03-05 08:00"),
        ("2026-03-05 00:00", "2026-03-05 08:00"),
        ("2026-03-05 07:59:59", "2026-03-05 08:00"),
        ("2026-03-05 08:00", None),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo"])
def test_a_night_ends_on_the_morning_after(
    workspace: Workspace, nudge: Nudge, zone: str, moment: str, until: str | None
) -> None:
    make_nudges.policy(workspace, **NIGHT)
    customer = make.customer(workspace, email="a@example.org", timezone=zone)
    now = at(moment, zone)
    decision = decide(make_nudges.candidate(nudge, customer, at=now), now)
    if until is None:
        assert decision.outcome == "send"
    else:
        assert (decision.outcome, decision.reason, decision.rule) == ("defer", "quiet_hours", "quiet_hours")
        assert decision.allowed_at == at(until, zone)
        assert not Message.objects.exists()


def test_quiet_hours_within_one_day(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.policy(workspace, quiet_start=time(12), quiet_end=time(14))
    assert decide(make_nudges.candidate(nudge, customer)).allowed_at == NOW + 2 * HOUR
    before = NOW - timedelta(seconds=1)
    assert became(make_nudges.candidate(nudge, customer, at=before), before) == SENT


@pytest.mark.parametrize(
    ("moment", "fold", "until"),
    [
        # Berlin's clock goes from 2 to 3 on 29 March 2026, from 3 to 2 on 25 October; the night ends at 8 all the same.
        ("2026-03-28 23:00", 0, "2026-03-29 08:00"),
        ("2026-10-24 23:00", 0, "2026-10-25 08:00"),
        ("2026-10-25 02:30", 0, "2026-10-25 08:00"),
        ("2026-10-25 02:30", 1, "2026-10-25 08:00"),
    ],
)
def test_a_night_in_which_the_clock_changes_ends_at_its_hour(
    workspace: Workspace, nudge: Nudge, moment: str, fold: int, until: str
) -> None:
    make_nudges.policy(workspace, **NIGHT)
    customer = make.customer(workspace, email="a@example.org", timezone="Europe/Berlin")
    now = at(moment, "Europe/Berlin").replace(fold=fold)
    assert decide(make_nudges.candidate(nudge, customer, at=now), now).allowed_at == at(
        until, "Europe/Berlin"
    )


def test_an_end_inside_the_doubled_hour_is_its_second_time_and_leaves_no_gap(
    workspace: Workspace, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, quiet_start=time(22), quiet_end=time(2, 30))
    customer = make.customer(workspace, email="a@example.org", timezone="Europe/Berlin")
    end = at("2026-10-25 02:30", "Europe/Berlin").replace(fold=1).astimezone(ZoneInfo("UTC"))
    for minutes in (120, 60, 30, 1):
        now = datetime.fromtimestamp(end.timestamp() - minutes * 60, tz=ZoneInfo("UTC"))
        assert decide(make_nudges.candidate(nudge, customer, at=now), now).allowed_at == end
    assert became(make_nudges.candidate(nudge, customer, at=end), end) == SENT


def test_an_end_inside_the_skipped_hour_is_as_long_after_its_beginning(
    workspace: Workspace, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, quiet_start=time(22), quiet_end=time(2, 30))
    customer = make.customer(workspace, email="a@example.org", timezone="Europe/Berlin")
    now = at("2026-03-29 01:59", "Europe/Berlin")
    decision = decide(make_nudges.candidate(nudge, customer, at=now), now)
    assert decision.allowed_at == at("2026-03-29 03:30", "Europe/Berlin")


def test_the_customers_own_hours_hold_beside_the_workspaces(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.policy(workspace, **NIGHT)
    customer = make.customer(workspace, email="a@example.org")
    Preference.objects.create(
        workspace=workspace, customer=customer, quiet_start=time(7), quiet_end=time(10), updated_at=NOW
    )
    early = at("2026-03-05 06:00")
    decision = decide(make_nudges.candidate(nudge, customer, at=early), early)
    assert decision.allowed_at == at(
        "2026-03-05 10:00"
    )  # the workspace's night ends inside the customer's morning
    assert became(make_nudges.candidate(nudge, customer, at=NOW)) == SENT


def test_quiet_hours_wait_even_if_the_nudge_is_dropped_at_a_cap(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, quiet_start=time(12), quiet_end=time(14))
    nudge = make_nudges.nudge(workspace, on_cap="drop")
    assert became(make_nudges.candidate(nudge, customer)) == QUIET


def test_a_night_longer_than_the_message_stays_true_expires_it(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, quiet_start=time(12), quiet_end=time(14))
    nudge = make_nudges.nudge(workspace, expires_after_hours=1)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.rule) == ("suppress", "expired", "quiet_hours")


def test_what_waited_for_the_morning_is_sent_then_and_keeps_its_trail(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, quiet_start=time(12), quiet_end=time(14))
    candidate = make_nudges.candidate(nudge, customer)
    assert became(candidate) == QUIET
    candidate.refresh_from_db()
    assert NOW + 2 * HOUR <= candidate.waiting.due_at <= NOW + 2 * HOUR + timedelta(minutes=5)
    assert decide_nudges(now=NOW + HOUR) == {}
    decision = decide(candidate, candidate.waiting.due_at)
    assert (decision.outcome, decision.reason) == SENT
    assert [(step["outcome"], step["reason"]) for step in decision.earlier] == [QUIET]


def test_a_nights_worth_is_not_let_go_in_one_second(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.policy(workspace, quiet_start=time(12), quiet_end=time(14))
    for n in range(40):
        make_nudges.candidate(nudge, make.customer(workspace, email=f"c{n}@example.org"))
    decide_nudges(now=NOW)
    assert Waiting.objects.values("due_at").distinct().count() > 30


def test_the_inbox_makes_no_noise_so_it_has_no_quiet_hours(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, quiet_start=time(12), quiet_end=time(14))
    nudge = make_nudges.nudge(workspace, channels=["inbox"])
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_a_pause_of_the_customers_holds(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    """Regression of another system, which stored a pause that its cap ignored."""
    Preference.objects.create(workspace=workspace, customer=customer, paused_until=NOW + DAY, updated_at=NOW)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.allowed_at) == ("suppress", "paused", NOW + DAY)
    later = NOW + DAY
    assert became(make_nudges.candidate(nudge, customer, at=later), later) == SENT


def test_a_nudge_that_waits_waits_out_a_pause(workspace: Workspace, customer: Customer) -> None:
    Preference.objects.create(workspace=workspace, customer=customer, paused_until=NOW + DAY, updated_at=NOW)
    candidate = make_nudges.candidate(make_nudges.nudge(workspace, on_cap="defer"), customer)
    assert became(candidate) == ("defer", "paused")
    candidate.refresh_from_db()
    assert became(candidate, candidate.waiting.due_at) == SENT


def test_a_paused_category_holds_only_its_own(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    other = make_nudges.nudge(workspace, category=make.category(workspace, "offers"))
    paused = {str(nudge.category_id): (NOW + DAY).isoformat()}
    Preference.objects.create(
        workspace=workspace, customer=customer, paused_categories=paused, updated_at=NOW
    )
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "paused")
    assert became(make_nudges.candidate(other, customer)) == SENT
