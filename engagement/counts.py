"""What a step did, as it is logged and returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass
class Pace:
    """How much a process does in one run of a step: as much as takes about `seconds`, from `least` to `most` units.

    It learns from how long the runs before took, so that what comes in between waits as long on a slow machine or for
    a slow provider as on a quick one.
    """

    most: int
    least: int = 20
    seconds: float = 0.4
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = max(self.least, self.most // 8)

    def run(self, step: Callable[[int], Counts]) -> Counts:
        """Run a step that takes the most that it may do at once; returns its counts."""
        began = monotonic()
        counts = step(self.size)
        self.learn(counts.done, monotonic() - began)
        return counts

    def learn(self, done: int, took: float) -> None:
        """After a run of `done` units that took so many seconds. One of little says nothing of what more would take."""
        if took > self.seconds or done >= self.size // 10:
            fitting = int(self.size * min(self.seconds / max(took, 1e-3), 2))
            self.size = max(self.least, min(self.most, fitting))
