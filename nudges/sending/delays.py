"""How long a message waits before it is tried again: longer each time, and never all at the same moment."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

BASE = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
SHORTEST = timedelta(seconds=1)


def next_attempt(
    *, dispatch_id: UUID, attempts: int, now: datetime, at_least: timedelta | None = None
) -> datetime:
    """When to try after `attempts` tries (1 and up): a share of 30 s doubled each time to an hour, from 0 to 100 %.

    Full jitter: what failed together spreads over the whole time. The share comes from the dispatch id, so that the
    same history gives the same times. `at_least` is what the provider asked for.
    """
    full = min(BASE * 2 ** min(max(attempts, 1) - 1, 16), LONGEST)
    digest = hashlib.sha256(f"{dispatch_id}:{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return now + max(full * share, SHORTEST, at_least or timedelta(0))
