"""What a flow does: its steps, checked, and laid out in the order in which they can be reached.

Steps are a list; a condition and a split hold lists of their own, and whoever has come through one of those goes on
behind it. Each step is an object with `id` (given once, so that it is the same step in every version) and `kind`:

    wait        {"for": "2d"}; or {"until": {"time": "09:00", "weekdays": [1, 2]}}, where the customer is (1: Monday)
    condition   {"if": a condition, "yes": [steps], "no": [steps]}
    split       {"branches": [{"name": "A", "share": 50, "steps": [steps]}, …]}, shares in percent, 100 together
    nudge       {"nudge": its id}; `staff_task` and `webhook` name one that goes by that channel only
    exit        ends it here
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from engagement.conditions import Problem, check_condition
from engagement.conditions.windows import read_span
from engagement.models import Channel, Workspace
from nudges.models import Nudge, NudgeStatus

MOST_STEPS = 50
DEEPEST = 5
MOST_BRANCHES = 5
LONGEST_WAIT = timedelta(days=366)
STEP_ID = re.compile(r"[a-z0-9]{1,12}", re.ASCII)
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
# Steps that put a nudge forward, each with the only channel that its nudge may have; None: any.
SPEAKING: dict[str, Channel | None] = {
    "nudge": None,
    "staff_task": Channel.STAFF_TASK,
    "webhook": Channel.WEBHOOK,
}
KINDS = ("wait", "condition", "split", *SPEAKING, "exit")
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


def check_steps(steps: object, *, workspace: Workspace) -> list[Problem]:
    """What is wrong with steps, each with its place; whether the nudges that they name may be used is asked too."""
    problems = _check_list(steps, "steps", 1, workspace)
    if problems or not isinstance(steps, list):
        return problems
    every = list(walk(steps))
    ids = [step["id"] for step in every if step.get("id")]
    if len(every) > MOST_STEPS:
        problems.append(Problem("steps", _("Keep it to %(most)s steps.") % {"most": MOST_STEPS}))
    if len(ids) != len(set(ids)):
        problems.append(Problem("steps", _("Give each step an id of its own, or none.")))
    return problems + _check_nudges(steps, "steps", _usable(every, workspace))


def _check_list(steps: object, path: str, depth: int, workspace: Workspace) -> list[Problem]:
    if not isinstance(steps, list):
        return [Problem(path, _("Write a list of steps."))]
    if depth > DEEPEST:
        return [Problem(path, _("Nest steps at most %(most)s deep.") % {"most": DEEPEST})]
    return [
        problem.inside(f"{path}[{place}]")
        for place, step in enumerate(steps)
        for problem in _check_step(step, depth, workspace)
    ]


def _check_step(step: object, depth: int, workspace: Workspace) -> list[Problem]:
    if not isinstance(step, dict) or step.get("kind") not in KINDS:
        return [Problem("kind", _("Write one of %(known)s.") % {"known": ", ".join(KINDS)})]
    known = {
        "wait": {"for", "until"},
        "condition": {"if", "yes", "no"},
        "split": {"branches"},
        "exit": set[str](),
    }
    problems = [
        Problem(str(key), _("There is no such field of this step; leave it out."))
        for key in sorted(step.keys() - known.get(step["kind"], {"nudge"}) - {"id", "kind"}, key=str)
    ]
    name = step.get("id", "")
    if name and not (isinstance(name, str) and STEP_ID.fullmatch(name)):
        problems.append(Problem("id", _("Write up to 12 small letters and digits, or leave it out.")))
    if step["kind"] == "wait":
        return problems + _check_wait(step)
    if step["kind"] == "condition":
        return problems + _check_condition(step, depth, workspace)
    if step["kind"] == "split":
        return problems + _check_split(step, depth, workspace)
    return problems


def _check_wait(step: dict[str, Any]) -> list[Problem]:
    if ("for" in step) == ("until" in step):
        return [Problem("for", _('Write either "for" or "until".'))]
    if "for" in step:
        span = read_span(step["for"])
        fine = span is not None and span <= LONGEST_WAIT
        return (
            [] if fine else [Problem("for", _('Write a span of up to a year, such as "30m", "12h" or "7d".'))]
        )
    until = step["until"]
    if not isinstance(until, dict) or not CLOCK.fullmatch(str(until.get("time", ""))):
        return [Problem("until.time", _('Write a time of the day, such as "09:00".'))]
    days = until.get("weekdays", [])
    if not isinstance(days, list) or not all(type(day) is int and 1 <= day <= 7 for day in days):
        return [Problem("until.weekdays", _("Write days from 1 (Monday) to 7, or leave it out: any day."))]
    return []


def _check_condition(step: dict[str, Any], depth: int, workspace: Workspace) -> list[Problem]:
    found = [problem.inside("if") for problem in check_condition(step.get("if"), workspace=workspace)]
    if step.get("if") == {}:
        found = [Problem("if", _("Say what is asked; an empty condition fits everyone."))]
    for key in ("yes", "no"):
        found += _check_list(step.get(key, []), key, depth + 1, workspace)
    return found


def _check_split(step: dict[str, Any], depth: int, workspace: Workspace) -> list[Problem]:
    branches = step.get("branches")
    if not isinstance(branches, list) or not 2 <= len(branches) <= MOST_BRANCHES:
        return [Problem("branches", _("Write 2 to %(most)s branches.") % {"most": MOST_BRANCHES})]
    found: list[Problem] = []
    for place, branch in enumerate(branches):
        if not isinstance(branch, dict) or not (
            type(branch.get("share")) is int and 0 <= branch["share"] <= 100
        ):
            return [Problem(f"branches[{place}].share", _("Write a whole number from 0 to 100."))]
        if not isinstance(branch.get("name", ""), str) or len(branch.get("name", "")) > 60:
            found.append(Problem(f"branches[{place}].name", _("Write a name of up to 60 characters.")))
        found += _check_list(branch.get("steps", []), f"branches[{place}].steps", depth + 1, workspace)
    if sum(branch["share"] for branch in branches) != 100:
        found.append(Problem("branches", _("Let the shares be 100 together.")))
    return found


def _usable(steps: Iterable[dict[str, Any]], workspace: Workspace) -> dict[int, list[str]]:
    """The channels of the nudges that these steps name and may use."""
    wanted = [step["nudge"] for step in steps if type(step.get("nudge")) is int]
    rows = Nudge.objects.filter(workspace=workspace, pk__in=wanted, purpose="").exclude(
        status=NudgeStatus.ARCHIVED
    )
    return dict(rows.values_list("pk", "channels"))


def _check_nudges(steps: list[dict[str, Any]], path: str, usable: dict[int, list[str]]) -> list[Problem]:
    found = []
    for place, step in enumerate(steps):
        here = f"{path}[{place}]"
        if step["kind"] in SPEAKING:
            channels = usable.get(step["nudge"]) if type(step.get("nudge")) is int else None
            only = SPEAKING[step["kind"]]
            if channels is None:
                found.append(Problem(f"{here}.nudge", _("Choose one of your nudges that is not archived.")))
            elif only and channels != [only.value]:
                told = {"channel": only.label}
                found.append(
                    Problem(f"{here}.nudge", _("Choose a nudge whose only channel is %(channel)s.") % told)
                )
        for key, inner in branches_of(step):
            place_of = key if step["kind"] == "condition" else f"branches[{int(key) - 1}].steps"
            found += _check_nudges(inner, f"{here}.{place_of}", usable)
    return found
