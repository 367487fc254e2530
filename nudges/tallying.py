"""Counting by which steps of flows people came, and where and why they left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from nudges.models import FlowTally, RunState

Place = tuple[int, int, int, str, str]  # workspace, flow, version, step, what


def left_tallies(step: str, why: str) -> list[tuple[str, str]]:
    """What is counted when somebody leaves early: of the flow, and of the step that they stood at."""
    return [("", f"{RunState.EXITED.value}:{why}"), (step, f"left:{why}")]


def tally_left(runs: Iterable[Mapping[str, Any]], why: str) -> None:
    """Count those who left early where they stood: rows with workspace_id, flow_id, version_id, step."""
    tally(
        (run["workspace_id"], run["flow_id"], run["version_id"], step, what)
        for run in runs
        for step, what in left_tallies(run["step"], why)
    )


def tally(places: Iterable[Place]) -> None:
    """Add one for each; one statement, however many there are."""
    FlowTally.objects.bulk_create(
        FlowTally(workspace_id=workspace, flow_id=flow, version_id=version, step=step, what=what, n=n)
        for (workspace, flow, version, step, what), n in sorted(Counter(places).items())
    )
