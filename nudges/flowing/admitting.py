"""Who is let into a flow, and who is not and why: one place for all that asks, whatever brought it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from engagement.conditions import ConditionError, customers_matching
from engagement.counts import Counts
from engagement.statements import run_statement
from nudges.considering.forwarding import Asked, refuse
from nudges.flowing.noting import Moved, note_moves
from nudges.models import Flow, FlowState, FlowVersion, Nudge, ReEntry, RunState
from nudges.programs import END, first_speaking, layout, share_of
from nudges.reasons import Reason

logger = logging.getLogger(__name__)


class Earlier(NamedTuple):
    """What is known of somebody's earlier ways through a flow."""

    is_inside: bool
    last_in: datetime


@transaction.atomic
def admit(*, now: datetime, limit: int) -> Counts:
    """Let in or refuse up to `limit` who ask; one transaction. Counts: taken, entered, refused."""
    claimed = run_statement("nudges.claim_askings", {"limit": limit})
    if not claimed:
        return Counts()
    askings: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in claimed:
        askings[row["flow_id"]].append(row)
    earlier = _earlier(claimed)
    counts = Counts(taken=len(claimed))
    moves: list[Moved] = []
    for flow in Flow.objects.filter(pk__in=askings).select_related("version", "workspace").order_by("pk"):
        moves += _answer(flow, askings[flow.pk], earlier, now, counts)
    note_moves(moves)
    return counts


def _earlier(claimed: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], Earlier]:
    rows = run_statement(
        "nudges.find_earlier_runs",
        {"flows": [row["flow_id"] for row in claimed], "customers": [row["customer_id"] for row in claimed]},
    )
    return {(row["flow_id"], row["customer_id"]): Earlier(row["is_inside"], row["last_in"]) for row in rows}


def _answer(
    flow: Flow,
    askings: Sequence[Mapping[str, Any]],
    earlier: Mapping[tuple[int, int], Earlier],
    now: datetime,
    counts: Counts,
) -> list[Moved]:
    version = flow.version
    if version is None:
        raise ValueError(f"flow {flow.pk}: nobody can ask to come into what was never published")
    reasons = _reasons(flow, version, [row["customer_id"] for row in askings], earlier, now)
    refused = [row for row in askings if row["customer_id"] in reasons]
    _explain(flow, version, refused, reasons, now)
    counts["refused"] += len(refused)
    counts["entered"] += len(askings) - len(refused)
    first = next(iter(layout(version.steps)), END)
    return [
        Moved(
            id=row["id"],
            workspace_id=flow.workspace_id,
            flow_id=flow.pk,
            version_id=version.pk,
            due_at=now,
            **(
                {"state": RunState.REFUSED, "ended_at": now, "ended_by": reasons[row["customer_id"]]}
                if row["customer_id"] in reasons
                else {"state": RunState.RUNNING, "step": first}
            ),
            tallies=[
                ("", f"refused:{reasons[row['customer_id']]}" if row["customer_id"] in reasons else "entered")
            ],
        )
        for row in askings
    ]


def _reasons(
    flow: Flow,
    version: FlowVersion,
    customer_ids: Sequence[int],
    earlier: Mapping[tuple[int, int], Earlier],
    now: datetime,
) -> dict[int, str]:
    """Why these are not let in; who is not named is. The holdout comes last, so that its people are comparable."""
    if flow.state != FlowState.LIVE:
        reason = Reason.FLOW_PAUSED if flow.state == FlowState.PAUSED else Reason.FLOW_ENDED
        return dict.fromkeys(customer_ids, reason.value)
    reasons: dict[int, str] = {}
    for customer_id in customer_ids:
        before = earlier.get((flow.pk, customer_id))
        if before and before.is_inside:
            reasons[customer_id] = Reason.ALREADY_INSIDE
        elif before and not may_come_again(version, before.last_in, now):
            reasons[customer_id] = Reason.INSIDE_BEFORE
    asked = [customer_id for customer_id in customer_ids if customer_id not in reasons]
    fit = _fitting(flow, version, asked, now)
    for customer_id in asked:
        if customer_id not in fit:
            reasons[customer_id] = Reason.REFUSED
        elif share_of(f"{flow.pk}:holdout", customer_id) < version.holdout_percent:
            reasons[customer_id] = Reason.HOLDOUT
    return reasons


def may_come_again(version: FlowVersion, last_in: datetime, now: datetime) -> bool:
    """Whether somebody who is out, and last came in then, may come in again."""
    if version.re_entry == ReEntry.AFTER_DAYS:
        return now >= last_in + timedelta(days=version.re_entry_days or 0)
    return version.re_entry == ReEntry.AFTER_END


def _fitting(flow: Flow, version: FlowVersion, customer_ids: Sequence[int], now: datetime) -> set[int]:
    """Whom the conditions fit, and neither the goal nor the condition for leaving, which would let them out at once."""
    fit = set(customer_ids)
    for condition, is_wanted in ((version.conditions, True), (version.exits, False), (version.goal, False)):
        if not condition or not fit:
            continue
        try:
            found = customers_matching(condition, workspace=flow.workspace, now=now)
        except ConditionError as error:
            # The flow's fault, and shown at the flow. It fits nobody, as anywhere else.
            logger.warning("flow %s: its conditions cannot be checked: %s", flow.pk, error)
            matching: set[int] = set()
        else:
            matching = set(found.filter(pk__in=fit).values_list("pk", flat=True))
        fit = fit & matching if is_wanted else fit - matching
    return fit


def _explain(
    flow: Flow,
    version: FlowVersion,
    refused: Sequence[Mapping[str, Any]],
    reasons: Mapping[int, str],
    now: datetime,
) -> None:
    """Into the ledger, under the first nudge that they would have met."""
    if not refused:
        return
    nudge = Nudge.objects.get(workspace_id=flow.workspace_id, pk=first_speaking(version.steps) or 0)
    refuse(
        nudge=nudge,
        asked=[Asked(row["customer_id"], f"flow:{row['id']}", flow_run_id=row["id"]) for row in refused],
        reasons=[reasons[row["customer_id"]] for row in refused],
        rule=f"flow:{flow.slug}",
        now=now,
    )


def why_not(*, flow: Flow, customer_id: int, now: datetime) -> str | None:
    """The reason why a customer would not be let in now, by the same rules; None: they would be. Writes nothing."""
    if flow.version is None:
        return Reason.FLOW_ENDED
    earlier = _earlier([{"flow_id": flow.pk, "customer_id": customer_id}])
    return _reasons(flow, flow.version, [customer_id], earlier, now).get(customer_id)
