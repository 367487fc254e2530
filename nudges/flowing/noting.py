"""Writing where runs stand now, and counting by which steps they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from engagement.statements import run_statement
from nudges.models import RunState
from nudges.tallying import tally

ROW = ("id", "version_id", "state", "step", "due_at", "until", "ended_at", "ended_by", "trail")


@dataclass
class Moved:
    """Where one run stands now; `tallies` are (step, what), as FlowTally counts them."""

    id: int
    workspace_id: int
    flow_id: int
    version_id: int
    due_at: datetime
    state: str = RunState.RUNNING
    step: str = ""
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    trail: list[dict[str, Any]] = field(default_factory=list)
    tallies: list[tuple[str, str]] = field(default_factory=list)


def note_moves(moves: Sequence[Moved]) -> None:
    """Write them: two statements, however many there are."""
    if not moves:
        return
    rows = [{name: value for name, value in asdict(one).items() if name in ROW} for one in moves]
    run_statement("nudges.move_runs", {"runs": msgspec.json.encode(rows).decode()})
    tally(
        (one.workspace_id, one.flow_id, one.version_id, step, what)
        for one in moves
        for step, what in one.tallies
    )
