"""Decide, and read what became of one candidate."""

from __future__ import annotations

from datetime import datetime, timedelta

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
