"""How long what was not taken waits, and how long an endpoint rests that cannot be reached."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

# The schedule that Standard Webhooks advises: ten tries in a little over three days.
WAITS = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
MOST_TRIES = len(WAITS) + 1
JITTER = 0.2
SHORTEST_REST, LONGEST_REST = timedelta(seconds=15), timedelta(minutes=10)
# Whoever takes nothing for so long is not told any more until somebody switches it on again.
GIVEN_UP_AFTER = timedelta(days=5)


def next_try(*, key: UUID, tries: int, now: datetime, at_least: timedelta | None = None) -> datetime | None:
    """When to try again after `tries` tries (1 and up); None: never.

    Up to a fifth is added to the wait, a share that follows from the key: what failed together spreads, and the same
    history gives the same times. `at_least` is what the endpoint asked for.
    """
    if tries >= MOST_TRIES:
        return None
    digest = hashlib.sha256(f"{key}:{tries}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return now + max(WAITS[tries - 1] * (1 + JITTER * share), at_least or timedelta(0))


def rest_of(*, failing_since: datetime, now: datetime) -> timedelta:
    """A quarter of the time for which it has been failing: soon at first, then seldom."""
    return min(max((now - failing_since) / 4, SHORTEST_REST), LONGEST_REST)
