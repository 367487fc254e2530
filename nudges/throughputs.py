"""Reads: at what pace a workspace lets messages out, and what waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.models import Channel, Workspace
from nudges.models import Message, MessageState, Per, Throughput

# More are not counted: the page says "100,000 or more".
MOST_COUNTED = 100_000


@dataclass(frozen=True)
class Queue:
    """A throughput and the messages that are due and wait for their turn."""

    throughput: Throughput
    sentence: str
    waiting: int

    @property
    def is_more(self) -> bool:
        return self.waiting >= MOST_COUNTED

    @property
    def lasts(self) -> timedelta:
        """How long those that wait take to leave at this pace."""
        return timedelta(seconds=ceil(self.waiting / self.throughput.rate))


def queues_of(workspace: Workspace, *, now: datetime) -> list[Queue]:
    """Each throughput of the workspace with what waits; one query for each, and there are as few as channels."""
    rows = Throughput.objects.filter(workspace=workspace).order_by("channel")
    return [Queue(row, describe_throughput(row), _waiting(row, now)) for row in rows]


def describe_throughput(throughput: Throughput) -> str:
    """A throughput as a sentence: "By e-mail at most 600 messages a minute leave.\""""
    words = {
        "channel": Channel(throughput.channel).label if throughput.channel else "",
        "n": throughput.messages,
        "per": Per(throughput.seconds).label,
    }
    if throughput.channel:
        return (
            ngettext(
                "By %(channel)s at most 1 message leaves %(per)s.",
                "By %(channel)s at most %(n)s messages leave %(per)s.",
                throughput.messages,
            )
            % words
        )
    return (
        ngettext(
            "By all channels together at most 1 message leaves %(per)s.",
            "By all channels together at most %(n)s messages leave %(per)s.",
            throughput.messages,
        )
        % words
    )


def describe_wait(queue: Queue) -> str:
    """How many wait and how long that takes; nothing where none does."""
    if not queue.waiting:
        return _("Nothing waits.")
    words = {"n": f"{queue.waiting:,}", "minutes": max(1, round(queue.lasts / timedelta(minutes=1)))}
    if queue.is_more:
        return _("%(n)s or more wait: over %(minutes)s minutes.") % words
    return (
        ngettext("1 waits: about %(minutes)s min.", "%(n)s wait: about %(minutes)s min.", queue.waiting)
        % words
    )


def _waiting(row: Throughput, now: datetime) -> int:
    due = Message.objects.filter(
        workspace=row.workspace_id, state=MessageState.DECIDED, next_attempt_at__lte=now
    ).order_by()
    due = due.filter(channel=row.channel) if row.channel else due.exclude(channel=Channel.INBOX)
    return due[:MOST_COUNTED].count()
