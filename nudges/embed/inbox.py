"""The on-site inbox: a page by our own link, and what `<touchstone-inbox>` on the shop's pages asks for.

Who the customer is on the shop's pages, its own server says (`elements`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from engagement.models import Customer
from nudges.embed.doors import customer_of, languages, message_page, show
from nudges.embed.elements import for_element
from nudges.inboxes import inbox_of, unread_count
from nudges.links import INBOX, preferences_url, reply_urls
from nudges.models import Message, ReplyKind
from nudges.reading import archive_message, read_message, snooze_message

ACTIONS = {"read": read_message, "archive": archive_message}
# The days for which a message can be put away with one click: until tomorrow, next week, next month.
SNOOZES = (1, 7, 30)


@message_page("GET", "HEAD")
def inbox(request: HttpRequest, token: str) -> HttpResponse:
    """The customer's inbox as a page."""
    customer = customer_of(INBOX, token)
    context = {
        "workspace": customer.workspace,
        "token": token,
        "entries": _entries(inbox_of(customer, now=timezone.now())),
        "snoozes": SNOOZES,
        "preferences": preferences_url(customer),
    }
    return show("inbox", context, language=languages(customer, customer.workspace))


@message_page("POST")
def act(request: HttpRequest, token: str, message_id: int, action: str) -> HttpResponse:
    """Mark a message as read, or put it away, for good or for some days."""
    _act(customer_of(INBOX, token), message_id, action, request.POST)
    return HttpResponseRedirect(reverse("messages:inbox", kwargs={"token": token}), status=303)


@message_page("GET", "HEAD", "OPTIONS")
@for_element
def element_messages(request: HttpRequest, customer: Customer) -> HttpResponse:
    """What the inbox holds, as JSON; `html` is sanitised."""
    now = timezone.now()
    return JsonResponse(
        {
            "unread": unread_count(customer, now=now),
            "messages": [
                {
                    "id": message.pk,
                    "subject": message.subject,
                    "html": message.html,
                    "text": message.text,
                    "category": message.category.name,
                    "at": message.decided_at,
                    "read": message.read_at is not None,
                    "replies": {kind.value: url for kind, url in replies},
                }
                for message, replies in _entries(inbox_of(customer, now=now))
            ],
        }
    )


@message_page("GET", "HEAD", "OPTIONS")
@for_element
def element_fragment(request: HttpRequest, customer: Customer) -> HttpResponse:
    """The same as finished HTML, to be set into the element."""
    now = timezone.now()
    language = languages(customer, customer.workspace).partition("-")[0]
    context = {
        "entries": _entries(inbox_of(customer, now=now)),
        "unread": unread_count(customer, now=now),
        "snoozes": SNOOZES,
    }
    with translation.override(language if translation.check_for_language(language) else "en"):
        return HttpResponse(render_to_string("nudges/embed/_inbox.html", context))


@message_page("POST", "OPTIONS")
@for_element
def element_act(request: HttpRequest, customer: Customer, message_id: int, action: str) -> HttpResponse:
    """Mark a message as read, or put it away, for good or for some days."""
    _act(customer, message_id, action, request.POST)
    return JsonResponse({"unread": unread_count(customer, now=timezone.now())})


@message_page("GET", "HEAD", "OPTIONS")
@for_element
def element_unread(request: HttpRequest, customer: Customer) -> HttpResponse:
    """How many messages wait unread: what a badge shows."""
    return JsonResponse({"unread": unread_count(customer, now=timezone.now())})


def _act(customer: Customer, message_id: int, action: str, told: Mapping[str, str]) -> None:
    now = timezone.now()
    if action == "snooze":
        done = snooze_message(customer=customer, message_id=message_id, until=_until(told, now), now=now)
    else:
        done = action in ACTIONS and ACTIONS[action](customer=customer, message_id=message_id, now=now)
    if not done:
        raise Http404


def _until(told: Mapping[str, str], now: datetime) -> datetime:
    days = told.get("days", "")
    if days not in {str(number) for number in SNOOZES}:
        raise Http404
    return now + timedelta(days=int(days))


def _entries(messages: Iterable[Message]) -> list[tuple[Message, list[tuple[ReplyKind, str]]]]:
    return [
        (message, [(ReplyKind(kind), url) for kind, url in reply_urls(message.pk).items()])
        for message in messages
    ]
