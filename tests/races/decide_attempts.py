"""One of several processes that want the same customers: puts a nudge forward and decides, again and again.

python -m tests.races.decide_attempts NUDGE ATTEMPTS THREADS START

Each attempt is an occasion of its own for every customer of the nudge's workspace. START is the second since 1970 at
which all begin.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from engagement.models import Customer  # noqa: E402
from nudges.considering import put_forward  # noqa: E402
from nudges.deciding import decide_nudges  # noqa: E402
from nudges.models import Candidate, Nudge  # noqa: E402
from tests.make import NOW  # noqa: E402


def main() -> None:
    nudge_id, attempts, threads = map(int, sys.argv[1:4])
    start = float(sys.argv[4])
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
        decide_nudges(now=NOW)
        if not Candidate.objects.filter(occasion=occasion, state="due").exists():
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
