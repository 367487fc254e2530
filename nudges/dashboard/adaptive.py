"""The adaptive cap: what it would change, shown before it can be switched on."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_page
from engagement.models import Role
from engagement.signing import BadToken, sign, unsign
from nudges.limiting import NotTried, policy_of, switch_adaptive
from nudges.trials import LOOKED_AT, try_adaptive

PURPOSE = "adaptive trial"
SEEN_FOR = timedelta(hours=1)


@dashboard_page(changes=Role.OWNER)
def adaptive(request: DashboardRequest) -> HttpResponse:
    """GET tries it on the last 30 days. POST switches: on only with the token of a trial of the limits as they are."""
    if request.method == "POST":
        switch(request)
        return redirect("nudges:settings_adaptive")
    policy = policy_of(request.workspace)
    trial = try_adaptive(request.workspace, now=timezone.now())
    context = {
        "policy": policy,
        "trial": trial,
        "looked_at": LOOKED_AT,
        "token": sign(PURPOSE, {"workspace": request.workspace.pk, "version": policy.version}),
    }
    return render(request, "nudges/dashboard/adaptive.html", context)


def switch(request: DashboardRequest) -> None:
    is_on = request.POST.get("adaptive") == "on"
    try:
        switch_adaptive(
            workspace=request.workspace,
            is_on=is_on,
            tried_version=tried_version(request) if is_on else 0,
            actor=request.user,
            now=timezone.now(),
        )
    except NotTried:
        messages.error(request, _("The limits have changed since: look at what it would change once more."))
    else:
        said = (
            _("On. It holds for every decision from now on.")
            if is_on
            else _("Off. The limits hold as they are.")
        )
        messages.success(request, said)


def tried_version(request: DashboardRequest) -> int:
    """The version of the limits whose trial was seen. Raises NotTried."""
    try:
        seen = unsign(PURPOSE, request.POST.get("seen", ""), max_age=SEEN_FOR)
    except BadToken as error:
        raise NotTried from error
    if seen["workspace"] != request.workspace.pk:
        raise NotTried
    return int(seen["version"])
