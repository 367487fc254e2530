"""The lock of a customer: their `Unread` rows. Whoever writes for customers takes it first, in the order of ids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from engagement.statements import run_statement


def lock_customers(*, workspace_id: int, customer_ids: Iterable[int], now: datetime) -> None:
    """Hold these customers until the transaction ends; every reader of events will look at them afterwards."""
    wanted = sorted(set(customer_ids))
    if wanted:
        run_statement(
            "engagement.lock_customers",
            {
                "workspace_id": workspace_id,
                "customer_ids": wanted,
                "readers": list(settings.EVENT_READERS),
                "now": now,
            },
        )
