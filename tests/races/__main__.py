"""The races at full length, with a report: `make races` (MINUTES=60, SEED=…, STORMS=1).

First 64 workers that want one customer 10,000 times, random policies, 200 kills of senders, and the plain reading
against the engine with many more draws; then one storm after another, each with a seed of its own, until the time is
up. The report is written after each part, so that it is there however this ends: .local/races/<when>.md and .json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

django.setup()

from config.local.state import PROJECT  # noqa: E402
from tests.races.storm import DISTURBANCES, Storm  # noqa: E402
from tests.races.world import World, installed  # noqa: E402

FULL_LENGTH = {
    "64 workers × a cap of 1 × 10,000 attempts": ["tests/races/test_caps_race.py"],
    "Random policies, workers by clocks of their own": ["tests/races/test_caps_random.py"],
    "Broadcasts and flows on the same customers, events that start nudges, with kills": [
        "tests/races/test_flow_races.py",
        "tests/races/test_event_races.py",
    ],
    "16 workers at one throughput": ["tests/races/test_throughput_race.py"],
    "200 kills while messages are handed over, by each channel": [
        "tests/races/test_sending_races.py",
        "tests/races/test_channel_races.py",
    ],
    "The engine decides what a plain reading decides": [
        "tests/nudges/test_deciding_random.py",
        "tests/nudges/test_deciding_simulating_random.py",
    ],
}
CUSTOMERS, BLOWS = 150, 24


class Report:
    """What was done and found, kept on disk from the first part on."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        self.told: dict[str, Any] = {"seed": seed, "machine": platform.platform(), "parts": [], "storms": []}
        self.keep()

    @property
    def holds(self) -> bool:
        return all(part["holds"] for part in self.told["parts"]) and not any(
            storm["wrong"] for storm in self.told["storms"]
        )

    def keep(self) -> None:
        self.told["load"] = os.getloadavg()
        self.path.with_suffix(".json").write_text(json.dumps(self.told, indent=2) + "\n")
        self.path.with_suffix(".md").write_text(self.markdown())

    def markdown(self) -> str:
        load = ", ".join(f"{load:.1f}" for load in self.told["load"])
        done: Counter[str] = Counter()
        for storm in self.told["storms"]:
            done.update(storm["done"])
        lines = [
            "# Races at full length",
            f"Seed {self.told['seed']}, on {self.told['machine']}, {os.cpu_count()} cores; load {load}.",
            "**All of it held.**" if self.holds else "**Something did not hold: see below.**",
            "## Parts",
            *(
                f"- {part['name']}: {'held' if part['holds'] else 'FAILED'} ({part['seconds']} s; {part['said']})"
                for part in self.told["parts"]
            ),
            f"## Storms: {len(self.told['storms'])}",
            *(f"- {what}: {done[what]} times" for what in DISTURBANCES),
            "",
            "| seed | seconds | events | candidates | sent | held back | letters in doubt | wrong |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(
                f"| {storm['seed']} | {storm['seconds']} | {storm['events']} | {storm['candidates']} "
                f"| {storm['outcomes'].get('send', 0)} | {storm['outcomes'].get('suppress', 0)} "
                f"| {storm['in_doubt']} | {'; '.join(storm['wrong']) or '–'} |"
                for storm in self.told["storms"]
            ),
        ]
        return "\n".join(lines) + "\n"

    def add_part(self, name: str, paths: list[str]) -> None:
        """Tests at full length, in a process of their own."""
        began = time.monotonic()
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "--reuse-db", "-p", "no:randomly", *paths],
                env=os.environ | {"RACES": "long", "RACES_SEED": str(self.told["seed"])},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
            log.seek(0)
            text = log.read()
        if done.returncode:
            print(text)
        said = text.strip().splitlines()[-1]
        part = {
            "name": name,
            "holds": done.returncode == 0,
            "said": said,
            "seconds": round(time.monotonic() - began),
        }
        self.told["parts"].append(part)
        print(f"{name}: {said}", flush=True)
        self.keep()

    def add_storm(self, world: World, seed: int) -> None:
        began = time.monotonic()
        storm = Storm(world, seed=seed, customers=CUSTOMERS, blows=BLOWS).play()
        counts = storm.counts
        self.told["storms"].append(
            {
                "seed": seed,
                "seconds": round(time.monotonic() - began),
                "done": storm.done,
                "events": counts["events"],
                "candidates": counts["candidates"],
                "outcomes": counts["outcomes"],
                "reasons": counts["reasons"],
                "messages": counts["messages"],
                "in_doubt": len(counts["unknown"]),
                "wrong": storm.wrong,
            }
        )
        print(f"storm {seed}: {storm.wrong or 'held'}", flush=True)
        self.keep()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None, help="of the first storm; drawn when not given")
    parser.add_argument("--storms", action="store_true", help="these alone, to see one again by its seed")
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    seed = random.randrange(10**6) if options.seed is None else options.seed
    report = Report(PROJECT / ".local" / "races", seed)
    print(f"seed {seed}; the report grows in {report.path}.md", flush=True)
    for name, paths in ({} if options.storms else FULL_LENGTH).items():
        report.add_part(name, paths)
    with tempfile.TemporaryDirectory() as folder, installed(Path(folder)) as world:
        while time.monotonic() < end or not report.told["storms"]:
            report.add_storm(world, seed)
            seed += 1
    print(report.markdown())
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
