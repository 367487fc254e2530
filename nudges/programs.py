"""What a flow does: its steps, laid out in the order in which they can be reached.

Steps are a list; a condition and a split hold lists of their own, and whoever has come through one of those goes on
behind it. Each step is an object with `id` (given once, so that it is the same step in every version) and `kind`:

    wait        {"for": "2d"}; or {"until": {"time": "09:00", "weekdays": [1, 2]}}, where the customer is (1: Monday)
    condition   {"if": a condition, "yes": [steps], "no": [steps]}
    split       {"branches": [{"name": "A", "share": 50, "steps": [steps]}, …]}, shares in percent, 100 together
    nudge       {"nudge": its id}; `staff_task` and `webhook` name one that goes by that channel only
    exit        ends it here
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from engagement.conditions.windows import read_span
from engagement.models import Channel

MOST_STEPS = 50
MOST_BRANCHES = 5
# Steps that put a nudge forward, each with the only channel that its nudge may have; None: any.
SPEAKING: dict[str, Channel | None] = {
    "nudge": None,
    "staff_task": Channel.STAFF_TASK,
    "webhook": Channel.WEBHOOK,
}
END = ""


@dataclass
class Node:
    """A step with where one goes from it: `next`, or the first step of a branch. END: it is over."""

    id: str
    kind: str
    step: dict[str, Any]
    next: str = END
    branches: dict[str, str] = field(default_factory=dict)


def layout(steps: list[dict[str, Any]]) -> dict[str, Node]:
    """The steps by id, in an order in which every way leads forward."""
    nodes: dict[str, Node] = {}
    _lay(steps, END, nodes)
    return nodes


def _lay(steps: list[dict[str, Any]], after: str, nodes: dict[str, Node]) -> str:
    """Lay out a list whose end leads to `after`; returns where it begins."""
    for place, step in enumerate(steps):
        following = steps[place + 1]["id"] if place + 1 < len(steps) else after
        node = nodes[step["id"]] = Node(step["id"], step["kind"], step, following)
        for key, inner in branches_of(step):
            node.branches[key] = _lay(inner, following, nodes)
    return steps[0]["id"] if steps else after


def branches_of(step: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The lists that a step holds, by the key that the trail and the tallies name them by."""
    if step["kind"] == "condition":
        return [("yes", step.get("yes", [])), ("no", step.get("no", []))]
    if step["kind"] == "split":
        return [(str(n), branch.get("steps", [])) for n, branch in enumerate(step["branches"], 1)]
    return []


def walk(steps: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every step, those in branches too, as they are read."""
    for step in steps:
        yield step
        for _key, inner in branches_of(step):
            yield from walk(inner)


def first_speaking(steps: Iterable[dict[str, Any]]) -> int | None:
    """The nudge of the first step that has one: under it the ledger keeps who was not let in."""
    return next((step["nudge"] for step in walk(steps) if step["kind"] in SPEAKING), None)


def wait_end(step: Mapping[str, Any], *, since: datetime, zone: str) -> datetime:
    """When a wait that began at `since` ends, by the clock of `zone`.

    A time that the clock skips comes an hour later; one that it shows twice is its first.
    """
    if "for" in step:
        return since + (read_span(step["for"]) or timedelta())
    clock, weekdays = time.fromisoformat(step["until"]["time"]), step["until"].get("weekdays") or range(1, 8)
    local = since.astimezone(ZoneInfo(zone))
    for days in range(9):
        day = local.date() + timedelta(days=days)
        moment = datetime.combine(day, clock, tzinfo=local.tzinfo).astimezone(since.tzinfo)
        if day.isoweekday() in weekdays and moment >= since:
            return moment
    return since


def branch_of(step: Mapping[str, Any], *, flow_id: int, customer_id: int) -> str:
    """Which branch of a split is a customer's: always the same, in every version and every time."""
    place = share_of(f"{flow_id}:{step['id']}", customer_id)
    shares = [branch["share"] for branch in step["branches"]]
    return str(next(n for n in range(1, len(shares) + 1) if place < sum(shares[:n]) or n == len(shares)))


def share_of(salt: str, customer_id: int) -> float:
    """A customer's place from 0 to under 100, by a stable hash."""
    digest = sha256(f"{salt}:{customer_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") % 10_000 / 100


def named(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps with an id for each that has none; checked steps only."""
    taken = {step["id"] for step in walk(steps) if step.get("id")}
    free = (name for n in range(1, 10_000) if (name := f"s{n}") not in taken)
    for step in walk(steps):
        if not step.get("id"):
            step["id"] = next(free)
    return steps
