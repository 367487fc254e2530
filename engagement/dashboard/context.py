"""What every dashboard page's frame shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from engagement.access import may
from engagement.models import Member, Role


def frame(request: HttpRequest) -> dict[str, Any]:
    """Variables of the frame; empty outside the dashboard and for callers who are not signed in."""
    member: Member | None = getattr(request, "member", None)
    if member is None:
        return {}
    match = request.resolver_match
    return {
        "workspace": member.workspace,
        "member": member,
        "memberships": getattr(request, "memberships", []),
        "section": section_of(match.view_name if match else ""),
        "may_moderate": may(member, Role.MODERATOR),
        "may_edit": may(member, Role.MARKETER),
        "may_own": may(member, Role.OWNER),
        "has_outbox": bool(settings.OUTBOX_DIR),
        "demo_shop_url": settings.DEMO_SHOP_URL,
    }


def section_of(view_name: str) -> str:
    """The entry of the navigation to which a page belongs: the first word of its name, as in "nudge_edit"."""
    name = view_name.partition(":")[2]
    return SECTIONS.get(name.partition("_")[0], "")


SECTIONS = {
    "home": "home",
    "customers": "customers",
    "customer": "customers",
    "events": "events",
    "nudges": "nudges",
    "nudge": "nudges",
    "broadcast": "nudges",
    "flows": "flows",
    "flow": "flows",
    "tasks": "tasks",
    "task": "tasks",
    "writings": "tasks",
    "guides": "guides",
    "guide": "guides",
    "surveys": "surveys",
    "survey": "surveys",
    "reviews": "reviews",
    "review": "reviews",
    "needs": "needs",
    "need": "needs",
    "outbox": "outbox",
    "settings": "settings",
}
