"""What inference costs: events/s from the log to needs and stages, beside merely reading and copying them.

The reference takes the same chunks of customers from the same queue and copies their events to a plain table by one
bare SQL statement and one commit a chunk: the least that any reader of the log has to do. One process each.
"""

from __future__ import annotations

import importlib

import django

from bench.measuring import Measured, interleaved
from bench.world import make_world


def measure() -> Measured:
    """Five rounds of 30,000 events of 3,000 customers with three needs."""
    make_world()
    django.setup()
    work = importlib.import_module("bench.inferring.work")
    measured = interleaved(work.infer, work.copy, rounds=5, unit="events/s")
    measured.notes["microseconds_an_event"] = round(1e6 / measured.ours, 1)
    return measured
