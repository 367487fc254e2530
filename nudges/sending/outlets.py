"""How much a workspace lets out: its throughputs, asked for and counted where messages are claimed.

The rows of a throughput are held from asking to counting, so that all workers together take no more than there is.
Nobody waits for them: a worker that finds one held claims what other workspaces have, and comes back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import floor

from django.db import transaction
from django.db.models import F, QuerySet

from engagement.models import Channel
from nudges.models import Message, Throughput

EVERY = ""  # all push channels together
# What is lost when tokens are added up in floating point; debts stay on the books, so it never adds up to a message.
DUST = 1e-6


@dataclass(frozen=True)
class Outlets:
    """The throughputs that bear on one claim: how many each throttled workspace may let out now, and its held rows."""

    allowed: Mapping[int, int] = field(default_factory=dict)
    held: Mapping[int, list[Throughput]] = field(default_factory=dict)

    def count(self, workspace_ids: Iterable[int], *, now: datetime) -> None:
        """Take one token for each message of these workspaces, from every bucket that it passes."""
        taken = {one: n for one, n in Counter(workspace_ids).items() if one in self.held}
        rows = [row for workspace_id in taken for row in self.held[workspace_id]]
        for row in rows:
            row.tokens = row.tokens_at(now) - taken[row.workspace_id]
            row.filled_at = max(row.filled_at, now)
        if rows:
            Throughput.objects.bulk_update(rows, ["tokens", "filled_at"])


def hold_outlets(channel: str, workspaces: Collection[int], *, now: datetime) -> Outlets:
    """Lock the throughputs of these workspaces that bear on the channel, in the caller's transaction."""
    bearing = defaultdict(set)
    rows = _bearing(channel).filter(workspace__in=workspaces)
    for workspace_id, pk in rows.values_list("workspace_id", "pk"):
        bearing[workspace_id].add(pk)
    if not bearing:
        return Outlets()
    held = defaultdict(list)
    every = {pk for pks in bearing.values() for pk in pks}
    for row in Throughput.objects.select_for_update(skip_locked=True).filter(pk__in=every).order_by("pk"):
        held[row.workspace_id].append(row)
    # Of a workspace of which another worker holds a row nothing is claimed now.
    whole = {one: rows for one, rows in held.items() if len(rows) == len(bearing[one])}
    allowed = {
        one: floor(max(min((row.tokens_at(now) for row in whole.get(one, [])), default=0) + DUST, 0))
        for one in bearing
    }
    return Outlets(allowed, whole)


@transaction.atomic
def return_tokens(channel: str, message_ids: Iterable[int]) -> None:
    """What was claimed and not handed over did not leave: its tokens may be taken again."""
    rows = Message.objects.filter(pk__in=message_ids).values_list("workspace_id", flat=True)
    unused = Counter(rows)
    for row in _bearing(channel).filter(workspace__in=unused).select_for_update().order_by("pk"):
        Throughput.objects.filter(pk=row.pk).update(tokens=F("tokens") + unused[row.workspace_id])


def _bearing(channel: str) -> QuerySet[Throughput]:
    """What is pulled leaves at nobody's pace."""
    rows = Throughput.objects.order_by()
    return rows.none() if channel == Channel.INBOX else rows.filter(channel__in=[EVERY, channel])
