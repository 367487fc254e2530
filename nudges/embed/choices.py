"""What a customer chose on the form of preferences, read and checked."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time, timedelta

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_time
from django.utils.translation import gettext as _

from engagement.models import Category, Customer
from nudges.channels.overviews import offered_channels
from nudges.hearing import Choices
from nudges.watching import is_watched

MOST_PER_WEEK = 21
LONGEST_PAUSE = timedelta(days=366)


class BadChoice(Exception):
    """Something on the form cannot be kept; the message says what to change."""


def chosen(told: QueryDict, customer: Customer, now: datetime) -> Choices:
    """What a form says; raises BadChoice."""
    wanted = set(told.getlist("allow"))
    categories = Category.objects.filter(workspace_id=customer.workspace_id, archived_at=None)
    offered = offered_channels(customer.workspace)
    return Choices(
        allowed={
            (category.pk, channel.value): f"{category.pk}:{channel.value}" in wanted
            for category in categories
            for channel in offered
        },
        paused_topics={
            category.pk: _pause(told.get(f"pause:{category.pk}", ""), customer, now)
            for category in categories
            if f"pause:{category.pk}" in told
        },
        max_per_week=_number(told.get("max_per_week", "")),
        paused_until=_pause(told.get("paused_until", ""), customer, now),
        quiet_start=_hour(told.get("quiet_start", "")),
        quiet_end=_hour(told.get("quiet_end", "")),
        may_be_watched=_watching(told, customer),
    )


def _watching(told: QueryDict, customer: Customer) -> bool | None:
    """What was said about opens and clicks; None where that is what holds anyway."""
    wish = {"yes": True, "no": False}.get(told.get("watched", ""))
    return None if wish is is_watched(customer) else wish


def _number(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or int(text) > MOST_PER_WEEK:
        raise BadChoice(
            _("Messages a week: write a number from 0 to %(most)s, or nothing.") % {"most": MOST_PER_WEEK}
        )
    return int(text)


def _pause(text: str, customer: Customer, now: datetime) -> datetime | None:
    """The start of the chosen day where the customer is."""
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        raise BadChoice(_("Pause: write a date such as 2026-12-24."))
    until = datetime(day.year, day.month, day.day, tzinfo=zone_of(customer))
    if until > now + LONGEST_PAUSE:
        raise BadChoice(_("Pause: choose a date within the next twelve months."))
    return until if until > now else None


def _hour(text: str) -> time | None:
    if not text.strip():
        return None
    try:
        hour = parse_time(text.strip())
    except ValueError:
        hour = None
    if hour is None:
        raise BadChoice(_("Quiet hours: write times such as 21:00."))
    return hour


def zone_of(customer: Customer) -> zoneinfo.ZoneInfo:
    """Where the customer is, else where the workspace is."""
    for name in (customer.timezone, customer.workspace.timezone):
        try:
            return zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return zoneinfo.ZoneInfo("UTC")
