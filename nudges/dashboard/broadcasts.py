"""Broadcasts: started after a dry run, watched, paused, resumed, stopped."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.auditing import record
from engagement.conditions import ConditionError
from engagement.models import Role
from nudges.considering import (
    BroadcastError,
    pause_broadcast,
    resume_broadcast,
    start_broadcast,
    stop_broadcast,
)
from nudges.dashboard.ledger import held_rows
from nudges.dashboard.nudges import find
from nudges.departures import departures_of
from nudges.ledgers import counts_of_broadcast
from nudges.models import Broadcast, BroadcastState, Outcome, Waiting

CHANGES = {"pause": pause_broadcast, "resume": resume_broadcast, "stop": stop_broadcast}


@dashboard_action(Role.MARKETER)
def start(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Put the nudge forward to everybody its conditions fit."""
    nudge = find(request, nudge_id)
    now = timezone.now()
    try:
        with transaction.atomic():
            broadcast = start_broadcast(nudge=nudge, started_by=request.user, now=now)
            record(
                workspace=request.workspace,
                actor=request.user,
                action="start_broadcast",
                target=broadcast,
                detail={"nudge": nudge.name, "audience": broadcast.audience},
                now=now,
            )
    except (BroadcastError, ConditionError) as refused:
        messages.error(request, str(refused))
        return redirect("nudges:nudge", nudge_id=nudge.pk)
    return redirect("nudges:broadcast", broadcast_id=broadcast.pk)


@dashboard_page()
def progress(request: DashboardRequest, broadcast_id: int) -> HttpResponse:
    """How far it is, and what became of whom it was put forward to."""
    broadcast = of_workspace(
        Broadcast.objects.select_related("nudge", "started_by"), request, pk=broadcast_id
    )
    counted = counts_of_broadcast(broadcast)
    context = {
        "broadcast": broadcast,
        "is_over": broadcast.state in (BroadcastState.DONE, BroadcastState.STOPPED),
        "share": round(min(100, broadcast.put_forward * 100 / broadcast.audience))
        if broadcast.audience
        else 100,
        "due": Waiting.objects.filter(broadcast=broadcast).count(),
        "sent": sum(n for (outcome, _reason), n in counted.items() if outcome == Outcome.SEND),
        "held_total": sum(n for (outcome, _reason), n in counted.items() if outcome == Outcome.SUPPRESS),
        "held": held_rows(counted),
        "departures": departures_of(broadcast, now=timezone.now()),
    }
    is_fragment = request.htmx and not request.htmx.boosted
    template = "_broadcast.html" if is_fragment else "broadcast.html"
    return render(request, f"nudges/dashboard/{template}", context)


@dashboard_action(Role.MARKETER)
def change(request: DashboardRequest, broadcast_id: int) -> HttpResponse:
    """Pause, resume or stop it."""
    broadcast = of_workspace(Broadcast.objects.select_related("nudge"), request, pk=broadcast_id)
    wanted = request.POST.get("change", "")
    if wanted not in CHANGES:
        messages.error(request, _("There is no such change."))
        return redirect("nudges:broadcast", broadcast_id=broadcast.pk)
    now = timezone.now()
    try:
        with transaction.atomic():
            CHANGES[wanted](broadcast_id=broadcast.pk, now=now)
            record(
                workspace=request.workspace,
                actor=request.user,
                action=f"{wanted}_broadcast",
                target=broadcast,
                detail={"nudge": broadcast.nudge.name},
                now=now,
            )
    except BroadcastError as refused:
        messages.error(request, str(refused))
    return redirect("nudges:broadcast", broadcast_id=broadcast.pk)
