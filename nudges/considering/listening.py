"""Who hears of events: nudges and flows that these start, and flows that people may leave when something happens."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from engagement.unread import listen
from nudges.models import Flow, FlowState, FlowTrigger, Nudge, NudgeStatus, Trigger

READER = "nudges"
NEWS_READER = "fitting"
LISTENING = (FlowState.LIVE, FlowState.PAUSED)
# Flows that are for whoever fits their condition.
FITTED = Q(state=FlowState.LIVE, version__trigger=FlowTrigger.CONDITION)


def listening_nudges(workspace_ids: Iterable[int]) -> list[Nudge]:
    """The active nudges of these workspaces that an event starts."""
    waiting = Nudge.objects.filter(
        workspace__in=list(workspace_ids), trigger=Trigger.EVENT, status=NudgeStatus.ACTIVE
    )
    return list(waiting.order_by("pk"))


def listening_flows(workspace_ids: Iterable[int], trigger: FlowTrigger) -> list[Flow]:
    """The flows of these workspaces that this kind of thing lets people into; paused ones too, which say so."""
    waiting = Flow.objects.filter(
        workspace__in=list(workspace_ids), state__in=LISTENING, version__trigger=trigger
    )
    return list(waiting.select_related("version").order_by("pk"))


def fitted_flows(workspace_ids: Iterable[int]) -> list[Flow]:
    """The live flows of these workspaces that whoever fits comes into."""
    waiting = Flow.objects.filter(FITTED, workspace__in=list(workspace_ids))
    return list(waiting.select_related("version", "workspace").order_by("pk"))


def hear_events(workspace_id: int) -> None:
    """Have a workspace's events read exactly while some nudge or flow of it wants to hear of them."""
    nudges = Nudge.objects.filter(workspace_id=workspace_id, trigger=Trigger.EVENT, status=NudgeStatus.ACTIVE)
    may_let_out = ~Q(version__exits={}) | ~Q(version__goal={})
    flows = Flow.objects.filter(
        Q(version__trigger=FlowTrigger.EVENT) | may_let_out, workspace_id=workspace_id, state__in=LISTENING
    )
    listen(reader=READER, workspace_id=workspace_id, wants=lambda: nudges.exists() or flows.exists())
    fitted = Flow.objects.filter(FITTED, workspace_id=workspace_id)
    listen(reader=NEWS_READER, workspace_id=workspace_id, wants=fitted.exists)
