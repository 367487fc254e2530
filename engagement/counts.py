"""What a step did, as it is logged and returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic


class Counts(Counter[str]):
    """Named counts of one run of a step; `done` tells whether there was anything to do."""

    @property
    def done(self) -> int:
        """How many units of work were taken in this run: 0 means that nothing was due."""
        return self["taken"]


def until_done(step: Callable[[], Counts], *, at_most: float) -> Counts:
    """Run a step until there is nothing to do or these seconds have passed; all counts together."""
    total, end = Counts(), monotonic() + at_most
    while monotonic() < end:
        counts = step()
        total.update(counts)
        if not counts.done:
            break
    return total
