"""Readers report what should not stand there; a page of its own, so that it needs no script."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from engagement.embed.doors import client_address, hosted, reading_language, render
from engagement.limits import is_first_time
from engagement.models import Workspace
from reviews.models import Post, PostStatus, RejectionReason, Review, ReviewStatus
from reviews.reporting import report_post, report_review


@hosted("GET", "POST", limit=10)
def report_page(request: HttpRequest, workspace: Workspace, kind: str, number: int) -> HttpResponse:
    """`kind` review or post. Of who reports nothing is kept; one address counts once a day for one thing."""
    thing = reported(workspace, kind, number)
    context: dict[str, Any] = {"workspace": workspace, "thing": thing, "reasons": RejectionReason.choices}
    status = 200
    if request.method == "POST":
        status = 200 if take_report(request, workspace, kind, number) else 422
        context |= {"is_done": status == 200, "is_wrong": status != 200}
    return render(
        "reviews/embed/report.html", context, language=reading_language(request, workspace), status=status
    )


def take_report(request: HttpRequest, workspace: Workspace, kind: str, number: int) -> bool:
    """Keep it; False without one of the reasons."""
    reason = request.POST.get("reason", "")
    if reason not in RejectionReason.values:
        return False
    if not is_first_time(who=client_address(request), what=f"report:{kind}:{number}"):
        return True
    common: dict[str, Any] = {
        "workspace": workspace,
        "reporter": secrets.token_hex(16),
        "reason": reason,
        "note": request.POST.get("note", ""),
        "now": timezone.now(),
    }
    if kind == "review":
        report_review(review_id=number, **common)
    else:
        report_post(post_id=number, **common)
    return True


def reported(workspace: Workspace, kind: str, number: int) -> Review | Post:
    """What is published under that number. Raises Http404."""
    found: Review | Post | None = None
    if kind == "review":
        found = Review.objects.filter(pk=number, workspace=workspace, status=ReviewStatus.PUBLISHED).first()
    elif kind == "post":
        found = Post.objects.filter(pk=number, workspace=workspace, status=PostStatus.PUBLISHED).first()
    if found is None:
        raise Http404
    return found
