"""The adaptive cap against a fixed cap and none, on customers with a known truth, at equal volume.

Everybody has a message waiting on nine days of ten. All three send as many messages in all: the adaptive cap says how
many (at most 5 in 7 days, down to 1), a fixed cap is set to the (fractional) limit that sends as many, and without a
cap that many are sent on days drawn by chance. Means over 1,500 customers and half a year. About a minute.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bench.adapting.people import WORLDS, Life, Policy, live, population
from nudges.receptions import adapted, feel

PEOPLE, LIMIT, FLOOR = 1500, 5, 1
WINDOW = timedelta(days=7)
CLOSE = 0.002  # volumes may differ by this share


class Outcome(NamedTuple):
    """A customer's half year on average; `left` in per cent of customers."""

    sent: float
    helped: float
    ignored: float
    left: float


def in_window(life: Life, now: datetime) -> int:
    used = 0
    for one in reversed(life.pushed):
        if one.at <= now - WINDOW:
            break
        used += 1
    return used


def no_cap(share: float) -> Policy:
    return lambda life, now, luck: luck < share


def fixed_cap(limit: float) -> Policy:
    """The limit's fraction is the share of customers who get one more."""
    whole, part = int(limit), limit % 1

    def allows(life: Life, now: datetime, luck: float) -> bool:
        return in_window(life, now) < whole + (life.seed % 1000 / 1000 < part)

    return allows


def adaptive_cap(limit: int, floor: int) -> Policy:
    """The product's own formula, told what the product would know."""

    def allows(life: Life, now: datetime, luck: float) -> bool:
        used = in_window(life, now)
        if used < floor or used >= limit:
            return used < floor
        level = feel(life.pushed, life.heard(now), now=now).level
        return used < adapted(limit, floor, level)

    return allows


def outcome(world: str, policy: Policy) -> Outcome:
    lives = [live(kind, seed, policy) for kind, seed in population(world, PEOPLE)]
    n = len(lives)
    return Outcome(
        sent=sum(len(life.pushed) for life in lives) / n,
        helped=sum(life.helped for life in lives) / n,
        ignored=sum(life.ignored for life in lives) / n,
        left=100 * sum(life.has_left for life in lives) / n,
    )


def at_volume(world: str, family: Callable[[float], Policy], sent: float, highest: float) -> Outcome:
    """The member of a family of policies that sends as much, found by halving."""
    low, high = 0.0, highest
    for _step in range(12):
        middle = (low + high) / 2
        found = outcome(world, family(middle))
        if abs(found.sent - sent) <= CLOSE * sent:
            break
        low, high = (middle, high) if found.sent < sent else (low, middle)
    return found


def compare(world: str) -> dict[str, Outcome]:
    ours = outcome(world, adaptive_cap(LIMIT, FLOOR))
    return {
        "no cap": at_volume(world, no_cap, ours.sent, 1),
        "fixed cap": at_volume(world, fixed_cap, ours.sent, LIMIT),
        "adaptive": ours,
        "fixed at limit": outcome(world, fixed_cap(LIMIT)),
    }


def show(world: str, found: dict[str, Outcome]) -> None:
    print(f"\n{world}")
    print(f"{'':16}{'sent':>8}{'helped':>8}{'ignored':>9}{'left %':>8}{'helped a message':>18}")
    for name, one in found.items():
        share = one.helped / one.sent
        print(
            f"{name:16}{one.sent:8.1f}{one.helped:8.2f}{one.ignored:9.2f}{one.left:8.1f}{share:18.3f}",
            flush=True,
        )


def main() -> None:
    """Print a table a world, where it loses, and the closing line."""
    results = {}
    for world in WORLDS:
        results[world] = compare(world)
        show(world, results[world])
    print()
    for world, found in results.items():
        gain = found["adaptive"].helped / found["fixed cap"].helped - 1
        leaving = found["adaptive"].left - found["fixed cap"].left
        word = "wins" if gain > 0 and leaving < 0 else "LOSES" if gain < 0 and leaving > 0 else "mixed"
        print(f"{world}: {word}: helpful messages {gain:+.1%}, customers who left {leaving:+.1f} points")
    mine, reference = results["mixed"]["adaptive"].helped, results["mixed"]["fixed cap"].helped
    told = {"name": "adaptive", "ours": mine, "reference": reference, "load": round(os.getloadavg()[0], 2)}
    told["worlds"] = {
        world: {name: one._asdict() for name, one in found.items()} for world, found in results.items()
    }
    (Path(__file__).parent / "results" / "adaptive.json").write_text(json.dumps(told, indent=2) + "\n")
    print(
        f"bench adaptive: ratio {mine / reference:.3f} (ours {mine:.2f}, reference {reference:.2f}, helpful messages a "
        f"customer in the mixed world at equal volume, load {os.getloadavg()[0]:.1f})"
    )
