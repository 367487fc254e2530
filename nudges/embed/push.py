"""Web push on the shop's pages: the question, and what the browser says to it. See docs/embedding.md."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from engagement.embed.doors import fragment, posting, reading_language, render
from engagement.embed.readers import keeper_of, reader_of
from engagement.models import Category, Channel, Workspace
from nudges.models import ChannelAccount
from nudges.subscribing import (
    BadSubscription,
    Subscription,
    allow_topics,
    leave_by_browser,
    renew_browser,
    subscribe_browser,
)


@fragment
def push_question(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The question as HTML, with the workspace's public key; `topics` (slugs) narrows what is asked for."""
    key = public_key_of(workspace)
    topics = topics_of(workspace, request.GET.get("topics", ""))
    if not key or not topics:
        raise Http404
    context = {"workspace": workspace, "key": key, "topics": topics}
    return render("nudges/embed/_push.html", context, language=reading_language(request, workspace))


@posting(limit=20)
def push_subscribe(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """A browser's subscription; with `wording` it is the answer to the question, without only a sign of life."""
    now = timezone.now()
    customer = keeper_of(reader_of(request, workspace, now=now), workspace, now=now)
    if customer is None:
        return refused(
            "unknown_reader", "Say who the visitor is: by data-token, or after their consent.", 401
        )
    try:
        subscription = subscription_of(request.POST.get("subscription", ""))
    except BadSubscription as error:
        return refused("bad_subscription", str(error), 422)
    if request.POST.get("server_key") and not uses_our_key(request.POST["server_key"], workspace):
        return refused("other_key", "This subscription was made with keys that are no longer used.", 409)
    browser = request.headers.get("User-Agent", "")
    is_new = subscribe_browser(customer=customer, subscription=subscription, browser=browser, now=now)
    if wording := request.POST.get("wording", "").replace("\x00", "").strip():
        topics = topics_of(workspace, request.POST.get("topics", ""))
        allow_topics(customer=customer, topics=topics, wording=wording, now=now)
    return JsonResponse({"new": is_new})


@posting(limit=20)
def push_renew(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The browser has put another subscription in the place of its old one."""
    try:
        subscription = subscription_of(request.POST.get("subscription", ""))
    except BadSubscription as error:
        return refused("bad_subscription", str(error), 422)
    old = request.POST.get("old", "")
    if not renew_browser(
        workspace_id=workspace.pk, old_endpoint=old, subscription=subscription, now=timezone.now()
    ):
        raise Http404
    return JsonResponse({"new": False})


@posting(limit=20)
def push_leave(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """This browser wants no more pushes; who knows its endpoint is that browser."""
    leave_by_browser(workspace_id=workspace.pk, endpoint=request.POST.get("endpoint", ""))
    return HttpResponse(status=204)


def public_key_of(workspace: Workspace) -> str:
    """The key that browsers subscribe with; empty while the workspace has none."""
    account = ChannelAccount.objects.filter(workspace=workspace, channel=Channel.WEB_PUSH).first()
    return str(account.settings.get("public_key", "")) if account else ""


def uses_our_key(told: str, workspace: Workspace) -> bool:
    """Whether a subscription was made with the key of today; browsers spell it in either alphabet of base64."""
    return told.rstrip("=").replace("+", "-").replace("/", "_") == public_key_of(workspace)


def topics_of(workspace: Workspace, asked: str) -> list[Category]:
    """The topics named, or all of the workspace's; a name that is none is left out."""
    slugs = [slug for slug in asked.replace(",", " ").replace("\x00", "").split() if slug]
    topics = Category.objects.filter(workspace=workspace, archived_at=None)
    return list(topics.filter(slug__in=slugs) if slugs else topics)


def subscription_of(text: str) -> Subscription:
    """What `JSON.stringify(subscription)` gave. Raises BadSubscription."""
    try:
        told: Any = json.loads(text[:4_000])
        keys = told["keys"]
        return Subscription(
            endpoint=str(told["endpoint"]), p256dh=str(keys["p256dh"]), auth=str(keys["auth"])
        )
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, BadSubscription):
            raise
        raise BadSubscription("It is no subscription of a browser as JSON.") from error


def refused(code: str, detail: str, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)
