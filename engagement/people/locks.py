"""The lock of a customer: their `Unread` rows. Whoever writes for customers takes it first, in the order of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import OperationalError, connection, transaction

from engagement.statements import run_statement

MOST_TRIES = 5
DEADLOCK = "40P01"
P = ParamSpec("P")
T = TypeVar("T")


def taken_again(work: Callable[P, T]) -> Callable[P, T]:
    """Make a piece of work one transaction, run again when the database gave it up to end a circle of waiting.

    Inside a transaction of the caller's it is run once: that transaction is lost as a whole.
    """

    @wraps(work)
    def patient(*args: P.args, **kwargs: P.kwargs) -> T:
        tries = 1 if connection.in_atomic_block else MOST_TRIES
        while True:
            tries -= 1
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except OperationalError as error:
                if not tries or getattr(error.__cause__, "pgcode", None) != DEADLOCK:
                    raise

    return patient


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
