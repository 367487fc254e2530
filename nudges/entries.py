"""Reads: who waits since an event, and which event stood at the beginning of a decision."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from engagement.statements import among
from nudges.models import Decision, Entry, EntryState, Nudge
from nudges.starts import delay_in_words

SHOWN = 8


def next_entries(nudge: Nudge) -> list[Entry]:
    """The next few whose time comes."""
    waiting = Entry.objects.filter(nudge=nudge, state=EntryState.WAITING).select_related("customer")
    return list(waiting.order_by("due_at", "id")[:SHOWN])


def entries_of(candidate_ids: Collection[int]) -> dict[int, Entry]:
    """The entries that became these candidates, by candidate."""
    return {
        entry.candidate_id: entry
        for entry in among(Entry.objects.all(), "candidate_id", candidate_ids)
        if entry.candidate_id is not None
    }


def started_by(decision: Decision) -> str:
    """The event behind a decision: "Order Delivered on 8 Nov 2026, 10:00, 14 days before"; empty without one."""
    entry = entries_of([decision.candidate_id]).get(decision.candidate_id)
    return event_in_words(entry) if entry else ""


def event_in_words(entry: Entry) -> str:
    """Which event let somebody in, when, and how long it had to wait."""
    told = _("%(event)s on %(moment)s") % {
        "event": entry.event_name,
        "moment": date_format(localtime(entry.event_at), "j M Y, H:i"),
    }
    delay = delay_in_words(round((entry.due_at - entry.event_at).total_seconds()))
    return _("%(event)s, %(delay)s before") % {"event": told, "delay": delay} if delay else told
