"""Steps put in, changed, moved and taken out, as lists: what the editor of a flow does, without any rows.

A place is written "<step>:<branch>:<number>": the list that a branch of a step holds, and where in it; with no step and
no branch (":" twice) the outermost list.
"""

from __future__ import annotations

import copy
from typing import Any

from nudges.programs import walk

Steps = list[dict[str, Any]]


class NoSuchPlace(ValueError):
    """A step or a place that the flow does not have (any more)."""


def step_named(steps: Steps, name: str) -> dict[str, Any]:
    """The step of this id; raises NoSuchPlace."""
    for step in walk(steps):
        if step["id"] == name:
            return step
    raise NoSuchPlace(name)


def put_in(steps: Steps, step: dict[str, Any], at: str) -> Steps:
    """The steps with one more at a place; raises NoSuchPlace."""
    changed = copy.deepcopy(steps)
    parent, branch, number = _parts(at)
    into = _list_of(changed, parent, branch)
    into.insert(min(number, len(into)), step)
    return changed


def changed_in(steps: Steps, name: str, values: dict[str, Any]) -> Steps:
    """The steps with other values of one; its branches stay where the values do not name them."""
    changed = copy.deepcopy(steps)
    step = step_named(changed, name)
    kept = {key: step[key] for key in ("id", "kind", "yes", "no") if key in step}
    step.clear()
    step.update(kept | values)
    return changed


def taken_out(steps: Steps, name: str) -> Steps:
    """The steps without one, and without what its branches hold; raises NoSuchPlace."""
    changed = copy.deepcopy(steps)
    holder, number = _holder_of(changed, name)
    del holder[number]
    return changed


def moved(steps: Steps, name: str, by: int) -> Steps:
    """The steps with one moved up (-1) or down (+1) in its own list; at the end of it, it stays."""
    changed = copy.deepcopy(steps)
    holder, number = _holder_of(changed, name)
    to = number + by
    if 0 <= to < len(holder):
        holder[number], holder[to] = holder[to], holder[number]
    return changed


def _parts(at: str) -> tuple[str, str, int]:
    parent, _colon, rest = at.partition(":")
    branch, _colon, number = rest.partition(":")
    if not number.isdecimal() or len(number) > 3:
        raise NoSuchPlace(at)
    return parent, branch, int(number)


def _list_of(steps: Steps, parent: str, branch: str) -> Steps:
    if not parent:
        return steps
    step = step_named(steps, parent)
    if step["kind"] == "condition" and branch in ("yes", "no"):
        held: Steps = step.setdefault(branch, [])
        return held
    if step["kind"] == "split" and branch.isdecimal() and 1 <= int(branch) <= len(step["branches"]):
        within: Steps = step["branches"][int(branch) - 1].setdefault("steps", [])
        return within
    raise NoSuchPlace(f"{parent}:{branch}")


def _holder_of(steps: Steps, name: str) -> tuple[Steps, int]:
    lists = [steps]
    for step in walk(steps):
        if step["kind"] == "condition":
            lists += [step.get("yes", []), step.get("no", [])]
        elif step["kind"] == "split":
            lists += [branch.get("steps", []) for branch in step["branches"]]
    for holder in lists:
        for number, step in enumerate(holder):
            if step["id"] == name:
                return holder, number
    raise NoSuchPlace(name)
