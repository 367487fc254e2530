"""Reads: what customers wrote in words of their own, for people of the team to read. Nothing else reads it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from engagement.models import Workspace
from nudges.models import InboundText, Reply

# Answers with words of their own are looked for in so long; texts are kept apart and listed all.
ANSWERS_OF = timedelta(days=90)


def texts_of(workspace: Workspace, *, waiting: bool) -> QuerySet[InboundText]:
    """Texts that are no command; with `waiting` only those that nobody has dealt with."""
    rows = InboundText.objects.filter(workspace=workspace, command="").select_related(
        "customer", "message__nudge"
    )
    return rows.filter(seen_at=None) if waiting else rows


def answers_in_words(workspace: Workspace, *, now: datetime, most: int) -> list[Reply]:
    """The newest answers that came with words, of the last 90 days."""
    rows = Reply.objects.filter(workspace=workspace, at__gt=now - ANSWERS_OF, detail__text__gt="")
    return list(rows.select_related("customer", "message__nudge").order_by("-at", "-id")[:most])
