"""Claiming due messages for one worker, and reading all that is needed to send them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch

from engagement.statements import run_statement
from nudges.models import Message, MessageState, NudgeContent


def claim_messages(*, channel: str, limit: int, token: UUID, now: datetime) -> list[int]:
    """The ids of up to `limit` due messages of the channel, which belong to this token's worker from now on."""
    rows = run_statement(
        "nudges.claim_messages", {"channel": channel, "limit": limit, "token": str(token), "now": now}
    )
    return sorted(row["id"] for row in rows)


def read_claimed(ids: Sequence[int]) -> list[Message]:
    """The messages with their customers, nudges, words, needs and decisions, in two queries."""
    contents = Prefetch("nudge__contents", NudgeContent.objects.order_by("id"))
    return list(
        Message.objects.filter(pk__in=ids)
        .select_related(
            "workspace", "customer", "nudge", "category", "customer_need__need", "candidate__decision"
        )
        .prefetch_related(contents)
        .order_by("id")
    )


def give_back(ids: Sequence[int], *, token: UUID) -> int:
    """Return claimed messages whose hand-over has not begun; they are due as before."""
    return Message.objects.filter(
        pk__in=ids, claim_token=token, state=MessageState.CLAIMED, begun_at=None
    ).update(state=MessageState.DECIDED, claim_token=None, claimed_at=None)
