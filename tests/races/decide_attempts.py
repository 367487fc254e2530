"""One of several workers that want the same customers: puts a nudge forward and decides, again and again.

Each attempt is an occasion of its own for every customer of the nudge's workspace.
"""

from __future__ import annotations

import os
import time

from engagement.models import Customer
from nudges.considering import put_forward
from nudges.deciding import decide_nudges
from nudges.models import Nudge, Waiting
from tests.make import NOW
from tests.races.workers import wait_for_the_others


def attempt(nudge_id: int, attempts: int) -> None:
    nudge = Nudge.objects.select_related("workspace").get(pk=nudge_id)
    customers = list(Customer.objects.filter(workspace=nudge.workspace).values_list("pk", flat=True))
    wait_for_the_others()
    for number in range(attempts):
        occasion = f"race:{os.getpid()}:{number}"
        put_forward(nudge=nudge, customer_ids=customers, occasion=occasion, now=NOW)
        decide_nudges(now=NOW)  # who is in another's hands is passed over, and decided by that one
    while Waiting.objects.filter(candidate__nudge=nudge).exists():
        decide_nudges(now=NOW)
        time.sleep(0.05)
