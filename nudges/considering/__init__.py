"""Step 3: who should hear of a nudge. Stage changes, events, broadcasts and the API put nudges forward as candidates.

Nothing is promised to a candidate: deciding (step 4) says what becomes of it.
"""

from nudges.considering.broadcasts import (
    BroadcastError,
    consider_broadcasts,
    pause_broadcast,
    resume_broadcast,
    start_broadcast,
    stop_broadcast,
)
from nudges.considering.entries import consider_entries
from nudges.considering.events import consider_events
from nudges.considering.fitting import consider_fitting
from nudges.considering.flows import let_into
from nudges.considering.forwarding import put_forward
from nudges.considering.stages import consider_stage_changes
from nudges.considering.sweeping import sweep_fitting

__all__ = [
    "BroadcastError",
    "consider_broadcasts",
    "consider_entries",
    "consider_events",
    "consider_fitting",
    "consider_stage_changes",
    "let_into",
    "pause_broadcast",
    "put_forward",
    "resume_broadcast",
    "start_broadcast",
    "stop_broadcast",
    "sweep_fitting",
]
