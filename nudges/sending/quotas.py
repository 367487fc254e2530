"""How much a provider is given: so many messages a second, and a new sender's days of warming up.

`settings.PROVIDER_LIMITS` names them by provider; without an entry there is no limit. A workspace's own account is
counted apart: by the same limits, or where the installation has a server of its own, by what the account says itself.

What a mailbox provider allows a sender that it does not know yet is little, and doubles day by day while nobody
complains, so that is the schedule: on the first day `first_day` messages, on each day after it twice as many, for
`WARM_UP_DAYS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from math import floor
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from engagement.statements import run_statement
from nudges.models import Quota

# What a provider that was left alone for some seconds may be given at once.
BURST_SECONDS = 5
WARM_UP_DAYS = 14


class Limits(NamedTuple):
    """So many messages a second; so many on the first day of a warm-up, and when that is (UTC). None: no limit."""

    per_second: float | None = None
    warm_up_from: date | None = None
    first_day: int | None = None

    def a_day(self, today: date) -> int | None:
        """How many messages the warm-up allows on a day; None before it, after it and without one."""
        if self.warm_up_from is None or self.first_day is None:
            return None
        day = (today - self.warm_up_from).days
        return self.first_day * 2**day if 0 <= day < WARM_UP_DAYS else None


def limits_of(provider: str, account: Mapping[str, Any] | None = None) -> Limits:
    """What the settings say of a provider, or a workspace's account, by its readable fields, of itself."""
    said = account if account and account.get("provider") else settings.PROVIDER_LIMITS.get(provider, {})
    begins, first_day = said.get("warm_up_from"), said.get("first_day")
    return Limits(
        said.get("per_second"),
        date.fromisoformat(begins) if begins else None,
        int(first_day) if first_day else None,
    )


def take_quota(provider: str, wanted: int, *, limits: Limits, now: datetime) -> int:
    """How many of `wanted` messages the provider may be given now. They are counted: give back what was not used."""
    today = now.astimezone(UTC).date()
    per_second, a_day = limits.per_second, limits.a_day(today)
    if not wanted or not (per_second or a_day is not None):
        return wanted
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
        granted = min([wanted, *_left(row, per_second, a_day)])
        Quota.objects.filter(provider=provider).update(
            tokens=F("tokens") - (granted if per_second else 0), used=F("used") + granted
        )
    return granted


def _left(row: dict[str, Any], per_second: float | None, a_day: int | None) -> list[int]:
    """What each limit that there is leaves."""
    left = [floor(row["tokens"])] if per_second else []
    return [max(number, 0) for number in (left if a_day is None else [*left, a_day - row["used"]])]


def return_quota(provider: str, unused: int, *, limits: Limits) -> None:
    """What was taken and not used may be taken again."""
    if unused > 0 and limits != Limits():
        Quota.objects.filter(provider=provider).update(
            tokens=F("tokens") + (unused if limits.per_second else 0),
            used=Greatest(F("used") - unused, 0),
        )
