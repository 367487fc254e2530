"""How much a provider is given."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from nudges.models import Nudge, Quota
from nudges.sending import send_messages
from nudges.sending.quotas import Limits
from tests.make import NOW
from tests.nudges.sending.scripted import message

pytestmark = pytest.mark.django_db


def test_no_more_a_second_than_allowed_and_what_was_not_used_is_given_back(
    nudge: Nudge, settings: Any
) -> None:
    settings.PROVIDER_LIMITS = {"scripted": {"per_second": 2}}
    for n in range(30):
        message(nudge, f"p{n}")
    assert send_messages(now=NOW)["sent"] == 10  # five seconds' worth at once
    assert send_messages(now=NOW)["sent"] == 0
    assert send_messages(now=NOW + timedelta(seconds=3))["sent"] == 6
    assert send_messages(now=NOW + timedelta(seconds=60))["sent"] == 10
    assert send_messages(now=NOW + timedelta(seconds=120))["sent"] == 4
    assert Quota.objects.get().tokens == 6


def test_a_new_sender_warms_up_day_by_day(nudge: Nudge, settings: Any) -> None:
    limits = {"warm_up_from": NOW.date().isoformat(), "first_day": 3}
    settings.PROVIDER_LIMITS = {"scripted": limits}
    for n in range(12):
        message(nudge, f"p{n}")
    assert send_messages(now=NOW)["sent"] == 3
    assert send_messages(now=NOW + timedelta(hours=3))["sent"] == 0
    assert send_messages(now=NOW + timedelta(days=1))["sent"] == 6


@pytest.mark.parametrize(("days", "limit"), [(-1, None), (0, 50), (1, 100), (13, 409_600), (14, None)])
def test_the_schedule_doubles_for_two_weeks(days: int, limit: int | None) -> None:
    limits = Limits(warm_up_from=date(2026, 3, 1), first_day=50)
    assert limits.a_day(date(2026, 3, 1) + timedelta(days=days)) == limit
    assert Limits().a_day(NOW.date()) is None
