"""What each kind of step does with the runs that stand at it: a set at a time, never a statement for one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engagement.conditions import ConditionError, customers_matching
from nudges.considering.forwarding import Asked, forward
from nudges.flowing.noting import Moved
from nudges.models import Flow, Nudge, RunState
from nudges.programs import END, SPEAKING, Node, branch_of, wait_end
from nudges.tallying import left_tallies

logger = logging.getLogger(__name__)


@dataclass
class Walker:
    """A run that is due, and where it is going; `stays` once it can go no further now."""

    moved: Moved
    customer_id: int
    customer_need_id: int | None
    zone: str
    stays: bool = False

    @property
    def goes_on(self) -> bool:
        return self.moved.state == RunState.RUNNING and not self.stays

    def go(self, node: Node, to: str, went: str, now: datetime) -> None:
        """Leave a step behind, by the way that `went` names."""
        self.moved.trail.append({"step": node.id, "at": now, "went": went})
        self.moved.tallies.append((node.id, went))
        self.moved.step, self.moved.until, self.moved.due_at = to, None, now

    def end(self, state: RunState, why: str, now: datetime) -> None:
        """The way is over."""
        moved = self.moved
        moved.state, moved.ended_at, moved.ended_by, moved.until = state, now, why, None
        moved.tallies += left_tallies(moved.step, why) if state == RunState.EXITED else [("", str(state))]


@dataclass(frozen=True)
class Place:
    """The flow and the moment in which steps are taken."""

    flow: Flow
    now: datetime

    def matching(self, condition: dict[str, Any], customer_ids: Collection[int]) -> set[int]:
        """Whom a condition fits now; nobody where it no longer makes sense (its category was deleted, say)."""
        try:
            found = customers_matching(condition, workspace=self.flow.workspace, now=self.now)
        except ConditionError as error:
            logger.warning("flow %s: a condition cannot be checked: %s", self.flow.pk, error)
            return set()
        return set(found.filter(pk__in=customer_ids).values_list("pk", flat=True))


def wait(place: Place, node: Node, walkers: Sequence[Walker]) -> None:
    """Stay until the wait is over. Who was only woken to be looked at goes on waiting."""
    for walker in walkers:
        until = walker.moved.until or wait_end(node.step, since=place.now, zone=walker.zone)
        if until > place.now:
            walker.moved.until = walker.moved.due_at = until
            walker.stays = True
        else:
            walker.go(node, node.next, "passed", place.now)


def ask(place: Place, node: Node, walkers: Sequence[Walker]) -> None:
    """Yes or no, by how things are now."""
    fit = place.matching(node.step["if"], [walker.customer_id for walker in walkers])
    for walker in walkers:
        went = "yes" if walker.customer_id in fit else "no"
        walker.go(node, node.branches[went], went, place.now)


def split(place: Place, node: Node, walkers: Sequence[Walker]) -> None:
    """Into the branch that is the customer's."""
    for walker in walkers:
        went = branch_of(node.step, flow_id=place.flow.pk, customer_id=walker.customer_id)
        walker.go(node, node.branches[went], went, place.now)


def speak(place: Place, node: Node, walkers: Sequence[Walker]) -> None:
    """Put the nudge forward, once for each run and step; what becomes of it is decided as for all others."""
    nudge = (
        Nudge.objects.filter(workspace_id=place.flow.workspace_id, pk=node.step["nudge"])
        .select_related("workspace")
        .first()
    )
    asked = [
        Asked(
            walker.customer_id,
            f"flow:{walker.moved.id}:{node.id}",
            walker.customer_need_id,
            flow_run_id=walker.moved.id,
        )
        for walker in walkers
    ]
    try:
        if nudge is not None:
            forward(nudge=nudge, asked=asked, now=place.now, is_entered=True)
    except ConditionError as error:
        # The nudge's fault, and shown at the nudge: people go on.
        logger.warning("nudge %s: its conditions cannot be checked: %s", node.step["nudge"], error)
    for walker in walkers:
        walker.go(node, node.next, "passed", place.now)


def leave(place: Place, node: Node, walkers: Sequence[Walker]) -> None:
    """The marketer's own end. It is no leaving early: what was put forward before it stays so."""
    for walker in walkers:
        walker.go(node, END, "passed", place.now)


TAKE: dict[str, Callable[[Place, Node, Sequence[Walker]], None]] = {
    "wait": wait,
    "condition": ask,
    "split": split,
    "exit": leave,
    **dict.fromkeys(SPEAKING, speak),
}
