"""Whether praise and criticism were treated alike, for the people of the company. Readers see the same figures."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from engagement.access import DashboardRequest, dashboard_page
from reviews.scrutinies import ENOUGH, equal_scrutiny


@dashboard_page()
def scrutiny(request: DashboardRequest) -> HttpResponse:
    found = equal_scrutiny(workspace=request.workspace, now=timezone.now())
    return render(request, "reviews/dashboard/scrutiny.html", {"scrutiny": found, "enough": ENOUGH})
