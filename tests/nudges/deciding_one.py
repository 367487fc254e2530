"""Decide, and read what became of one candidate; put a customer into the holdout or out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Candidate, Decision
from tests.make import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def decide(candidate: Candidate, now: datetime = NOW) -> Decision:
    """The decision on one candidate after deciding everything that is due."""
    decide_nudges(now=now)
    return Decision.objects.get(candidate=candidate)


def became(candidate: Candidate, now: datetime = NOW) -> tuple[str, str]:
    """Outcome and reason."""
    decision = decide(candidate, now)
    return decision.outcome, decision.reason


def read(candidate: Candidate) -> tuple[str, str]:
    """Outcome and reason as they stand, deciding nothing."""
    decision = Decision.objects.get(candidate=candidate)
    return decision.outcome, decision.reason


def bucket_of(workspace: Workspace, customer: Customer, is_wanted: Callable[[int], bool]) -> None:
    """Give the workspace a salt that puts the customer into a bucket as wanted."""
    for salt in map(str, count()):
        digest = hashlib.sha256(f"{salt}{customer.pk}".encode()).hexdigest()
        if is_wanted(int(digest[:15], 16) % 10_000):
            Workspace.objects.filter(pk=workspace.pk).update(holdout_salt=salt)
            return
