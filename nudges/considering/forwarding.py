"""Putting forward: one candidate for each customer, nudge and occasion, once however often it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from engagement.conditions import customers_matching
from engagement.statements import run_statement
from nudges.models import Broadcast, Nudge, NudgeStatus, Policy, Promise
from nudges.reasons import Reason

DEFAULT_COLLECT_SECONDS = 60
MAX_OCCASION = 80


class Asked(NamedTuple):
    """One customer to whom a nudge shall be put forward, and why."""

    customer_id: int
    occasion: str
    customer_need_id: int | None = None
    stage_change_id: int | None = None
    flow_run_id: int | None = None


def put_forward(*, nudge: Nudge, customer_ids: Collection[int], occasion: str, now: datetime) -> int:
    """Put a nudge forward to those of the customers whom its conditions fit; returns how many are new.

    `occasion` (up to 80 characters) names what put it forward, such as "api:<key>": the same occasion puts a nudge
    forward to a customer once. A nudge that is not active is put forward to nobody; customers of other workspaces are
    passed over. Raises ValueError on an empty or too long occasion, ConditionError on broken conditions.
    """
    if not occasion or len(occasion) > MAX_OCCASION:
        raise ValueError(f"occasion: name what put the nudge forward in 1 to {MAX_OCCASION} characters")
    asked = [Asked(customer_id, occasion) for customer_id in sorted(set(customer_ids))]
    return len(forward(nudge=nudge, asked=asked, now=now))


@transaction.atomic
def forward(
    *,
    nudge: Nudge,
    asked: Sequence[Asked],
    now: datetime,
    broadcast: Broadcast | None = None,
    checked: bool = False,
    is_entered: bool = False,
) -> list[int]:
    """The same for customers each with an occasion of their own; returns the customers of new candidates.

    `checked` says that the conditions have just been checked; `is_entered`, that they were let in while the nudge was
    active, so that it is for deciding to say that it no longer is. Whom they don't fit is refused entry: the ledger
    says so, and nothing more comes of it. A candidate is due after the workspace's collecting time, a service message
    at once, and true until the nudge's own hours have passed, or the broadcast's end.
    """
    if not asked or (nudge.status != NudgeStatus.ACTIVE and not is_entered):
        return []
    fitting, refused = (list(asked), []) if checked else _sorted_out(nudge, asked, now)
    if refused:
        refuse(
            nudge=nudge,
            asked=refused,
            reasons=[Reason.REFUSED] * len(refused),
            rule="conditions",
            now=now,
            broadcast=broadcast,
        )
    made = _make(nudge, fitting, waits=True, now=now, broadcast=broadcast)
    return [row["customer_id"] for row in made]


def refuse(
    *,
    nudge: Nudge,
    asked: Sequence[Asked],
    reasons: Sequence[str],
    rule: str,
    now: datetime,
    broadcast: Broadcast | None = None,
) -> None:
    """Write into the ledger that these were not put forward, each with its reason; each (customer, occasion) once."""
    why = {one.occasion: reason for one, reason in zip(asked, reasons, strict=True)}
    kept = _make(nudge, asked, waits=False, now=now, broadcast=broadcast)
    run_statement(
        "nudges.refuse_entries",
        {
            "candidates": [row["candidate_id"] for row in kept],
            "reasons": [why[row["occasion"]] for row in kept],
            "rules": [rule] * len(kept),
            "now": now,
        },
    )


def _make(
    nudge: Nudge, asked: Sequence[Asked], *, waits: bool, now: datetime, broadcast: Broadcast | None
) -> list[dict[str, Any]]:
    """Write the candidates, those that wait to be decided into the queue too; returns those that are new."""
    not_after = now + timedelta(hours=nudge.expires_after_hours)
    is_service = nudge.promise == Promise.SERVICE
    return run_statement(
        "nudges.put_forward",
        {
            "workspace": nudge.workspace_id,
            "nudge": nudge.pk,
            "need": nudge.trigger_need_id,
            "broadcast": broadcast and broadcast.pk,
            "customers": [one.customer_id for one in asked],
            "occasions": [one.occasion for one in asked],
            "needs": [one.customer_need_id for one in asked],
            "changes": [one.stage_change_id for one in asked],
            "runs": [one.flow_run_id for one in asked],
            "waits": waits,
            "urgent": is_service,
            "now": now,
            "due_at": now if is_service else now + timedelta(seconds=_collect_seconds(nudge.workspace_id)),
            "not_after": min(not_after, broadcast.not_after) if broadcast else not_after,
        },
    )


def _sorted_out(nudge: Nudge, asked: Sequence[Asked], now: datetime) -> tuple[list[Asked], list[Asked]]:
    """Those whom the conditions fit, and the others."""
    if not nudge.conditions:
        return list(asked), []
    matching = customers_matching(nudge.conditions, workspace=nudge.workspace, now=now)
    fit = set(matching.filter(pk__in={one.customer_id for one in asked}).values_list("pk", flat=True))
    return [one for one in asked if one.customer_id in fit], [
        one for one in asked if one.customer_id not in fit
    ]


def _collect_seconds(workspace_id: int) -> int:
    seconds = (
        Policy.objects.filter(workspace_id=workspace_id).values_list("collect_seconds", flat=True).first()
    )
    return DEFAULT_COLLECT_SECONDS if seconds is None else seconds
