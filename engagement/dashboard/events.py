"""Live events: what arrives, and what was refused and why."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_page
from engagement.dashboard.pages import Page, keyset_page
from engagement.models import ApiKey, Customer, Event, KeyKind, RejectedEvent

PAGE = 50


@dashboard_page()
def live_events(request: DashboardRequest) -> HttpResponse:
    """Newest first. `show=rejected` for what was refused; `q` narrows to an event's name, `kind` to its type."""
    is_rejected = request.GET.get("show") == "rejected"
    asked = request.GET.get("q", "").strip().replace("\x00", "")[:200]
    context = {
        "is_rejected": is_rejected,
        "asked": asked,
        "kind": request.GET.get("kind", ""),
        "kinds": [("track", _("Events")), ("page", _("Pages")), ("identify", _("Who they are"))],
        "page": rejected_page(request, asked) if is_rejected else event_page(request, asked),
    }
    if request.htmx and not request.htmx.boosted:
        return render(request, "engagement/dashboard/_events.html", context)
    context |= {
        "rejected_count": RejectedEvent.objects.filter(workspace=request.workspace).count(),
        "write_key": write_key(request),
        "base_url": settings.BASE_URL,
    }
    return render(request, "engagement/dashboard/events.html", context)


def event_page(request: DashboardRequest, asked: str) -> Page[Event]:
    rows = Event.objects.filter(workspace=request.workspace)
    if asked:
        rows = rows.filter(name__icontains=asked)
    if kind := request.GET.get("kind"):
        rows = rows.filter(type=kind[:10].replace("\x00", ""))
    page = keyset_page(
        rows, field="received_at", descending=True, cursor=request.GET.get("after", ""), size=PAGE
    )
    name_customers(page.rows)
    return page


def name_customers(events: Sequence[Event]) -> None:
    """Set `person` on each event in one query (events have no foreign key that Django could join by)."""
    people = Customer.objects.select_related("merged_into").in_bulk({event.customer_id for event in events})
    for event in events:
        event.person = people.get(event.customer_id)  # type: ignore[attr-defined]


def rejected_page(request: DashboardRequest, asked: str) -> Page[RejectedEvent]:
    rows = RejectedEvent.objects.filter(workspace=request.workspace)
    if asked:
        rows = rows.filter(code__icontains=asked) | rows.filter(message__icontains=asked)
    return keyset_page(
        rows, field="received_at", descending=True, cursor=request.GET.get("after", ""), size=PAGE
    )


def write_key(request: DashboardRequest) -> ApiKey | None:
    return (
        ApiKey.objects.filter(workspace=request.workspace, kind=KeyKind.WRITE, revoked_at=None)
        .order_by("created_at")
        .first()
    )
