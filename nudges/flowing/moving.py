"""A flow paused, resumed, ended, with what that does to the people inside and to what it has put forward."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import ApiKey
from engagement.statements import run_statement
from nudges.composing import CannotChange
from nudges.considering.listening import hear_events
from nudges.models import EndedBy, Flow, FlowRun, FlowState, RunState, Waiting
from nudges.reasons import Reason
from nudges.tallying import tally_left


def pause_flow(*, flow: Flow, actor: User | ApiKey | None, now: datetime) -> Flow:
    """Let nobody in and nobody on; what it put forward waits (reason `flow_paused`). Raises CannotChange."""
    return _move(flow, {FlowState.LIVE}, FlowState.PAUSED, "pause_flow", actor, now)


@transaction.atomic
def resume_flow(*, flow: Flow, actor: User | ApiKey | None, now: datetime) -> Flow:
    """Go on: waits that ended meanwhile are over, and what waited is looked at now. Raises CannotChange."""
    moved = _move(flow, {FlowState.PAUSED}, FlowState.LIVE, "resume_flow", actor, now)
    Waiting.objects.filter(
        candidate__flow_run__flow=moved, candidate__decision__reason=Reason.FLOW_PAUSED
    ).update(due_at=now)
    return moved


@transaction.atomic
def end_flow(*, flow: Flow, actor: User | ApiKey | None, now: datetime) -> Flow:
    """End it for good: who is inside leaves, and what is not sent yet is not sent any more. Raises CannotChange."""
    moved = _move(flow, {FlowState.LIVE, FlowState.PAUSED}, FlowState.ENDED, "stop_flow", actor, now)
    left = run_statement("nudges.end_runs", {"flow": moved.pk, "now": now})
    tally_left(left, EndedBy.FLOW_ENDED)
    Waiting.objects.filter(candidate__flow_run__flow=moved).update(due_at=now)
    return moved


@transaction.atomic
def take_out(*, run: FlowRun, actor: User | ApiKey | None, now: datetime) -> FlowRun:
    """Let one customer out; what was put forward for them and is not sent yet is not sent. Raises CannotChange."""
    held = FlowRun.objects.select_for_update(of=("self",)).select_related("flow", "workspace").get(pk=run.pk)
    if held.state != RunState.RUNNING:
        raise CannotChange("state", _("They are not inside any more."))
    held.state, held.ended_by, held.ended_at, held.until = RunState.EXITED, EndedBy.TAKEN_OUT, now, None
    held.save(update_fields=["state", "ended_by", "ended_at", "until"])
    tally_left([vars(held)], EndedBy.TAKEN_OUT)
    Waiting.objects.filter(candidate__flow_run=held).update(due_at=now)
    record(
        workspace=held.workspace,
        actor=actor,
        action="remove_customer",
        target=held.flow,
        detail={"name": held.flow.name, "customer": held.customer_id, "step": held.step},
        now=now,
    )
    return held


@transaction.atomic
def _move(
    flow: Flow,
    allowed: set[FlowState],
    state: FlowState,
    action: str,
    actor: User | ApiKey | None,
    now: datetime,
) -> Flow:
    held = Flow.objects.select_for_update(of=("self",)).select_related("workspace", "version").get(pk=flow.pk)
    if held.state not in allowed:
        told = {"is": held.get_state_display(), "wanted": state.label}
        raise CannotChange("state", _("It is “%(is)s”, so it cannot become “%(wanted)s”.") % told)
    before, held.state = held.state, state
    held.swept_to, held.swept_at = 0, None  # who came to fit while it was paused is found at once
    held.save(update_fields=["state", "swept_to", "swept_at", "updated_at"])
    hear_events(held.workspace_id)
    detail = {"name": held.name, "state": [before, str(state)]}
    record(workspace=held.workspace, actor=actor, action=action, target=held, detail=detail, now=now)
    return held
