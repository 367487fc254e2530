"""The links of a message: each signed for one purpose, expiring, and naming one message or one customer.

Whoever holds a link may act for the customer it names, and for nothing else: the token is the credential. So links go
only to the customer, are never stored, and a page opened by one never tells another page where it came from.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from django.conf import settings
from django.urls import reverse

from engagement.models import Customer
from engagement.signing import BadToken, sign, unsign
from nudges.models import ReplyKind

REPLY = "reply"
UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"
INBOX = "inbox"
REPLIES = tuple(ReplyKind.values)
PLACE = "~"  # stands for the token in a path

MAX_AGE = {
    REPLY: timedelta(days=60),
    UNSUBSCRIBE: timedelta(days=180),
    PREFERENCES: timedelta(days=180),
    INBOX: timedelta(days=180),
}


def reply_urls(message_id: int) -> dict[str, str]:
    """Where a customer answers one message, by kind of reply."""
    return replies_at(answer_url(message_id))


def replies_at(answer: str) -> dict[str, str]:
    """The same, from the address of the page of all four."""
    return {kind: f"{answer}{kind}/" for kind in REPLIES}


def answer_url(message_id: int) -> str:
    """The page of one message's four answers; each is given at this address + its kind + "/"."""
    return _url("answer", token=sign(REPLY, {"m": message_id}))


def unsubscribe_url(message_id: int) -> str:
    """Where a customer leaves the message's category, by RFC 8058 also in one click."""
    return _url("unsubscribe", token=sign(UNSUBSCRIBE, {"m": message_id}))


def preferences_url(customer: Customer) -> str:
    """A customer's own page: what they get, what was held back, what is known about them."""
    return _url("preferences", token=sign(PREFERENCES, {"c": customer.pk, "w": customer.workspace_id}))


def inbox_url(customer: Customer) -> str:
    """A customer's inbox as a page."""
    return _url("inbox", token=sign(INBOX, {"c": customer.pk, "w": customer.workspace_id}))


def message_named(purpose: str, token: str) -> int:
    """The id of the message that a link names; raises BadToken, `expired` when it was ours once."""
    message_id = unsign(purpose, token, max_age=MAX_AGE[purpose]).get("m")
    if not isinstance(message_id, int):
        raise BadToken
    return message_id


def customer_named(purpose: str, token: str) -> tuple[int, int]:
    """The ids of the workspace and the customer that a link names; raises BadToken."""
    payload = unsign(purpose, token, max_age=MAX_AGE[purpose])
    workspace_id, customer_id = payload.get("w"), payload.get("c")
    if not isinstance(workspace_id, int) or not isinstance(customer_id, int):
        raise BadToken
    return workspace_id, customer_id


def _url(name: str, *, token: str, **kwargs: str) -> str:
    return settings.BASE_URL + _path(name, **kwargs).replace(PLACE, token)


@cache
def _path(name: str, **kwargs: str) -> str:
    """The path of a page with a sign where its token stands: working it out for each link took longer than signing."""
    return reverse(f"messages:{name}", kwargs={"token": PLACE, **kwargs})
