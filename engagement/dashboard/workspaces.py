"""Switching between workspaces, and joining one by invitation."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from engagement.access import SESSION_KEY, DashboardRequest, dashboard_action
from engagement.dashboard.accounts import INVITATION_KEY
from engagement.joining import Refused, accept_invitation, find_invitation
from engagement.models import Member, Role


@dashboard_action(Role.ANALYST)
def switch_workspace(request: DashboardRequest) -> HttpResponse:
    """Work in another of the caller's own workspaces."""
    wanted = request.POST.get("workspace", "")
    if not wanted.isdecimal():
        raise Http404
    member = get_object_or_404(Member, user=request.user, workspace_id=int(wanted))
    request.session[SESSION_KEY] = member.workspace_id
    return redirect("/")


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation: GET says to what and as what, POST accepts it. Who has no account signs up first."""
    invitation = find_invitation(token)
    if invitation is None:
        return render(request, "engagement/dashboard/invitation_over.html", status=410)
    if request.method == "POST" and request.user.is_authenticated:
        try:
            member = accept_invitation(invitation_id=invitation.pk, user=request.user, now=timezone.now())
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("engagement:join", token=token)
        request.session.pop(INVITATION_KEY, None)
        request.session[SESSION_KEY] = member.workspace_id
        messages.success(request, _("Welcome to %(name)s.") % {"name": member.workspace.name})
        return redirect("/")
    # Which invitation the browser came by is remembered for the sign-up that follows; nothing else changes.
    request.session[INVITATION_KEY] = token
    return render(request, "engagement/dashboard/join.html", {"invitation": invitation, "token": token})
