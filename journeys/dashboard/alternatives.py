"""What customers compare for a need: their shortlists added up, with what the company does not sell."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render

from engagement.access import DashboardRequest, dashboard_page
from journeys.models import Need
from journeys.shortlists.alternatives import LEAST, alternatives_of


@dashboard_page()
def alternatives(request: DashboardRequest) -> HttpResponse:
    """`need` (its short name), else the first."""
    needs = list(Need.objects.filter(workspace=request.workspace, is_active=True))
    wanted = request.GET.get("need", "")
    need = next((one for one in needs if one.slug == wanted or not wanted), None)
    if wanted and need is None:
        raise Http404
    context = {
        "needs": needs,
        "need": need,
        "found": alternatives_of(need) if need else None,
        "least": LEAST,
    }
    return render(request, "journeys/dashboard/alternatives.html", context)
