"""Reviews taken elsewhere: sheets and JSON lines to download, and feeds that Google and Meta fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page
from engagement.models import ApiKey, KeyKind, Role, Workspace
from reviews.exporting.feeds import shown_reviews
from reviews.exporting.records import RECORDS, as_csv, as_json_lines
from reviews.ruling import change_policy, policy_of

WHAT = {"reviews": gettext_lazy("Reviews"), "questions": gettext_lazy("Questions and answers")}
FORMS: dict[str, tuple[Callable[[str, Workspace], Iterator[str]], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "jsonl": (as_json_lines, "application/jsonl; charset=utf-8"),
}


@dashboard_page(changes=Role.OWNER)
def exports(request: DashboardRequest) -> HttpResponse:
    """What can be had; POST switches the feeds on or off."""
    if request.method == "POST":
        values = {"gives_to_feeds": request.POST.get("gives_to_feeds") == "on"}
        change_policy(workspace=request.workspace, values=values, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("reviews:review_exports")
    keys = ApiKey.objects.filter(workspace=request.workspace, kind=KeyKind.WRITE, revoked_at=None)
    key = keys.order_by("created_at").first()
    base = f"{settings.BASE_URL}/e/feeds/v1"
    context = {
        "what": WHAT.items(),
        "gives_to_feeds": policy_of(request.workspace).gives_to_feeds,
        "shown": shown_reviews(request.workspace),
        "feeds": [
            (_("Google, Product Review Feeds 2.4"), f"{base}/google.xml?key={key.public_key}"),
            (_("Meta, Product Review Feed"), f"{base}/meta.csv?key={key.public_key}"),
        ]
        if key
        else [],
    }
    return render(request, "reviews/dashboard/exports.html", context)


@dashboard_page(Role.MARKETER)
def download(request: DashboardRequest, what: str, form: str) -> HttpResponse:
    """`what` of all of the workspace, streamed."""
    if what not in RECORDS or form not in FORMS:
        raise Http404
    make, content_type = FORMS[form]
    response = StreamingHttpResponse(make(what, request.workspace), content_type=content_type)
    name = f"{request.workspace.slug}-{what}-{timezone.now():%Y-%m-%d}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast(HttpResponse, response)
