"""One worker of ours as a process of its own: decides until nothing is due, and says how many and how long."""

from __future__ import annotations

import importlib
import time

import django

from bench.deciding.shop import DECIDED_AT


def decide_all() -> tuple[int, float]:
    """Decide until nothing is due: how many decisions, in how many seconds."""
    decide_nudges = importlib.import_module("nudges.deciding").decide_nudges
    began, total = time.perf_counter(), 0
    while decided := decide_nudges(now=DECIDED_AT)["decided"]:
        total += decided
    return total, time.perf_counter() - began


if __name__ == "__main__":
    django.setup()
    print(*decide_all())
