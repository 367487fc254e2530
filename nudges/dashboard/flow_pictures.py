"""A flow as a picture: its steps in words, branches side by side, with how many stand at each and went by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.conditions import describe_condition, describe_events
from engagement.conditions.windows import describe_span
from nudges.flows import StepFigures
from nudges.models import EndedBy, FlowTrigger, FlowVersion, Nudge, ReEntry
from nudges.programs import SPEAKING, walk

ICONS = {
    "wait": "clock",
    "condition": "help-circle",
    "split": "arrows-join",
    "nudge": "bell-ringing",
    "staff_task": "phone-call",
    "webhook": "webhook",
    "exit": "logout",
}
KIND_NAMES = {
    "wait": gettext_lazy("Wait"),
    "condition": gettext_lazy("Condition"),
    "split": gettext_lazy("Split"),
    "nudge": gettext_lazy("Nudge"),
    "staff_task": gettext_lazy("Call or visit"),
    "webhook": gettext_lazy("Webhook"),
    "exit": gettext_lazy("Exit"),
}


@dataclass
class Branch:
    """One way that a step offers, with how many took it."""

    label: str
    place: str
    went: int
    steps: list[Shown]

    @property
    def end(self) -> str:
        """The place behind its last step."""
        return f"{self.place}:{len(self.steps)}"


@dataclass
class Shown:
    """A step as the picture shows it."""

    id: str
    kind: str
    kind_name: str
    icon: str
    words: str
    place: str
    here: int = 0
    came: int = 0
    passed: int = 0
    left: list[tuple[str, int]] = field(default_factory=list)
    nudge: Nudge | None = None
    is_first: bool = False
    is_last: bool = False
    branches: list[Branch] = field(default_factory=list)


def picture(version: FlowVersion, figures: StepFigures) -> list[Shown]:
    """All its steps; one query for the nudges that they name."""
    named = [step["nudge"] for step in walk(version.steps) if step["kind"] in SPEAKING]
    nudges = Nudge.objects.filter(workspace_id=version.flow.workspace_id).in_bulk(named)
    return _shown(version.steps, ":", figures, nudges)


def _shown(
    steps: list[dict[str, Any]], place: str, figures: StepFigures, nudges: Mapping[int, Nudge]
) -> list[Shown]:
    return [
        Shown(
            id=step["id"],
            kind=step["kind"],
            kind_name=str(KIND_NAMES[step["kind"]]),
            icon=ICONS[step["kind"]],
            words=words_of(step, nudges),
            place=f"{place}:{number}",
            here=figures.here.get(step["id"], 0),
            came=figures.came(step["id"]),
            passed=figures.passed(step["id"]),
            left=_left(figures.left.get(step["id"], {})),
            nudge=nudges.get(step.get("nudge", 0)),
            is_first=number == 0,
            is_last=number == len(steps) - 1,
            branches=_branches(step, figures, nudges),
        )
        for number, step in enumerate(steps)
    ]


def _left(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(str(EndedBy(why).label), n) for why, n in sorted(counted.items(), key=lambda one: -one[1])]


def _branches(step: dict[str, Any], figures: StepFigures, nudges: Mapping[int, Nudge]) -> list[Branch]:
    went = figures.went.get(step["id"], {})
    if step["kind"] == "condition":
        held = [("yes", _("Yes"), step.get("yes", [])), ("no", _("No"), step.get("no", []))]
    elif step["kind"] == "split":
        held = [
            (
                str(n),
                f"{branch.get('name') or _('Branch %(n)s') % {'n': n}} · {branch['share']} %",
                branch.get("steps", []),
            )
            for n, branch in enumerate(step["branches"], 1)
        ]
    else:
        held = []
    return [
        Branch(
            label,
            f"{step['id']}:{key}",
            went.get(key, 0),
            _shown(inner, f"{step['id']}:{key}", figures, nudges),
        )
        for key, label, inner in held
    ]


def words_of(step: Mapping[str, Any], nudges: Mapping[int, Nudge]) -> str:
    """What a step does, in a few words."""
    if step["kind"] == "wait":
        return _wait_in_words(step)
    if step["kind"] == "condition":
        return said(step["if"])
    if step["kind"] in SPEAKING:
        nudge = nudges.get(step["nudge"])
        return nudge.name if nudge else _("A nudge that is gone")
    return _("Here it ends.") if step["kind"] == "exit" else _("By chance, always the same for one customer")


def _wait_in_words(step: Mapping[str, Any]) -> str:
    if "for" in step:
        return _("over after %(span)s") % {"span": describe_span(step["for"])}
    days = step["until"].get("weekdays") or []
    told = {
        "time": step["until"]["time"],
        "days": ", ".join(str(WEEKDAYS_ABBR[day - 1]) for day in sorted(days)),
    }
    if days:
        return _("until %(time)s on %(days)s, where the customer is") % told
    return _("until %(time)s where the customer is") % told


def said(condition: dict[str, Any]) -> str:
    """A condition as a sentence; one that no longer makes sense says so."""
    try:
        return describe_condition(condition)
    except (KeyError, ValueError, TypeError):
        return _("A condition that can no longer be read")


def entrance(version: FlowVersion) -> list[str]:
    """What lets people in, who, how often, and what lets them out: a sentence each."""
    sentences = [_trigger_in_words(version)]
    if version.conditions:
        sentences.append(_("Only: %(who)s") % {"who": said(version.conditions)})
    again = (
        _("Again %(days)s days after they came in at the earliest.") % {"days": version.re_entry_days}
        if version.re_entry == ReEntry.AFTER_DAYS
        else str(ReEntry(version.re_entry).label) + "."
    )
    sentences.append(again)
    if version.goal:
        sentences.append(_("Goal, and then they leave: %(who)s") % {"who": said(version.goal)})
    if version.exits:
        sentences.append(_("Leave early: %(who)s") % {"who": said(version.exits)})
    if version.holdout_percent:
        sentences.append(
            _("%(share)s %% are left out, to see what it does.") % {"share": version.holdout_percent}
        )
    return sentences


def _trigger_in_words(version: FlowVersion) -> str:
    if version.trigger == FlowTrigger.EVENT:
        did = describe_events({"event": version.trigger_event, "where": version.trigger_where})
        return _("Let in by %(event)s.") % {"event": did}
    if version.trigger == FlowTrigger.STAGE:
        need = version.trigger_need.name if version.trigger_need else _("any need")
        told = {"need": need, "stage": version.get_trigger_stage_display()}
        return _("Let in when %(need)s reaches %(stage)s.") % told
    return _("Let in: %(how)s.") % {"how": version.get_trigger_display()}
