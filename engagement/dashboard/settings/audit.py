"""Settings: the audit trail."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from engagement.access import DashboardRequest, dashboard_page
from engagement.dashboard.pages import keyset_page
from engagement.models import AuditEntry

PAGE = 50


@dashboard_page()
def audit(request: DashboardRequest) -> HttpResponse:
    """Who changed what, newest first; `q` narrows to an actor or an action."""
    rows = AuditEntry.objects.filter(workspace=request.workspace)
    asked = request.GET.get("q", "").strip().replace("\x00", "")
    if asked:
        rows = rows.filter(actor_label__icontains=asked) | rows.filter(
            action__icontains=asked.replace(" ", "_")
        )
    page = keyset_page(rows, field="at", descending=True, cursor=request.GET.get("after", ""), size=PAGE)
    return render(request, "engagement/dashboard/settings/audit.html", {"page": page, "asked": asked})
