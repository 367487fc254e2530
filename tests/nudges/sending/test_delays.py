"""How long a message waits before it is tried again."""

from __future__ import annotations

import uuid

from nudges.sending.delays import next_attempt
from tests.make import NOW


def test_delays_double_to_an_hour_and_come_from_the_dispatch_id_alone() -> None:
    ids = [uuid.UUID(int=n) for n in range(50)]
    for attempts, full in [(1, 30), (2, 60), (3, 120), (8, 3600), (30, 3600)]:
        waits = [(next_attempt(dispatch_id=i, attempts=attempts, now=NOW) - NOW).total_seconds() for i in ids]
        assert 1 <= min(waits) < full / 4 < full * 3 / 4 < max(waits) <= full
        assert len(set(waits)) > 40
        assert waits == [
            (next_attempt(dispatch_id=i, attempts=attempts, now=NOW) - NOW).total_seconds() for i in ids
        ]
