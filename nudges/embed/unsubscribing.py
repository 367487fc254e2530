"""Unsubscribing: a page to confirm on, and the one click of RFC 8058 that needs none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from nudges.embed.doors import languages, message_of, message_page, show
from nudges.hearing import unsubscribe as leave
from nudges.links import UNSUBSCRIBE, preferences_url

# What mail providers post when their reader presses "unsubscribe" (RFC 8058, section 3.2).
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@message_page("GET", "HEAD", "POST")
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST leaves at once: the category by this channel, or everything by this channel."""
    message = message_of(UNSUBSCRIBE, token)
    customer = message.customer.merged_into or message.customer
    context = {"workspace": message.workspace, "message": message, "preferences": preferences_url(customer)}
    language = languages(customer, message.workspace)
    if request.method != "POST":
        return show("unsubscribe", context, language=language)
    name, value = ONE_CLICK
    is_one_click = request.POST.get(name) == value
    done = leave(
        message_id=message.pk,
        source="one_click" if is_one_click else "unsubscribe_page",
        everything=request.POST.get("scope") == "all",
        now=timezone.now(),
    )
    return show("unsubscribed", {**context, "done": done}, language=language)
