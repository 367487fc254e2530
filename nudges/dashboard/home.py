"""Home: where customers stand, what was said to them, and what was held back and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from engagement.access import DashboardRequest, dashboard_page
from engagement.models import ApiKey, KeyKind
from engagement.webhooks.troubles import programs_given_up
from journeys.models import JOURNEY
from journeys.needs import needs_by_stage
from nudges import overviews
from nudges.approvals import waiting_nudges
from nudges.dashboard.ledger import held_back, ledger_lines
from nudges.models import Nudge, NudgeStatus

SPAN = timedelta(days=7)


@dashboard_page()
def home(request: DashboardRequest) -> HttpResponse:
    """The page, or, for htmx, its live part alone."""
    context = live_part(request)
    if request.htmx and not request.htmx.boosted:
        return render(request, "nudges/dashboard/_home.html", context)
    return render(request, "nudges/dashboard/home.html", context | first_steps(request))


def live_part(request: DashboardRequest) -> dict[str, Any]:
    now = timezone.now()
    workspace = request.workspace
    today = now.astimezone(ZoneInfo(workspace.timezone)).date()
    return {
        "now": now,
        "stages": [(stage.value, stage.label) for stage in JOURNEY],
        "needs": needs_by_stage(workspace),
        "days": overviews.days(workspace, today=today),
        "totals": overviews.totals(workspace, since=now - SPAN),
        "programs_off": programs_given_up(workspace),
        "waits": waiting_nudges(Nudge.objects.filter(workspace=workspace)).count(),
        "held": held_back(workspace, since=now - SPAN),
        "decisions": ledger_lines(overviews.newest_decisions(workspace, limit=12), workspace=workspace),
    }


def first_steps(request: DashboardRequest) -> dict[str, Any]:
    """What a new workspace still lacks, each as done or not."""
    workspace = request.workspace
    return {
        "steps": {
            "key": ApiKey.objects.filter(workspace=workspace, kind=KeyKind.WRITE, revoked_at=None).exists(),
            "events": overviews.has_events(workspace),
            "needs": workspace.needs.exists(),
            "guides": workspace.guides.filter(status="published").exists(),
            "nudges": Nudge.objects.filter(workspace=workspace, status=NudgeStatus.ACTIVE).exists(),
        }
    }
