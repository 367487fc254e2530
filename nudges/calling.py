"""Staff tasks: who takes one, what came of a try, and what the customer said.

The message is the task: it waits while its state is `sent`. Reached, it is `delivered` and answered like any other;
given up, or not done in its time, it has `failed` and its slot is free again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from engagement.counts import Counts
from engagement.models import Channel, Workspace
from nudges.hearing import hear_reply
from nudges.models import Message, MessageState, Reply, StaffTask
from nudges.sending.reporting import Report, take_report

# A claim that nobody finished is anybody's again after this time.
CLAIM_LASTS = timedelta(hours=4)
LONGEST_NOTE = 2_000


class CannotDo(Exception):
    """What was asked for a task cannot be done; the message says why or what to change."""


def waiting_tasks(workspace: Workspace, *, now: datetime) -> QuerySet[Message]:
    """The queue: what can be done now first, by when it must be done."""
    return (
        Message.objects.filter(
            workspace=workspace,
            channel=Channel.STAFF_TASK,
            state=MessageState.SENT,
            not_after__gt=now,
        )
        .select_related("customer", "category", "nudge", "task__claimed_by", "customer_need__need")
        .order_by(F("task__not_before").asc(nulls_first=True), "not_after", "id")
    )


@transaction.atomic
def claim_task(*, message: Message, user: User, now: datetime) -> StaffTask:
    """Take a task, so that nobody else does it too. Raises CannotDo when somebody has it."""
    _waiting(message)
    StaffTask.objects.get_or_create(message=message, defaults={"workspace_id": message.workspace_id})
    free = Q(claimed_by=None) | Q(claimed_by=user) | Q(claimed_at__lt=now - CLAIM_LASTS)
    taken = StaffTask.objects.filter(free, message=message).update(claimed_by=user, claimed_at=now)
    task = StaffTask.objects.select_related("claimed_by").get(message=message)
    if not taken:
        raise CannotDo(_("%(who)s has it.") % {"who": task.claimed_by})
    return task


def release_task(*, message: Message, user: User) -> bool:
    """Give a task back; false when it was not theirs."""
    return bool(
        StaffTask.objects.filter(message=message, claimed_by=user).update(claimed_by=None, claimed_at=None)
    )


@transaction.atomic
def try_later(*, message: Message, note: str, until: datetime, now: datetime) -> None:
    """Nobody was reached: it comes back at `until`, which must be before the message is of no use."""
    _waiting(message)
    if not now < until < message.not_after:
        raise CannotDo(_("Choose a time before it is of no use any more."))
    StaffTask.objects.update_or_create(
        message=message,
        defaults={
            "workspace_id": message.workspace_id,
            "note": note[:LONGEST_NOTE],
            "not_before": until,
            "claimed_by": None,
            "claimed_at": None,
        },
    )
    StaffTask.objects.filter(message=message).update(tries=F("tries") + 1)


@transaction.atomic
def finish_task(
    *,
    message: Message,
    is_reached: bool,
    note: str = "",
    reply: str = "",
    detail: dict[str, Any] | None = None,
    user: User | None,
    now: datetime,
) -> Reply | None:
    """The end of a task: the customer was reached, with what they said, or it is given up.

    Raises CannotDo, and BadReply for an answer that cannot be taken.
    """
    _waiting(message)
    state = MessageState.DELIVERED if is_reached else MessageState.FAILED
    error = "" if is_reached else "nobody was reached"
    take_report(
        workspace_id=message.workspace_id,
        report=Report(message.dispatch_id, state, error=error),
        now=now,
    )
    StaffTask.objects.update_or_create(
        message=message,
        defaults={
            "workspace_id": message.workspace_id,
            "note": note[:LONGEST_NOTE],
            "done_by": user,
            "done_at": now,
            "claimed_by": None,
            "claimed_at": None,
        },
    )
    if not is_reached or not reply:
        return None
    return hear_reply(message_id=message.pk, kind=reply, detail=detail or {}, now=now)


def lapse_tasks(*, now: datetime, limit: int = 200) -> Counts:
    """Tasks that nobody did in their time have failed: nothing reached the customer."""
    late = Message.objects.filter(channel=Channel.STAFF_TASK, state=MessageState.SENT, not_after__lte=now)
    counts = Counts()
    for message in late.order_by("not_after")[:limit]:
        report = Report(message.dispatch_id, MessageState.FAILED, error="nobody did it in its time")
        counts["taken"] += 1
        counts["lapsed"] += take_report(workspace_id=message.workspace_id, report=report, now=now)
    return counts


def _waiting(message: Message) -> None:
    held = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if held.channel != Channel.STAFF_TASK or held.state != MessageState.SENT:
        raise CannotDo(_("This task is over."))
