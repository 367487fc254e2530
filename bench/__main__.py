"""Run benchmarks: `python -m bench` all of them, `python -m bench NAME …` those; `--list` says which there are.

A benchmark is a module `bench/<name>.py` whose docstring says what is compared. It has `measure()`, returning (ours,
reference, unit) or a `Measured`; or `main()`, which prints its own closing line. Django is set up before it is
imported, on a database of the benchmarks' own that is made anew for each, with durability on. The last line is
`bench NAME: ratio R (ours A, reference B, unit, load L)`; the same and more goes to `bench/results/NAME.json`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import sys
import time
from pathlib import Path

from bench.measuring import Measured
from bench.world import make_world
from config.local import services
from config.local.state import State

HERE = Path(__file__).parent
FRAME = {"__init__", "__main__", "load", "measuring", "settings", "urls", "world"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--list", action="store_true", help="say which there are")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names()):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(names())}")
    if options.list or not options.names:
        for name in names():
            print(f"{name:<14} {summary(name)}")
    if options.list:
        return 0
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        run_all(options.names or names())
    else:
        with services.services(State.chosen("bench"), "demo") as environment:
            os.environ.update(environment)
            run_all(options.names or names())
    return 0


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in FRAME)


def summary(name: str) -> str:
    """The first line of a benchmark's docstring, read without running it."""
    text = ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or ""
    return text.partition("\n")[0]


def run_all(chosen: list[str]) -> None:
    for name in chosen:
        make_world()
        module = importlib.import_module(f"bench.{name}")
        began = time.monotonic()
        if hasattr(module, "main"):
            module.main()
            continue
        result = module.measure()
        measured = result if isinstance(result, Measured) else Measured(*result)
        report(name, measured, seconds=time.monotonic() - began)


def report(name: str, measured: Measured, *, seconds: float) -> None:
    load = os.getloadavg()[0]
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    told = {
        "name": name,
        "ratio": round(measured.ratio, 3),
        "ours": measured.ours,
        "reference": measured.reference,
        "unit": measured.unit,
        "load": round(load, 2),
        "cores": os.cpu_count(),
        "seconds": round(seconds, 1),
        "rounds": measured.rounds,
        "notes": measured.notes,
    }
    (results / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n")
    print(
        f"bench {name}: ratio {measured.ratio:.2f} (ours {measured.ours:,.0f}, reference {measured.reference:,.0f}, "
        f"{measured.unit}, load {load:.1f})",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
