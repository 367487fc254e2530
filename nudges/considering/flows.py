"""Asking to come into a flow: a row for each occasion, once. `nudges.flowing.admitting` says who is let in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from engagement.statements import run_statement
from nudges.models import Flow, FlowState

MAX_OCCASION = 60


class Asking(NamedTuple):
    """One customer who may come in, and what brought them."""

    customer_id: int
    occasion: str
    customer_need_id: int | None = None


def let_into(*, flow: Flow, customer_ids: Collection[int], occasion: str, now: datetime) -> int:
    """Ask for some customers of the workspace to come into a flow; returns how many askings are new.

    The same occasion (up to 60 characters, such as "api:<key>") asks for a customer once. Customers of other workspaces
    are passed over. Raises ValueError on an empty or too long occasion, or a flow that is not live or paused.
    """
    if not occasion or len(occasion) > MAX_OCCASION:
        raise ValueError(f"occasion: name what lets them in, in 1 to {MAX_OCCASION} characters")
    if flow.state not in (FlowState.LIVE, FlowState.PAUSED):
        raise ValueError("state: only a live flow lets somebody in; publish it first")
    asking = [Asking(customer_id, occasion) for customer_id in sorted(set(customer_ids))]
    return ask_to_enter(flow=flow, asking=asking, now=now)


def ask_to_enter(*, flow: Flow, asking: Sequence[Asking], now: datetime) -> int:
    """Note who asks, in the caller's transaction; returns how many askings are new."""
    if not asking:
        return 0
    made = run_statement(
        "nudges.ask_to_enter",
        {
            "workspace": flow.workspace_id,
            "flow": flow.pk,
            "customers": [one.customer_id for one in asking],
            "occasions": [one.occasion for one in asking],
            "needs": [one.customer_need_id for one in asking],
            "now": now,
        },
    )
    return len(made)


def wake_runs(*, customer_ids: Collection[int], now: datetime) -> None:
    """Have flows look at these customers now, in whatever wait: something has happened that may let them leave."""
    run_statement("nudges.wake_runs", {"customers": sorted(customer_ids), "now": now})
