"""One customer's timeline: what they did, where it brought them, what was said to them and what was held back.

The sources are named in `settings.TIMELINE_SOURCES`, so that upper floors can tell their part without being imported
here. Each is `def source(customer, *, before, limit) -> list[TimelineEntry]`, newest first, strictly before `before`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.models import Customer, Event


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a timeline. `kind` groups and colours it: event, system, stage, send, held, wait."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    url: str = ""
    explanation: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Timeline:
    """A stretch of the timeline, newest first; `older` is the `before` of the next stretch, None at the beginning."""

    entries: list[TimelineEntry]
    older: datetime | None


Source = Callable[..., list[TimelineEntry]]
# Names of our own events that another source tells better, with the rule behind them.
TOLD_ELSEWHERE = ["Message Sent"]
ICONS = {
    "page": "file-text",
    "screen": "device-mobile",
    "identify": "user-check",
    "group": "users",
    "alias": "arrows-join",
}
EVENT_ICONS = {
    "Product Viewed": "eye",
    "Products Searched": "search",
    "Product List Viewed": "list",
    "Product Added": "shopping-cart",
    "Cart Viewed": "shopping-cart",
    "Checkout Started": "credit-card",
    "Order Completed": "package",
    "Order Refunded": "package-off",
    "Product Added to Wishlist": "heart",
    "Guide Read": "book-2",
    "Guide Checked": "checklist",
    "Guide Link Followed": "map-search",
    "Shortlist Item Added": "list",
    "Shortlist Item Removed": "list",
    "Shortlist Item Checked": "checklist",
    "Shortlist Item Chosen": "circle-check",
    "Shortlist Alternative Chosen": "circle-check",
    "Shortlist Shared": "users",
    "Shortlist Deleted": "list",
    "Shortlist Friend Answered": "users",
    "Survey Answered": "help-circle",
    "Review Read": "message-star",
    "Review Submitted": "message-star",
    "Review Published": "message-star",
    "Nudge Replied": "message-reply",
    "Nudge Reply Undone": "arrow-back-up",
    "Consent Changed": "shield-check",
    "Preference Changed": "adjustments",
    "Context Told": "bulb",
    "Message Delivered": "mail-check",
    "Message Bounced": "mail-x",
    "Message Failed": "mail-x",
}


def read_timeline(customer: Customer, *, before: datetime | None = None, limit: int = 50) -> Timeline:
    """The newest `limit` entries before a moment, over all sources: one or two queries a source."""
    found: list[TimelineEntry] = []
    for path in settings.TIMELINE_SOURCES:
        source: Source = import_string(path)
        found.extend(source(customer, before=before, limit=limit + 1))
    found.sort(key=lambda entry: entry.at, reverse=True)
    page, rest = found[:limit], found[limit:]
    if not rest:
        return Timeline(entries=page, older=None)
    # Entries of one moment stay together, so that "before that moment" loses none of them.
    whole = [entry for entry in page if entry.at > rest[0].at] or page
    return Timeline(entries=whole, older=whole[-1].at)


def read_events(customer: Customer, *, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """The customer's events as entries: one query along the customer's own index range."""
    rows = Event.objects.filter(workspace_id=customer.workspace_id, customer_id=customer.pk)
    if before is not None:
        rows = rows.filter(occurred_at__lt=before)
    newest = rows.exclude(name__in=TOLD_ELSEWHERE).order_by("-occurred_at", "-id")[:limit]
    return [as_entry(event) for event in newest]


def as_entry(event: Event) -> TimelineEntry:
    return TimelineEntry(
        at=event.occurred_at,
        kind="system" if event.source == "system" else "event",
        title=title_of(event),
        detail=detail_of(event.properties),
        url=safe_url(event.properties.get("url")),
        icon=EVENT_ICONS.get(event.name) or ICONS.get(event.type, "point"),
    )


def title_of(event: Event) -> str:
    if event.type in ("page", "screen"):
        return _("Looked at “%(name)s”") % {
            "name": event.name or event.properties.get("title") or _("a page")
        }
    if event.type == "identify":
        return _("Said who they are")
    if event.type == "alias":
        return _("Found to be one with an earlier visitor")
    return event.name or event.type


def detail_of(properties: dict[str, Any]) -> str:
    """The few properties by which a person recognises what it was about."""
    wanted = (
        "name",
        "title",
        "query",
        "category",
        "product_id",
        "sku",
        "order_id",
        "total",
        "kind",
        "need",
        "topic",
    )
    shown = [
        f"{key.replace('_', ' ')}: {properties[key]}"
        for key in wanted
        if isinstance(properties.get(key), str | int | float) and properties[key] != ""
    ]
    products = properties.get("products")
    if isinstance(products, list) and products:
        count = len(products)
        shown.append(ngettext("%(n)s product", "%(n)s products", count) % {"n": count})
    return " · ".join(shown[:4])[:300]


def safe_url(value: Any) -> str:
    """An address that a page may link to, else nothing: events come from outside."""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""
