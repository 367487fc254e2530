"""One of several processes that want the same customers: puts a nudge forward and decides, again and again.

python -m tests.races.decide_attempts NUDGE ATTEMPTS THREADS START [--without-lock]

Each attempt is an occasion of its own for every customer of the nudge's workspace. START is the second since 1970 at
which all begin. `--without-lock` takes the lock out of the claim, to show that the race would be lost without it.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import DatabaseError, connection  # noqa: E402

from engagement import statements  # noqa: E402
from engagement.models import Customer  # noqa: E402
from nudges.considering import put_forward  # noqa: E402
from nudges.deciding import decide_nudges  # noqa: E402
from nudges.models import Candidate, Nudge  # noqa: E402
from tests.make import NOW  # noqa: E402

LOCK = "FOR UPDATE OF pressure SKIP LOCKED"
WITHOUT_LOCK = "--without-lock" in sys.argv


def main() -> None:
    nudge_id, attempts, threads = map(int, sys.argv[1:4])
    start = float(sys.argv[4])
    if WITHOUT_LOCK:
        forget_the_lock()
    with ThreadPoolExecutor(threads) as pool:
        for attempt in [
            pool.submit(attempts_of, nudge_id, attempts, place, start) for place in range(threads)
        ]:
            attempt.result()


def attempts_of(nudge_id: int, attempts: int, place: int, start: float) -> None:
    nudge = Nudge.objects.select_related("workspace").get(pk=nudge_id)
    customers = list(Customer.objects.filter(workspace=nudge.workspace).values_list("pk", flat=True))
    time.sleep(max(0.0, start - time.time()))
    for number in range(attempts):
        occasion = f"race:{os.getpid()}:{place}:{number}"
        put_forward(nudge=nudge, customer_ids=customers, occasion=occasion, now=NOW)
        decide_until_done(occasion)
    connection.close()


def decide_until_done(occasion: str) -> None:
    while True:
        try:
            decide_nudges(now=NOW)
        except DatabaseError:
            # Without the lock two decide the same candidate, and the database refuses the second.
            if not WITHOUT_LOCK:
                raise
        if not Candidate.objects.filter(occasion=occasion, state="due").exists():
            return
        time.sleep(0.005)


def forget_the_lock() -> None:
    right = statements.statement("nudges.claim_customers")
    assert LOCK in right
    wrong = right.replace(LOCK, "")
    read = statements.statement
    statements.statement = lambda name: wrong if name == "nudges.claim_customers" else read(name)  # type: ignore[assignment]


if __name__ == "__main__":
    main()
