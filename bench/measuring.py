"""What a benchmark returns, and how rounds of ours and of the reference are interleaved."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Measured:
    """Medians over rounds, in the same unit. `rounds` has each round's pair, `notes` whatever else was seen."""

    ours: float
    reference: float
    unit: str
    rounds: list[tuple[float, float]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.reference if self.reference else float("nan")


def interleaved(
    ours: Callable[[int], float], reference: Callable[[int], float], *, rounds: int, unit: str, **notes: Any
) -> Measured:
    """Run both in turn, the one that goes first changing each round, and take medians: load of others hits both."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            theirs = reference(number)
            pairs.append((ours(number), theirs))
        else:
            mine = ours(number)
            pairs.append((mine, reference(number)))
        say(f"  round {number + 1}: ours {pairs[-1][0]:,.0f}, reference {pairs[-1][1]:,.0f} {unit}")
    return Measured(
        ours=statistics.median(pair[0] for pair in pairs),
        reference=statistics.median(pair[1] for pair in pairs),
        unit=unit,
        rounds=pairs,
        notes=notes,
    )


def say(text: str) -> None:
    """Progress, apart from the closing line."""
    print(text, file=sys.stderr, flush=True)
