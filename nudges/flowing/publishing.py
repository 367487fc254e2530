"""Flows written and published. What is being written is a version of its own, in which nobody is before that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.auditing import changes, record
from engagement.conditions import Problem, check_condition
from engagement.events import LONGEST_NAME, canonical_name
from engagement.models import ApiKey, Workspace
from nudges.composing import CannotChange
from nudges.considering.listening import hear_events
from nudges.models import Flow, FlowState, FlowTrigger, FlowVersion, ReEntry
from nudges.program_checks import check_steps
from nudges.programs import first_speaking, named
from nudges.starts import problems_of_tests

FIELDS = (
    "trigger",
    "trigger_event",
    "trigger_where",
    "trigger_need",
    "trigger_stage",
    "conditions",
    "exits",
    "goal",
    "re_entry",
    "re_entry_days",
    "holdout_percent",
    "steps",
)
# What says what lets people in: a change lets nobody in for what happened before.
STARTED_BY = ("trigger", "trigger_event", "trigger_where", "trigger_need_id", "trigger_stage")
Actor = User | ApiKey | None


@transaction.atomic
def create_flow(
    *, workspace: Workspace, name: str, slug: str = "", values: dict[str, Any], actor: Actor, now: datetime
) -> Flow:
    """A draft. `slug` names it in caps and never changes; without one it is made of the name. Raises CannotChange."""
    wanted = slug or _free_slug(workspace, name)
    if Flow.objects.filter(workspace=workspace, slug=wanted).exists():
        raise CannotChange("slug", _("Another flow has this short name; choose another."))
    flow = Flow.objects.create(workspace=workspace, name=name, slug=wanted)
    record(
        workspace=workspace, actor=actor, action="create_flow", target=flow, detail={"name": name}, now=now
    )
    save_draft(flow=flow, values=values, actor=actor, now=now)
    return flow


def _free_slug(workspace: Workspace, name: str) -> str:
    stem = slugify(name)[:50] or "flow"
    taken = set(
        Flow.objects.filter(workspace=workspace, slug__startswith=stem).values_list("slug", flat=True)
    )
    return next(
        one for n in range(1, len(taken) + 2) if (one := stem if n == 1 else f"{stem}-{n}") not in taken
    )


@transaction.atomic
def rename_flow(*, flow: Flow, name: str, actor: Actor, now: datetime) -> Flow:
    """Another name, at once; it is what people in the workspace read."""
    held = _held(flow)
    if held.name != name:
        detail = {"name": [held.name, name]}
        held.name = name
        held.save(update_fields=["name", "updated_at"])
        record(
            workspace=held.workspace, actor=actor, action="change_flow", target=held, detail=detail, now=now
        )
    return held


@transaction.atomic
def save_draft(*, flow: Flow, values: dict[str, Any], actor: Actor, now: datetime) -> FlowVersion:
    """Write the version that is to be published next; `values` holds any of FIELDS, of the right type.

    It begins as the one that people now come into. Raises CannotChange for what could never be published; what is only
    not whole yet (no step, a nudge that is archived) is for `publish_flow` to refuse.
    """
    held = _held(flow)
    if held.state == FlowState.ENDED:
        raise CannotChange("state", _("A flow that was ended can't be changed; make a new one."))
    draft = _draft_of(held)
    before = {field: getattr(draft, field) for field in FIELDS}
    for field in FIELDS:
        if field in values:
            setattr(draft, field, values[field])
    if draft.re_entry != ReEntry.AFTER_DAYS:
        draft.re_entry_days = None
    check_draft(draft, held.workspace)
    draft.steps = named(draft.steps)
    changed = changes(before, {field: getattr(draft, field) for field in FIELDS})
    draft.save()
    if changed:
        detail = {"name": held.name, "changed": sorted(changed)}
        record(
            workspace=held.workspace, actor=actor, action="change_flow", target=held, detail=detail, now=now
        )
    return draft


def _held(flow: Flow) -> Flow:
    return Flow.objects.select_for_update(of=("self",)).select_related("workspace", "version").get(pk=flow.pk)


def _draft_of(flow: Flow) -> FlowVersion:
    """The version being written, or a new one that begins as the one in force."""
    draft = flow.versions.filter(published_at=None).first()
    if draft is not None:
        return draft
    last = flow.versions.aggregate(last=Max("number"))["last"] or 0
    draft = FlowVersion(flow=flow, number=last + 1)
    if flow.version is not None:
        for field in FIELDS:
            setattr(draft, field, getattr(flow.version, field))
    return draft


def check_draft(draft: FlowVersion, workspace: Workspace) -> None:
    """Raises CannotChange for the first thing that is wrong, naming its field."""
    draft.trigger_event = canonical_name(draft.trigger_event)
    if len(draft.trigger_event) > LONGEST_NAME:
        raise CannotChange("trigger_event", _("Write the name of the event that lets people in."))
    if draft.trigger_where:
        _refuse(
            "trigger_where",
            [
                Problem("", one)
                for one in problems_of_tests(draft.trigger_event or "-", draft.trigger_where, workspace)
            ],
        )
    for field in ("conditions", "exits", "goal"):
        _refuse(field, check_condition(getattr(draft, field), workspace=workspace))
    if draft.re_entry == ReEntry.AFTER_DAYS and not 1 <= (draft.re_entry_days or 0) <= 730:
        raise CannotChange("re_entry_days", _("Write after how many days: 1 to 730."))
    if not 0 <= draft.holdout_percent <= 50:
        raise CannotChange("holdout_percent", _("Write a share from 0 to 50 percent."))
    _refuse("steps", check_steps(draft.steps, workspace=workspace))


def _refuse(field: str, problems: list[Problem]) -> None:
    if problems:
        raise CannotChange(
            field, "; ".join(f"{one.path}: {one.message}" if one.path else one.message for one in problems)
        )


@transaction.atomic
def publish_flow(*, flow: Flow, actor: Actor, now: datetime) -> Flow:
    """Let people into the version that was being written, from now on; who is inside keeps theirs. Raises CannotChange.

    A draft goes live. A paused flow stays paused. What happened before it listened for it lets nobody in.
    """
    held = _held(flow)
    draft = held.versions.filter(published_at=None).first()
    if held.state == FlowState.ENDED:
        raise CannotChange("state", _("A flow that was ended can't be changed; make a new one."))
    if draft is None:
        raise CannotChange(
            "version", _("There is nothing to publish: nothing was changed since the last time.")
        )
    check_draft(draft, held.workspace)
    _check_whole(draft)
    draft.published_at = now
    draft.published_by = actor if isinstance(actor, User) else None
    draft.save()
    before, held.version = held.version, draft
    if before is None or any(getattr(before, field) != getattr(draft, field) for field in STARTED_BY):
        held.listens_since = now
    if held.state == FlowState.DRAFT:
        held.state = FlowState.LIVE
    held.swept_to, held.swept_at = 0, None  # everybody is looked at anew, from now on
    held.save(update_fields=["version", "state", "listens_since", "swept_to", "swept_at", "updated_at"])
    hear_events(held.workspace_id)
    detail = {"name": held.name, "version": draft.number}
    record(workspace=held.workspace, actor=actor, action="publish_flow", target=held, detail=detail, now=now)
    return held


def _check_whole(draft: FlowVersion) -> None:
    if first_speaking(draft.steps) is None:
        raise CannotChange("steps", _("Add a step that does something: a nudge, a staff task or a webhook."))
    if draft.trigger == FlowTrigger.EVENT and not draft.trigger_event:
        raise CannotChange("trigger_event", _("Write the name of the event that lets people in."))
    if draft.trigger == FlowTrigger.STAGE and not draft.trigger_stage:
        raise CannotChange("trigger_stage", _("Choose the stage that lets people in."))
    if draft.trigger == FlowTrigger.CONDITION and not draft.conditions:
        raise CannotChange("conditions", _("Say whom it is for: whoever fits is let in."))
    if draft.trigger == FlowTrigger.CONDITION and draft.re_entry == ReEntry.AFTER_END:
        raise CannotChange(
            "re_entry", _("Who fits on would come in again and again: choose once, or after so many days.")
        )


@transaction.atomic
def drop_draft(*, flow: Flow, actor: Actor, now: datetime) -> None:
    """Throw away what was written since it was published last. Raises CannotChange where nothing was published."""
    held = _held(flow)
    if held.version is None:
        raise CannotChange("version", _("It was never published, so there is nothing to go back to."))
    dropped, _rows = held.versions.filter(published_at=None).delete()
    if dropped:
        detail = {"name": held.name}
        record(
            workspace=held.workspace,
            actor=actor,
            action="undo_flow",
            target=held,
            detail=detail,
            now=now,
        )
