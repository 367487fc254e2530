"""Let customers into a flow, and read where they are in it."""

from __future__ import annotations

from datetime import datetime

from engagement.models import Customer
from nudges.considering import let_into
from nudges.flowing import advance_flows
from nudges.models import Candidate, Decision, Flow, FlowRun
from tests.make import NOW

GOLD = {"trait": "plan", "is": "gold"}


def enter(flow: Flow, *customers: Customer, at: datetime = NOW, occasion: str = "api:1") -> None:
    let_into(flow=flow, customer_ids=[one.pk for one in customers], occasion=occasion, now=at)
    advance_flows(now=at)


def run_of(customer: Customer, flow: Flow | None = None) -> FlowRun:
    runs = FlowRun.objects.filter(customer=customer)
    return (runs.filter(flow=flow) if flow else runs).latest("id")


def path_of(customer: Customer) -> list[tuple[str, str]]:
    return [(one["step"], one["went"]) for one in run_of(customer).trail]


def refusal_of(customer: Customer) -> tuple[str, str]:
    """The reason on the run and in the ledger, which are the same, and the rule."""
    run = run_of(customer)
    decision = Decision.objects.get(candidate__flow_run=run)
    assert (run.state, decision.outcome, decision.reason) == ("refused", "suppress", run.ended_by)
    return decision.reason, decision.rule


def said_to(customer: Customer) -> list[str]:
    return list(
        Candidate.objects.filter(customer=customer).order_by("id").values_list("nudge__name", flat=True)
    )
