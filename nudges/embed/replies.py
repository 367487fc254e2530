"""The reply page: what an answer would do, then the answer, then its undoing. And the page of all four answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation

from nudges.embed.doors import languages, message_of, message_page, show, speakable
from nudges.hearing import BadReply, hear_reply, undo_reply, what_changed
from nudges.links import REPLY, preferences_url, reply_urls
from nudges.models import Message, Reply, ReplyKind

WAITS = [7, 30, 90]


@message_page("GET", "HEAD")
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The message and its four answers, for where there was no room for them: a small notification, an SMS."""
    message = message_of(REPLY, token)
    replies = [(ReplyKind(kind), url) for kind, url in reply_urls(message.pk).items()]
    return show("answer", {**_frame(message, token), "replies": replies}, language=_language(message))


@message_page("GET", "HEAD", "POST")
def reply(request: HttpRequest, token: str, kind: str) -> HttpResponse:
    """GET shows what the reply would do; POST gives it and says in one sentence what changed.

    A worker in the shop's origin, which has asked for JSON, gets the sentence alone.
    """
    message = message_of(REPLY, token)
    if kind not in ReplyKind.values:
        raise Http404
    if request.method != "POST":
        return _show_form(message, token, kind)
    try:
        heard = hear_reply(
            message_id=message.pk, kind=kind, detail=_detail(request, message), now=timezone.now()
        )
    except BadReply as error:
        return _show_form(message, token, kind, error=error, given=request.POST.dict())
    if request.headers.get("Accept") == "application/json":
        return _tell_worker(request, message, heard)
    return _show_result(message, token, heard)


@message_page("POST")
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take a reply to this message back."""
    message = message_of(REPLY, token)
    number = request.POST.get("reply", "")
    standing = (
        Reply.objects.filter(message=message, pk=int(number)) if number.isdecimal() else Reply.objects.none()
    )
    if not standing.exists():
        raise Http404
    return _show_result(message, token, undo_reply(reply_id=int(number), now=timezone.now()))


def _show_form(
    message: Message,
    token: str,
    kind: str,
    *,
    error: BadReply | None = None,
    given: dict[str, Any] | None = None,
) -> HttpResponse:
    now = timezone.now()
    need = message.customer_need.need if message.customer_need else None
    context = {
        **_frame(message, token),
        "kind": ReplyKind(kind),
        "kinds": ReplyKind,
        "need": need,
        "questions": need.context_attributes if need else [],
        "waits": [(days, (now + timedelta(days=days)).date()) for days in WAITS],
        "first_day": (now + timedelta(days=1)).date(),
        "last_day": (now + timedelta(days=365)).date(),
        "error": error,
        "given": given or {},
    }
    return show("reply", context, language=_language(message), status=400 if error else 200)


def _show_result(message: Message, token: str, heard: Reply) -> HttpResponse:
    context = {**_frame(message, token), "reply": heard, "result": lambda: what_changed(heard)}
    return show("replied", context, language=_language(message))


def _tell_worker(request: HttpRequest, message: Message, heard: Reply) -> HttpResponse:
    with translation.override(speakable(_language(message))):
        told = JsonResponse({"changed": what_changed(heard)})
    origin = request.headers.get("Origin", "")
    if origin in message.workspace.allowed_origins:
        told.headers["Access-Control-Allow-Origin"] = origin
    told.headers["Vary"] = "Origin"
    return told


def _frame(message: Message, token: str) -> dict[str, Any]:
    customer = message.customer.merged_into or message.customer
    return {
        "workspace": message.workspace,
        "message": message,
        "token": token,
        "preferences": preferences_url(customer),
    }


def _language(message: Message) -> str:
    return languages(message.customer, message.workspace)


def _detail(request: HttpRequest, message: Message) -> dict[str, Any]:
    posted = request.POST
    facts = {
        name.removeprefix("fact-"): value
        for name, value in posted.items()
        if name.startswith("fact-") and value
    }
    # A date of one's own is what was typed last, so it goes before the ready-made ones.
    until = posted.get("until_date") or posted.get("until")
    return {"until": until, "choice": posted.get("choice"), "facts": facts, "text": posted.get("text")}
