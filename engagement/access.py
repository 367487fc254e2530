"""Who may open a dashboard page, and in which workspace.

Every dashboard view wears `dashboard_page` or `dashboard_action`. They find the workspace among the caller's own
memberships, so a view can only ever see `request.workspace`; an object of another tenant is a 404 there because
views look it up with `of_workspace(...)`.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from engagement.models import Member, Role, Workspace

SESSION_KEY = "workspace_id"
# Who may do what others may: each role may do all that the roles before it may.
RANK = {Role.ANALYST: 0, Role.MODERATOR: 1, Role.MARKETER: 2, Role.OWNER: 3}

M = TypeVar("M", bound=Model)


class DashboardRequest(HttpRequest):
    """A request that passed one of the decorators below."""

    user: User
    workspace: Workspace
    member: Member
    htmx: HtmxDetails


View = Callable[..., HttpResponse]


def dashboard_page(role: str = Role.ANALYST, *, changes: str | None = None) -> Callable[[View], View]:
    """A page that members from `role` upwards may read; with `changes`, POST is taken from that role upwards."""

    def decorate(view: View) -> View:
        return guarded(view, {"GET": role, "HEAD": role} | ({"POST": changes} if changes else {}))

    return decorate


def dashboard_action(role: str) -> Callable[[View], View]:
    """A change: POST only, from `role` upwards."""

    def decorate(view: View) -> View:
        return guarded(view, {"POST": role})

    return decorate


def guarded(view: View, roles: dict[str, str]) -> View:
    """`view` behind sign-in, membership, method and role, in that order; `roles` names the least role per method."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return to_login(request)
        member = current_member(request)
        if member is None:
            return redirect("nudges:welcome")
        prepare(request, member)
        if request.method not in roles:
            return HttpResponseNotAllowed(sorted(roles))
        language = member.language or translation.get_language()
        with timezone.override(zone_of(member.workspace)), translation.override(language):
            if not may(member, needed := roles[request.method]):
                raise PermissionDenied(refusal(needed))
            response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Language", language)
        # Pages of the dashboard show customers' data: no shared or browser cache keeps them.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    guard.dashboard_roles = roles  # type: ignore[attr-defined]  # read by the test that walks every door
    return guard


def to_login(request: HttpRequest) -> HttpResponse:
    """To the login page, and back here afterwards; htmx follows a header because it can't see a redirect."""
    asked = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    response = redirect_to_login(asked)
    if request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true":
        answer = HttpResponse(status=204)
        answer.headers["HX-Redirect"] = redirect_to_login("/").url
        return answer
    return response


def current_member(request: HttpRequest) -> Member | None:
    """The caller's membership in the workspace chosen in the session, else in the one joined first."""
    chosen = request.session.get(SESSION_KEY)
    memberships = list(
        Member.objects.filter(user=cast(User, request.user))
        .select_related("workspace")
        .order_by("joined_at", "id")
    )
    request.memberships = memberships  # type: ignore[attr-defined]  # the frame's switch shows them
    return next((m for m in memberships if m.workspace_id == chosen), memberships[0] if memberships else None)


def prepare(request: HttpRequest, member: Member) -> None:
    """Put onto the request what views and the frame read."""
    dashboard_request = cast(DashboardRequest, request)
    dashboard_request.member = member
    dashboard_request.workspace = member.workspace


def may(member: Member, role: str) -> bool:
    """Does the member's role reach `role`?"""
    return RANK[Role(member.role)] >= RANK[Role(role)]


def refusal(role: str) -> str:
    return _(
        "This needs the role “%(role)s” or a higher one. An owner of the workspace can change your role."
    ) % {"role": Role(role).label}


def zone_of(workspace: Workspace) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(workspace.timezone)


def of_workspace(rows: QuerySet[M], request: DashboardRequest, **lookup: Any) -> M:
    """One row of this workspace, or 404: another tenant's row is as if it did not exist."""
    return get_object_or_404(rows.filter(workspace=request.workspace), **lookup)
