"""What a step did, as it is logged and returned."""

from __future__ import annotations

from collections import Counter


class Counts(Counter[str]):
    """Named counts of one run of a step; `done` tells whether there was anything to do."""

    @property
    def done(self) -> int:
        """How many units of work were taken in this run: 0 means that nothing was due."""
        return self["taken"]
