"""A scheduler that has all steps done from an event to a decision, in small chunks so that it meets others."""

from __future__ import annotations

from datetime import timedelta

from nudges.considering import consider_entries, consider_events
from nudges.deciding import decide_nudges
from tests.make import NOW
from tests.races.workers import is_told_to_end

LATER = NOW + timedelta(minutes=2)  # when the collecting time of what events started is over


def schedule() -> None:
    """Do the steps again and again until told to end and nothing is left to do."""
    while True:
        is_last = is_told_to_end()
        done = consider_events(now=NOW, limit=3).done
        done += consider_entries(now=NOW, limit=4).done
        done += decide_nudges(now=LATER, limit=5).done
        if is_last and not done:
            return
