"""Step 4: whether each candidate is sent, waits, or is held back, and why.

One transaction decides a chunk of customers, under READ COMMITTED: first their pressure rows are locked, then later
statements read what counts. That order is the whole guarantee; see `chunks`. The rules are in `judging`, which a real
run and a simulation share.
"""

from nudges.deciding.chunks import CHUNK, decide_nudges
from nudges.deciding.merging import absorb_merges
from nudges.deciding.simulating import SimulatedDecision, Simulation, simulate
from nudges.pressure import release_slots

__all__ = [
    "CHUNK",
    "SimulatedDecision",
    "Simulation",
    "absorb_merges",
    "decide_nudges",
    "release_slots",
    "simulate",
]
