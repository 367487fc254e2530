"""Reads that recount the whole ledger: was any cap ever exceeded, and do the pressure rows agree with the messages?"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from engagement.statements import run_statement


class Violation(NamedTuple):
    """A message that should not have been sent: with it, `found` messages used a rule that allows `limit`."""

    workspace_id: int
    customer_id: int
    message_id: int
    rule: str
    limit: int
    found: int


class Drift(NamedTuple):
    """A message that the customer's pressure lacks (missing), has too much (extra) or tells otherwise (different)."""

    customer_id: int
    message_id: int
    drift: str


def find_violations() -> list[Violation]:
    """Every message that broke a rule in force when it was decided: nothing, or the guarantee is broken.

    One query over all messages that count: for an audit, not for a page.
    """
    return [Violation(*row.values()) for row in run_statement("nudges.audit_caps", {})]


def find_drift(*, now: datetime) -> list[Drift]:
    """Every difference between the pressure rows and the messages of the last 90 days."""
    return [Drift(*row.values()) for row in run_statement("nudges.audit_pressure", {"now": now})]
