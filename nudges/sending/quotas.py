"""How much a provider is given: so many messages a second, and a new sender's days of warming up.

`settings.PROVIDER_LIMITS` names them by provider; without an entry there is no limit. What a mailbox provider allows a
sender that it does not know yet is little, and doubles day by day while nobody complains, so that is the schedule: on
the first day `first_day` messages, on each day after it twice as many, for `WARM_UP_DAYS`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import floor
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from engagement.statements import run_statement
from nudges.models import Quota

# What a provider that was left alone for some seconds may be given at once.
BURST_SECONDS = 5
WARM_UP_DAYS = 14


def take_quota(provider: str, wanted: int, *, now: datetime) -> int:
    """How many of `wanted` messages the provider may be given now. They are counted: give back what was not used."""
    limits = settings.PROVIDER_LIMITS.get(provider)
    if not limits or not wanted:
        return wanted
    per_second, today = limits.get("per_second"), now.astimezone(UTC).date()
    with transaction.atomic():  # the row is held from filling to taking
        [row] = run_statement(
            "nudges.fill_quota",
            {
                "provider": provider,
                "per_second": per_second,
                "burst": max(per_second * BURST_SECONDS, 1) if per_second else None,
                "today": today,
                "now": now,
            },
        )
        granted = min([wanted, *_left(row, per_second, day_limit(limits, today))])
        Quota.objects.filter(provider=provider).update(
            tokens=F("tokens") - (granted if per_second else 0), used=F("used") + granted
        )
    return granted


def _left(row: dict[str, Any], per_second: float | None, a_day: int | None) -> list[int]:
    """What each limit that there is leaves."""
    left = [floor(row["tokens"])] if per_second else []
    return [max(number, 0) for number in (left if a_day is None else [*left, a_day - row["used"]])]


def return_quota(provider: str, unused: int) -> None:
    """What was taken and not used may be taken again."""
    if unused > 0 and provider in settings.PROVIDER_LIMITS:
        per_second = settings.PROVIDER_LIMITS[provider].get("per_second")
        Quota.objects.filter(provider=provider).update(
            tokens=F("tokens") + (unused if per_second else 0), used=Greatest(F("used") - unused, 0)
        )


def day_limit(limits: dict[str, object], today: date) -> int | None:
    """How many messages the warm-up allows on a day (UTC); None before it, after it and without one. Pure."""
    begins, first_day = limits.get("warm_up_from"), limits.get("first_day")
    if not isinstance(begins, str) or not isinstance(first_day, int):
        return None
    day = (today - date.fromisoformat(begins)).days
    return first_day * 2**day if 0 <= day < WARM_UP_DAYS else None
