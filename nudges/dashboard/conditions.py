"""What the condition editor offers: the workspace's own needs, topics, events and nudges, so that nobody types ids."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from engagement.conditions import check_condition, customers_matching, describe_condition
from engagement.models import Category, Channel, Fact, Workspace
from journeys.models import Need, Stage
from nudges.models import Nudge, NudgeStatus, ReplyKind

# Offered also before the first of them arrived: the names that clients of shops send.
USUAL_EVENTS = [
    "Product Viewed",
    "Products Searched",
    "Product List Viewed",
    "Product Added",
    "Product Added to Wishlist",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
    "Order Refunded",
    "Guide Read",
    "Review Read",
    "Review Submitted",
]
MOST_EVENTS_READ = 5000


def vocabulary(workspace: Workspace) -> dict[str, Any]:
    """Choices for each kind of leaf, as the editor's script reads them: six queries, whatever the size of things."""
    needs = Need.objects.filter(workspace=workspace)
    topics = Category.objects.filter(workspace=workspace, archived_at=None)
    nudges = Nudge.objects.filter(workspace=workspace).exclude(status=NudgeStatus.ARCHIVED).order_by("name")
    facts = Fact.objects.filter(workspace=workspace).order_by("key").values_list("key", flat=True).distinct()
    return {
        "needs": [[need.slug, need.name] for need in needs],
        "stages": [[stage.value, str(stage.label)] for stage in Stage],
        "topics": [[topic.slug, topic.name] for topic in topics],
        "channels": [[channel.value, str(channel.label)] for channel in Channel],
        "nudges": [[nudge.pk, nudge.name] for nudge in nudges[:200]],
        "replies": [[kind.value, str(kind.label)] for kind in ReplyKind],
        "events": sorted({*USUAL_EVENTS, *recent_event_names(workspace)}),
        "facts": list(facts[:100]),
        "words": words(),
    }


def recent_event_names(workspace: Workspace) -> list[str]:
    """Names among the newest events: bounded, whatever the length of history."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT name FROM (SELECT name FROM engagement_event WHERE workspace_id = %s"
            " ORDER BY received_at DESC, id DESC LIMIT %s) AS newest WHERE name <> ''",
            [workspace.pk, MOST_EVENTS_READ],
        )
        return [name for (name,) in cursor.fetchall()]


def read_text(text: str, *, workspace: Workspace) -> tuple[dict[str, Any] | None, list[str]]:
    """A condition typed or built as JSON, or None and what is wrong with it in sentences. Empty text fits everyone."""
    if not text.strip():
        return {}, []
    try:
        condition = json.loads(text)
    except (ValueError, RecursionError):
        return None, [
            _(
                "This is not JSON. Build the condition with the buttons, or see the documentation of conditions."
            )
        ]
    problems = check_condition(condition, workspace=workspace)
    if problems:
        return None, [f"{one.path}: {one.message}" if one.path else one.message for one in problems]
    return condition, []


def reads_back(condition: dict[str, Any], *, workspace: Workspace, now: datetime) -> dict[str, Any]:
    """A good condition as a sentence, with how many customers it fits now."""
    return {
        "sentence": describe_condition(condition),
        "count": customers_matching(condition, workspace=workspace, now=now).count(),
    }


def words() -> dict[str, str]:
    """The editor's own words, so that its script needs no language of its own."""
    return {
        "all": _("All of these"),
        "any": _("Any of these"),
        "not": _("Not"),
        "add": _("Add a condition"),
        "addGroup": _("Add a group"),
        "remove": _("Remove"),
        "everyone": _("Everyone. Add a condition to narrow it."),
        "need": _("Need"),
        "anyNeed": _("any need"),
        "stage": _("at stage"),
        "anyStage": _("any stage"),
        "event": _("Did"),
        "trait": _("Trait"),
        "fact": _("Known fact"),
        "consent": _("Allows topic"),
        "by": _("by"),
        "reachable": _("Can be reached by"),
        "identified": _("Is known by name or id"),
        "reply": _("Answered"),
        "toNudge": _("to"),
        "anyNudge": _("any nudge"),
        "purchased": _("Bought product"),
        "purchased_category": _("Bought from category"),
        "locale": _("Language"),
        "timezone": _("Time zone"),
        "times": _("times"),
        "at_least": _("at least"),
        "at_most": _("at most"),
        "exactly": _("exactly"),
        "within": _("in the last"),
        "ever": _("ever"),
        "days": _("days"),
        "is": _("is"),
        "contains": _("contains"),
        "exists": _("is known"),
        "absent": _("is not known"),
        "gte": _("at least"),
        "lte": _("at most"),
        "value": _("value"),
        "other": _("Written as JSON"),
    }
