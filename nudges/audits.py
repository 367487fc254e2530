"""Reads that recount the whole ledger: was any cap ever exceeded, and do the pressure rows agree with the messages?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from engagement.models import Customer
from engagement.statements import run_statement

CHUNK = 5_000  # customers whose messages are held in memory


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

    Over all messages that count, a range of customers at a time: for an audit, not for a page.
    """
    return [
        Violation(*row.values())
        for after, upto in _ranges()
        for row in run_statement("nudges.audit_caps", {"after": after, "upto": upto})
    ]


def find_drift(*, now: datetime) -> list[Drift]:
    """Every difference between the pressure rows and the messages of the last 90 days; by ranges of customers too."""
    return [
        Drift(*row.values())
        for after, upto in _ranges()
        for row in run_statement("nudges.audit_pressure", {"now": now, "after": after, "upto": upto})
    ]


def _ranges() -> Iterator[tuple[int, int]]:
    """Ranges of CHUNK customers each: the id before the first, the id of the last."""
    after = 0
    everybody = Customer.objects.order_by("pk").values_list("pk", flat=True)
    while ids := list(everybody.filter(pk__gt=after)[:CHUNK]):
        yield after, ids[-1]
        after = ids[-1]
