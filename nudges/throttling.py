"""A workspace's throughputs set and taken away; who sends keeps to them from the next claim on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from engagement.auditing import changes, record
from engagement.models import ApiKey, Workspace
from nudges.models import Throughput

MOST = 1_000_000


@transaction.atomic
def set_throughput(
    *,
    workspace: Workspace,
    channel: str,
    messages: int,
    seconds: int,
    actor: User | ApiKey | None,
    now: datetime,
) -> Throughput:
    """Let out at most `messages` (1 to MOST) in any `seconds` (60 or 3600) by a channel; "" is all of them together.

    What the old pace had saved up does not come on top: the bucket is never fuller than before.
    """
    values = {"messages": messages, "seconds": seconds}
    held = Throughput.objects.select_for_update().filter(workspace=workspace, channel=channel).first()
    row = held or Throughput(workspace=workspace, channel=channel, **values, filled_at=now)
    before = {name: getattr(held, name) for name in values} if held else {}
    if not (changed := changes(before, values)):
        return row
    saved = row.tokens_at(now) if held else float(row.burst)
    row.messages, row.seconds = messages, seconds
    row.tokens, row.filled_at = min(saved, float(row.burst)), max(row.filled_at, now)
    row.save()
    record(
        workspace=workspace,
        actor=actor,
        action="set_throughput",
        target=row,
        detail={"channel": channel} | changed,
        now=now,
    )
    return row


@transaction.atomic
def remove_throughput(*, throughput: Throughput, actor: User | ApiKey | None, now: datetime) -> None:
    """What waits leaves as fast as it can from now on."""
    detail = {name: getattr(throughput, name) for name in ("channel", "messages", "seconds")}
    if Throughput.objects.filter(pk=throughput.pk).delete()[0]:
        record(
            workspace=throughput.workspace,
            actor=actor,
            action="remove_throughput",
            target=throughput,
            detail=detail,
            now=now,
        )


@transaction.atomic
def replace_throughputs(
    *,
    workspace: Workspace,
    wanted: Mapping[str, tuple[int, int]],
    actor: User | ApiKey | None,
    now: datetime,
) -> None:
    """All of them at once: `wanted` has (messages, seconds) by channel; those that it leaves out are taken away."""
    for row in Throughput.objects.filter(workspace=workspace).exclude(channel__in=wanted):
        row.workspace = workspace
        remove_throughput(throughput=row, actor=actor, now=now)
    for channel, (messages, seconds) in sorted(wanted.items()):
        set_throughput(
            workspace=workspace, channel=channel, messages=messages, seconds=seconds, actor=actor, now=now
        )
