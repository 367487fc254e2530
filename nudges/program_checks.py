"""What is wrong with the steps of a flow, each with its place and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from engagement.conditions import Problem, check_condition
from engagement.conditions.windows import read_span
from engagement.models import Workspace
from nudges.models import Nudge, NudgeStatus
from nudges.programs import MOST_BRANCHES, MOST_STEPS, SPEAKING, branches_of, walk

DEEPEST = 5
LONGEST_WAIT = timedelta(days=366)
STEP_ID = re.compile(r"[a-z0-9]{1,12}", re.ASCII)
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
KINDS = ("wait", "condition", "split", *SPEAKING, "exit")


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
