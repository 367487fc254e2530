"""Dry runs over a whole audience: started, watched, cancelled, looked at again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.conditions import ConditionError
from engagement.models import Role
from nudges.dashboard.ledger import held_rows
from nudges.dashboard.nudges import find
from nudges.dry_running import DryRunError, cancel_dry_run, start_dry_run
from nudges.models import DryRun, DryRunState, Outcome


@dashboard_action(Role.MARKETER)
def start(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Count over everybody it is for."""
    nudge = find(request, nudge_id)
    try:
        made = start_dry_run(nudge=nudge, started_by=request.user, now=timezone.now())
    except (DryRunError, ConditionError) as refused:
        messages.error(request, str(refused))
        return redirect("nudges:nudge_dry_run", nudge_id=nudge.pk)
    return redirect("nudges:dry_run", dry_run_id=made.pk)


@dashboard_page()
def dry_run(request: DashboardRequest, dry_run_id: int) -> HttpResponse:
    """How far it is, and what it has counted."""
    one = of_workspace(DryRun.objects.select_related("nudge", "started_by"), request, pk=dry_run_id)
    is_fragment = request.htmx and not request.htmx.boosted
    template = "_dry_run.html" if is_fragment else "dry_run_kept.html"
    return render(request, f"nudges/dashboard/{template}", shown(one))


def shown(one: DryRun) -> dict[str, Any]:
    counted = one.by_reason
    by_outcome = {
        outcome: sum(n for (known, _reason), n in counted.items() if known == outcome) for outcome in Outcome
    }
    return {
        "dry_run": one,
        "nudge": one.nudge,
        "is_running": one.state == DryRunState.RUNNING,
        "is_current": one.nudge.version == one.nudge_version,
        "share": round(min(100, one.looked_at * 100 / one.audience)) if one.audience else 100,
        "sent": by_outcome[Outcome.SEND],
        "waiting": by_outcome[Outcome.DEFER],
        "held_total": by_outcome[Outcome.SUPPRESS],
        "held": held_rows(counted),
    }


@dashboard_action(Role.MARKETER)
def cancel(request: DashboardRequest, dry_run_id: int) -> HttpResponse:
    """End it; what is counted stays."""
    one = of_workspace(DryRun.objects.all(), request, pk=dry_run_id)
    try:
        cancel_dry_run(dry_run_id=one.pk, now=timezone.now())
    except DryRunError as refused:
        messages.error(request, str(refused))
    return redirect("nudges:dry_run", dry_run_id=one.pk)
