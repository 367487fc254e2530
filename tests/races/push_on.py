"""One of several workers that push broadcasts and flows on at once, until the test has seen enough."""

from __future__ import annotations

import time

from nudges.considering import consider_broadcasts
from nudges.deciding import decide_nudges
from nudges.flowing import advance_flows
from tests.make import NOW
from tests.races.workers import is_told_to_end, wait_for_the_others


def push_on() -> None:
    """In small chunks, so that the workers meet often."""
    wait_for_the_others()
    while not is_told_to_end():
        consider_broadcasts(now=NOW)
        advance_flows(now=NOW, limit=7)
        decide_nudges(now=NOW, limit=20)
        time.sleep(0.01)
