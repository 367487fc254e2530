"""Fit for people like you against what else could be said of a product, where the truth is known and where it isn't.

Excess log-loss is over an oracle that knows the true shares: 0 is perfect. About 70 CPU seconds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.fitting.estimators import (
    Floats,
    Ours,
    exact_filter,
    logistic,
    ours,
    product_mean,
    shrunk_mean,
)
from bench.fitting.rent_the_runway import DATA, measure_rentals
from bench.fitting.worlds import World, mixed_world, numeric_world
from reviews.fits import ENOUGH_EFFECTIVE, ENOUGH_LIKE, WIDEST

RIVALS: dict[str, Callable[[World], Floats]] = {
    "product mean": product_mean,
    "shrunk mean": shrunk_mean,
    "exact filter": exact_filter,
    "logistic": logistic,
}


class Setting(NamedTuple):
    """One line of the table: how many shops are averaged, and how each is made."""

    name: str
    make: Callable[[int], World]
    shops: int


SETTINGS = [
    Setting("5 reviews", lambda seed: numeric_world(seed=seed, each=5, matters=True), 3),
    Setting("20 reviews", lambda seed: numeric_world(seed=seed, each=20, matters=True), 2),
    Setting("100 reviews", lambda seed: numeric_world(seed=seed, each=100, matters=True), 1),
    Setting("20, all kinds, gaps", lambda seed: mixed_world(seed=seed, each=20), 2),
    Setting("5, irrelevant", lambda seed: numeric_world(seed=seed, each=5, matters=False), 3),
    Setting("20, irrelevant", lambda seed: numeric_world(seed=seed, each=20, matters=False), 2),
    Setting("100, irrelevant", lambda seed: numeric_world(seed=seed, each=100, matters=False), 1),
]


class Line(NamedTuple):
    """Mean excess log-loss by estimator, and how our intervals did."""

    excess: dict[str, float]
    coverage: float  # of all 80 % intervals
    shown: float  # share of readers who are shown a figure
    coverage_shown: float
    seconds: float  # ours, a shop


def excess(world: World, shares: Floats) -> float:
    """Mean log-loss over the oracle's, in nats."""
    said, true = np.clip(shares, 1e-6, 1), np.clip(world.truth, 1e-12, 1)
    return float((world.truth * (np.log(true) - np.log(said))).sum(1).mean())


def coverage(world: World, said: Ours, every: int = 2) -> tuple[list[bool], list[bool], list[bool]]:
    """Of every `every`-th reader: whether each interval held the truth; the same of those shown; who was shown."""
    hits: list[bool] = []
    hits_shown: list[bool] = []
    shown: list[bool] = []
    for posterior, truth in list(zip(said.posteriors, world.truth, strict=True))[::every]:
        bounds = [posterior.interval(option) for option in range(len(truth))]
        found = [low <= share <= high for (low, high), share in zip(bounds, truth, strict=True)]
        narrow = max(high - low for low, high in bounds) <= WIDEST
        shown.append(posterior.n_eff >= ENOUGH_EFFECTIVE and posterior.n_like >= ENOUGH_LIKE and narrow)
        hits += found
        hits_shown += found if shown[-1] else []
    return hits, hits_shown, shown


def measure_setting(setting: Setting) -> Line:
    """Average a setting's shops."""
    losses: dict[str, list[float]] = {name: [] for name in [*RIVALS, "ours"]}
    hits: list[bool] = []
    hits_shown: list[bool] = []
    shown: list[bool] = []
    spent = 0.0
    for seed in range(101, 101 + setting.shops):
        world = setting.make(seed)
        for name, rival in RIVALS.items():
            losses[name].append(excess(world, rival(world)))
        began = time.process_time()
        said = ours(world)
        spent += time.process_time() - began
        losses["ours"].append(excess(world, said.shares))
        for total, part in zip((hits, hits_shown, shown), coverage(world, said), strict=True):
            total += part
    return Line(
        excess={name: float(np.mean(values)) for name, values in losses.items()},
        coverage=float(np.mean(hits)),
        shown=float(np.mean(shown)),
        coverage_shown=float(np.mean(hits_shown)) if hits_shown else float("nan"),
        seconds=spent / setting.shops,
    )


def show(lines: dict[str, Line]) -> None:
    """The table: excess log-loss in nats, then our intervals."""
    names = [*RIVALS, "ours"]
    print("Excess log-loss over the oracle, nats; 200 products, 10 categories; lower is better")
    print(f"{'':20}" + "".join(f"{name:>14}" for name in names) + f"{'CPU s a shop':>14}")
    for setting, line in lines.items():
        figures = "".join(f"{line.excess[name]:14.4f}" for name in names)
        print(f"{setting:20}{figures}{line.seconds:14.1f}", flush=True)
    print("\n80 % intervals of each answer's share: how many hold the truth (wanted: 0.76 to 0.84)")
    print(f"{'':20}{'of all':>14}{'of those shown':>16}{'readers shown one':>19}")
    for setting, line in lines.items():
        print(f"{setting:20}{line.coverage:14.3f}{line.coverage_shown:16.3f}{line.shown:19.2f}")
    mean_of = [
        np.mean([getattr(line, name) for line in lines.values()]) for name in ("coverage", "coverage_shown")
    ]
    print(f"{'mean of the lines':20}{mean_of[0]:14.3f}{mean_of[1]:16.3f}")


def verdicts(lines: dict[str, Line]) -> Sequence[str]:
    """Each promise, kept or not."""
    harm = {
        name: line.excess["ours"] - line.excess["shrunk mean"]
        for name, line in lines.items()
        if "irrelevant" in name
    }
    worst = max(harm.values())
    mean = float(np.mean([line.coverage for line in lines.values()]))
    beaten = [
        name
        for name, line in lines.items()
        if name not in harm and line.excess["ours"] < line.excess["shrunk mean"]
    ]
    no_harm = (
        f"where situations are irrelevant, at most 0.01 nats worse than the shrunk mean (worst: {worst:+.4f})"
    )
    covered = f"80 % intervals hold the truth 0.76 to 0.84 of the time (mean of the lines: {mean:.3f})"
    return [
        f"{'kept' if worst <= 0.01 else 'BROKEN'}: {no_harm}",
        f"{'kept' if 0.76 <= mean <= 0.84 else 'BROKEN'}: {covered}",
        f"better than the shrunk mean where situations matter: {', '.join(beaten) or 'nowhere'}",
    ]


def keep(told: dict[str, object]) -> None:
    """Beside the other benchmarks' results."""
    told = {"name": "fit", "unit": "nats of excess log-loss", "load": round(os.getloadavg()[0], 2)} | told
    (Path(__file__).parent / "results" / "fit.json").write_text(json.dumps(told, indent=2) + "\n")


def main() -> None:
    """Print the tables, the verdicts, and the closing line."""
    lines = {setting.name: measure_setting(setting) for setting in SETTINGS}
    show(lines)
    print()
    for verdict in verdicts(lines):
        print(verdict)
    print()
    if DATA.exists():
        measure_rentals()
    else:
        print(f"Rent the Runway: skipped, because {DATA} is not there.")
    at_20 = lines["20 reviews"].excess
    mine, reference = at_20["ours"], at_20["shrunk mean"]
    keep(
        {
            "ours": mine,
            "reference": reference,
            "lines": {name: line._asdict() for name, line in lines.items()},
        }
    )
    print(
        f"bench fit: ratio {(reference - mine) / reference:.3f} (ours {mine:.4f}, reference {reference:.4f}, nats of "
        f"excess log-loss at 20 reviews: share of the shrunk mean's that is removed, load {os.getloadavg()[0]:.1f})"
    )
