"""The condition editor, wherever a condition is written: the workspace's own things to choose from, so that nobody
types ids, the form field, and what a condition says and whom it fits while it is being written."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from engagement.access import DashboardRequest, dashboard_page
from engagement.conditions import check_condition, customers_matching, describe_condition
from engagement.models import Category, Channel, Fact, Workspace

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
    "Order Delivered",
    "Order Refunded",
    "Guide Read",
    "Review Read",
    "Review Submitted",
]
MOST_EVENTS_READ = 5000


class ConditionField(forms.CharField):
    """A condition as JSON, the way the editor writes it; its value is the condition, checked.

    Its form calls `bind_conditions`. Shown by the tag `{% conditions form.field %}`.
    """

    widget = forms.Textarea
    workspace: Workspace

    def prepare_value(self, value: Any) -> Any:
        """A condition as text; what was typed stays as it was typed."""
        return value if isinstance(value, str) or not value else json.dumps(value, indent=2)

    def clean(self, value: Any) -> dict[str, Any]:
        """The condition, or what is wrong with it in sentences."""
        condition, problems = read_text(super().clean(value), workspace=self.workspace)
        if condition is None:
            raise forms.ValidationError(problems)
        return condition


def bind_conditions(form: forms.BaseForm, workspace: Workspace) -> None:
    """Let the form's conditions be checked against what this workspace has."""
    for field in form.fields.values():
        if isinstance(field, ConditionField):
            field.workspace = workspace


@dashboard_page()
def audience(request: DashboardRequest) -> HttpResponse:
    """A condition read back as a sentence, with how many it fits: for the editor, while it is being written."""
    condition, problems = read_text(request.GET.get("condition", ""), workspace=request.workspace)
    context: dict[str, Any] = {"problems": problems}
    if condition is not None:
        fitting = customers_matching(condition, workspace=request.workspace, now=timezone.now())
        context |= {"sentence": describe_condition(condition), "count": fitting.count()}
    return render(request, "engagement/dashboard/_audience.html", context)


def vocabulary(workspace: Workspace) -> dict[str, Any]:
    """Choices for each kind of leaf, as the editor's script reads them; six queries, whatever the size of things."""
    topics = Category.objects.filter(workspace=workspace, archived_at=None)
    facts = Fact.objects.filter(workspace=workspace).order_by("key").values_list("key", flat=True).distinct()
    found = {
        "topics": [[topic.slug, topic.name] for topic in topics],
        "channels": [[channel.value, str(channel.label)] for channel in Channel],
        "events": known_events(workspace),
        "facts": list(facts[:100]),
        "words": words(),
    }
    for source in settings.CONDITION_CHOICES:
        found |= import_string(source)(workspace)
    return found


def known_events(workspace: Workspace) -> list[str]:
    """Names of events to offer: those that shops send usually, and those that came lately."""
    return sorted({*USUAL_EVENTS, *recent_event_names(workspace)})


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
        "forAtLeast": _("for at least"),
        "event": _("Did"),
        "trait": _("Trait"),
        "fact": _("Known fact"),
        "consent": _("Allows topic"),
        "by": _("by"),
        "reachable": _("Can be reached by"),
        "identified": _("Is known by name or id"),
        "reply": _("Answered"),
        "toNudge": pgettext("an answer to a nudge", "to"),
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
        "in": _("is one of"),
        "severalValues": _("values, with commas between"),
        "contains": _("contains"),
        "exists": _("is known"),
        "absent": _("is not known"),
        "gte": _("at least"),
        "lte": _("at most"),
        "value": _("value"),
        "other": _("Written as JSON"),
    }
