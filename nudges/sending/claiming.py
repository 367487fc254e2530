"""Claiming due messages for one worker, and giving back what it did not come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from engagement.statements import run_prepared, run_statement
from nudges.models import Message, MessageState, Reach
from nudges.sending.outlets import hold_outlets


@transaction.atomic
def claim_messages(
    *, channel: str, workspaces: Sequence[int], limit: int, token: UUID, now: datetime
) -> list[int]:
    """The ids of up to `limit` due messages of these workspaces by the channel, this token's worker's from now on.

    What leaves counts against the throughputs of its workspace here; `return_tokens` gives back what did not leave.
    The commit need not wait for the disk: nothing is handed over before one that does (`recording.begin`).
    """
    run_statement("nudges.commit_lazily", {})
    outlets = hold_outlets(channel, workspaces, now=now)
    rows = run_statement(
        "nudges.claim_messages",
        {
            "channel": channel,
            "workspaces": list(workspaces),
            "limit": limit,
            "token": str(token),
            "throttled": list(outlets.allowed),
            "allowed": list(outlets.allowed.values()),
            "now": now,
        },
    )
    outlets.count((row["workspace_id"] for row in rows), now=now)
    return sorted(row["id"] for row in rows)


def give_back(ids: Collection[int], *, token: UUID) -> int:
    """Return claimed messages whose hand-over has not begun; they are due as before."""
    return Message.objects.filter(
        pk__in=ids, claim_token=token, state=MessageState.CLAIMED, begun_at=None
    ).update(state=MessageState.DECIDED, claim_token=None, claimed_at=None)


def begin_reach(*, token: UUID, now: datetime) -> bool:
    """Nothing of what begins now has gone out. False: the claim was taken from this worker, which must not begin."""
    return bool(run_prepared("nudges.begin_reach", {"token": str(token), "now": now}))


def note_reach(message_id: int, *, token: UUID, now: datetime) -> bool:
    """What is up to this message may go out from now on; what is beyond it has not.

    False: the claim was taken from this worker, which must not hand them over.
    """
    return bool(run_prepared("nudges.note_reach", {"token": str(token), "message": message_id, "now": now}))


def forget_reach(token: UUID) -> None:
    """Nothing of this claim is in doubt any more."""
    Reach.objects.filter(claim_token=token).delete()
