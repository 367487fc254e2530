"""A workspace opened with what it takes to begin: an owner, topics, careful limits, and weights for evidence."""

from __future__ import annotations

from datetime import datetime, time

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.configuring import open_account, save_category
from engagement.models import Category, Member, Role, Workspace
from journeys.evidence import install_default_evidence
from nudges.limiting import add_cap, change_policy

# Careful from the first day; an owner may loosen it: one push message a day, three a week, none at night.
FIRST_CAPS = [
    {"scope": "any", "scope_value": "", "window": "rolling", "seconds": 86_400, "unit": "", "limit": 1},
    {"scope": "any", "scope_value": "", "window": "rolling", "seconds": 604_800, "unit": "", "limit": 3},
]
FIRST_POLICY = {
    "quiet_start": time(21, 0),
    "quiet_end": time(8, 0),
    "business_limit": 1,
    "business_window_seconds": 604_800,
    "business_share_percent": 30,
}


@transaction.atomic
def open_workspace(
    *, name: str, timezone: str, locale: str, currency: str, user: User, now: datetime
) -> Workspace:
    """A workspace that `user` owns, ready to take events and to be written for."""
    workspace = open_account(
        name=name,
        slug=free_slug(name),
        timezone=timezone,
        locale=locale,
        currency=currency,
        opened_by=user,
        now=now,
    )
    Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    for slug, topic, description, opt_in in first_topics():
        save_category(
            category=Category(workspace=workspace, slug=slug),
            values={"name": topic, "description": description, "opt_in": opt_in},
            actor=user,
            now=now,
        )
    change_policy(workspace=workspace, values=FIRST_POLICY, actor=user, now=now)
    for cap in FIRST_CAPS:
        add_cap(workspace=workspace, values=cap, actor=user, now=now)
    install_default_evidence(workspace)
    return workspace


def first_topics() -> list[tuple[str, str, str, bool]]:
    """(slug, name, description, only after a yes)"""
    return [
        ("service", _("Answers and orders"), _("What you asked for, and news of your orders."), False),
        ("tips", _("Tips while you choose"), _("Help with a decision that you are making."), True),
        ("offers", _("Offers"), _("Prices and promotions."), True),
    ]


def free_slug(name: str) -> str:
    """A slug that no workspace of the installation has."""
    base = slugify(name)[:50] or "workspace"
    taken = set(Workspace.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(s for s in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)
