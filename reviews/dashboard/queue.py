"""Reviews that wait for a person, and those that a person decided on.

What a review rates is never read here: neither this module nor its templates name the table of figures, so nobody can
turn a review down for its stars, not even by accident.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.dashboard.pages import keyset_page
from engagement.models import Role
from reviews.models import ModerationEntry, RejectionReason, Review, ReviewStatus
from reviews.moderating import NotNow, publish_review, reject_review, respond_to_review, undo_moderation

PAGE = 25
SHOWN = {
    "pending": gettext_lazy("Waiting"),
    "published": gettext_lazy("Published"),
    "rejected": gettext_lazy("Turned down"),
}


def readable(request: DashboardRequest) -> QuerySet[Review]:
    """This workspace's reviews with what a moderator may know: words, product, author. One join each."""
    return Review.objects.filter(workspace=request.workspace).select_related("product", "customer")


@dashboard_page()
def reviews(request: DashboardRequest) -> HttpResponse:
    """`show` says which; those that wait come oldest first, the others newest first. `q` searches words."""
    shown = request.GET.get("show", "pending")
    shown = shown if shown in SHOWN else "pending"
    rows = readable(request).filter(status=shown)
    if asked := request.GET.get("q", "").strip().replace("\x00", ""):
        rows = rows.filter(
            Q(body__icontains=asked) | Q(title__icontains=asked) | Q(product__name__icontains=asked)
        )
    page = keyset_page(
        rows,
        field="submitted_at",
        descending=shown != "pending",
        cursor=request.GET.get("after", ""),
        size=PAGE,
    )
    counted = Review.objects.filter(workspace=request.workspace).aggregate(
        **{name: Count("id", filter=Q(status=name)) for name in SHOWN}
    )
    context = {
        "page": page,
        "shown": shown,
        "asked": asked,
        "tabs": [(name, label, counted[name]) for name, label in SHOWN.items()],
        "reasons": RejectionReason.choices,
        "last_decided": last_decided(request),
    }
    return render(request, "reviews/dashboard/reviews.html", context)


def last_decided(request: DashboardRequest) -> Review | None:
    """What this moderator decided last, so that it can be taken back."""
    entry = (
        ModerationEntry.objects.filter(
            workspace=request.workspace, actor=request.user, action__in=["publish", "reject", "undo"]
        )
        .order_by("-id")
        .first()
    )
    if entry is None or entry.action == "undo":
        return None
    return (
        readable(request)
        .filter(pk=entry.review_id, status__in=[ReviewStatus.PUBLISHED, ReviewStatus.REJECTED])
        .first()
    )


@dashboard_page()
def review(request: DashboardRequest, review_id: int) -> HttpResponse:
    """One review with everything that was done with it."""
    one = of_workspace(readable(request), request, pk=review_id)
    context = {
        "review": one,
        "reasons": RejectionReason.choices,
        "entries": ModerationEntry.objects.filter(workspace=request.workspace, review_id=one.pk)
        .select_related("actor")
        .order_by("-id")[:50],
    }
    return render(request, "reviews/dashboard/review.html", context)


@dashboard_action(Role.MODERATOR)
def decide(request: DashboardRequest, review_id: int) -> HttpResponse:
    """Publish, turn down for a reason, or take the last decision back."""
    one = of_workspace(readable(request), request, pk=review_id)
    version = request.POST.get("version", "")
    common: dict[str, Any] = {
        "workspace": request.workspace,
        "review_id": one.pk,
        "actor": request.user,
        "now": timezone.now(),
    }
    expected = int(version) if version.isdecimal() else None
    try:
        match request.POST.get("decision"):
            case "publish":
                publish_review(**common, expected_version=expected)
                messages.success(request, _("Published. You can take it back."))
            case "reject":
                reject_review(**common, reason=request.POST.get("reason", ""), expected_version=expected)
                messages.success(request, _("Turned down. Its author is told the reason and may edit it."))
            case "undo":
                undo_moderation(**common)
                messages.success(request, _("Taken back: it waits again."))
            case _:
                raise Http404
    except (NotNow, ValueError) as refused:
        messages.error(request, str(refused))
    return redirect(back_of(request))


def back_of(request: DashboardRequest) -> str:
    """Where the decision was made: the queue or the review's own page; never another site."""
    back = request.POST.get("back", "")
    return back if back.startswith("/reviews") else "/reviews"


@dashboard_action(Role.MARKETER)
def respond(request: DashboardRequest, review_id: int) -> HttpResponse:
    """Set the company's public answer; an empty one takes it away."""
    one = of_workspace(readable(request), request, pk=review_id)
    try:
        respond_to_review(
            workspace=request.workspace,
            review_id=one.pk,
            text=request.POST.get("response", ""),
            actor=request.user,
            now=timezone.now(),
        )
    except ValueError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The answer is saved; it stands below the review."))
    return redirect("reviews:review", review_id=one.pk)
