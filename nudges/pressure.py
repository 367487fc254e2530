"""What counts against a customer's caps, and how a slot is given back when nothing reached the customer."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from engagement.statements import run_statement


@transaction.atomic
def release_slots(message_ids: Collection[int]) -> int:
    """Let messages that were refused for good stop counting; returns how many did count until now.

    For a message that failed, bounced at once or was cancelled before it was handed over. An `unknown` keeps its slot.
    Locks the customers' pressure rows, in the order of their ids; safe to repeat.
    """
    wanted = sorted(set(message_ids))
    if not wanted:
        return 0
    held: set[int] = set()
    # While we waited for a customer's row, a merge may have moved the message to another customer: lock that one too.
    while owners := lock_customers_of(wanted) - held:
        held |= owners
    return len(run_statement("nudges.release_slots", {"messages": wanted}))


def lock_customers_of(message_ids: Collection[int]) -> set[int]:
    """Lock the pressure rows of the messages' customers as they are now; returns the customers."""
    rows = run_statement("nudges.lock_pressures_of_messages", {"messages": list(message_ids)})
    return {row["customer_id"] for row in rows}
