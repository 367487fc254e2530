"""Before a nudge goes to many: what is to mend in its words, who lacks what, which links are dead, who approved it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page
from engagement.conditions import ConditionError
from engagement.models import Role
from nudges.approvals import standing_of, why_not
from nudges.approving import approve_nudge, ask_approval, refuse_nudge
from nudges.checks import checks_of, links_of_words
from nudges.composing import CannotChange
from nudges.dashboard.nudges import find
from nudges.dashboard.previews import example_for
from nudges.gaps import gaps_of
from nudges.visits import visit


@dashboard_page()
def readiness(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Checks of the words and the approval; who lacks what is counted by a request of its own."""
    nudge = find(request, nudge_id)
    now = timezone.now()
    customer = example_for(request, nudge)
    context: dict[str, Any] = {
        "nudge": nudge,
        "customer": customer,
        "findings": checks_of(nudge, customer, now=now),
        "approvals": nudge.approvals.select_related("approved_by").order_by("-version")[:10],
        "refusals": nudge.refusals.select_related("refused_by").order_by("-version")[:10],
    }
    try:
        standing = standing_of(nudge, now=now)
    except ConditionError as error:
        return render(request, "nudges/dashboard/readiness.html", context | {"problem": str(error)})
    context |= {
        "standing": standing,
        "role": Role(standing.role).label,
        "why_not": why_not(nudge, request.member, role=standing.role),
    }
    return render(request, "nudges/dashboard/readiness.html", context)


@dashboard_page()
def gaps(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Which customers lack what the words ask for, in counts: a fragment."""
    nudge = find(request, nudge_id)
    try:
        found = gaps_of(nudge, now=timezone.now()) if nudge.contents.exists() else None
    except ConditionError as error:
        return render(request, "nudges/dashboard/_gaps.html", {"problem": str(error)})
    # In a template a Counter's own methods are hidden by what it counts: all it is asked for, it has 0 of.
    counted = (
        {name: getattr(found, name).most_common() for name in ("failing", "aborted", "lack")} if found else {}
    )
    return render(request, "nudges/dashboard/_gaps.html", {"gaps": found, **counted})


@dashboard_action(Role.MARKETER)
def links(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Ask for every link once; what came of it stands in the checks for an hour."""
    nudge = find(request, nudge_id)
    customer = example_for(request, nudge)
    found = visit(links_of_words(nudge, customer, now=timezone.now())) if customer else []
    dead = sum(one.is_dead for one in found)
    told = {"n": len(found), "dead": dead}
    (messages.error if dead else messages.success)(
        request, _("%(n)s links tried, %(dead)s of them dead.") % told
    )
    return redirect("nudges:nudge_readiness", nudge_id=nudge.pk)


@dashboard_action(Role.MARKETER)
def ask(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Put it before those who may approve it."""
    nudge = find(request, nudge_id)
    try:
        ask_approval(nudge=nudge, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("It is on the list of those who may approve it."))
    return redirect("nudges:nudge_readiness", nudge_id=nudge.pk)


@dashboard_action(Role.MARKETER)
def approve(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Approve or refuse the version that was looked at; whose role that takes, the owner has set."""
    nudge = find(request, nudge_id)
    version, words = request.POST.get("version", ""), request.POST.get("note", "").replace("\x00", "").strip()
    judged: dict[str, Any] = {
        "nudge": nudge,
        "version": int(version) if version.isdecimal() and len(version) < 9 else 0,
        "member": request.member,
        "now": timezone.now(),
    }
    try:
        if "refuse" in request.POST:
            refuse_nudge(**judged, reason=words)
            messages.success(request, _("Refused. Whoever changes it reads why."))
        else:
            approve_nudge(**judged, note=words)
            messages.success(request, _("Approved. Any edit asks for another approval."))
    except (CannotChange, ConditionError) as refused:
        messages.error(request, str(refused))
    return redirect("nudges:nudge_readiness", nudge_id=nudge.pk)
