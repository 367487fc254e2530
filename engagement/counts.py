"""What a step did, as it is logged and returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic

AT_MOST = 20  # seconds of one task; the next beat goes on


class Counts(Counter[str]):
    """Named counts of one run of a step; `done` tells whether there was anything to do."""

    @property
    def done(self) -> int:
        """How many units of work were taken in this run: 0 means that nothing was due."""
        return self["taken"]


def until_done(
    step: Callable[[], Counts], *, at_most: float = AT_MOST, between: Callable[[], None] | None = None
) -> Counts:
    """Run a step until there is nothing to do or these seconds have passed, `between` after each run that did some.

    All counts together.
    """
    total, end = Counts(), monotonic() + at_most
    while monotonic() < end:
        counts = step()
        total.update(counts)
        if not counts.done:
            break
        if between:
            between()
    return total
