"""What customers wrote in their own words: texts that are no command, and the words that came with answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.dashboard.pages import keyset_page
from engagement.models import Role
from nudges.hearing.texting import mark_seen
from nudges.models import InboundText
from nudges.writings import answers_in_words, texts_of

PAGE = 50


@dashboard_page()
def writings(request: DashboardRequest) -> HttpResponse:
    """Those that wait for somebody, or with `all` every one; beside them the newest words that came with answers."""
    shows_all = "all" in request.GET
    rows = texts_of(request.workspace, waiting=not shows_all)
    page = keyset_page(rows, field="at", descending=True, cursor=request.GET.get("after", ""), size=PAGE)
    context = {
        "page": page,
        "shows_all": shows_all,
        "answers": answers_in_words(request.workspace, now=timezone.now(), most=PAGE),
    }
    return render(request, "nudges/dashboard/calls/writings.html", context)


@dashboard_action(Role.MODERATOR)
def seen(request: DashboardRequest, text_id: int) -> HttpResponse:
    """Somebody has dealt with it; or, with `again`, it waits once more."""
    text = of_workspace(InboundText.objects.all(), request, pk=text_id)
    is_done = "again" not in request.POST
    mark_seen(text_id=text.pk, is_seen=is_done, now=timezone.now())
    messages.success(request, _("Done.") if is_done else _("It waits again."))
    return redirect("nudges:writings")
