"""The links of a message: each signed for one purpose, expiring, and naming one message or one customer.

Whoever holds a link may act for the customer it names, and for nothing else: the token is the credential. So links go
only to the customer, are never stored, and a page opened by one never tells another page where it came from.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse

from engagement.models import Customer
from engagement.signing import BadToken, sign, unsign
from nudges.models import ReplyKind

REPLY = "reply"
UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"
INBOX = "inbox"
CLICK = "click"
PICTURE = "picture"
REPLIES = tuple(ReplyKind.values)
PLACE = "~"  # stands for the token in a path

MAX_AGE = {
    REPLY: timedelta(days=60),
    UNSUBSCRIBE: timedelta(days=180),
    PREFERENCES: timedelta(days=180),
    INBOX: timedelta(days=180),
    # A link in an old mail still leads to the shop; what is noted of it ends earlier (nudges.watching).
    CLICK: timedelta(days=3650),
    PICTURE: timedelta(days=180),
}


class Followed(NamedTuple):
    """What a watched link names: its message, where it leads, and whether no person can have seen it."""

    message_id: int
    link: str
    is_trap: bool


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


def watched_url(message_id: int, link: str, *, base: str, is_trap: bool = False) -> str:
    """A link of a message by way of us. The signature covers where it leads, so nobody can make it lead elsewhere."""
    payload: dict[str, Any] = {"m": message_id, "u": link} | ({"t": 1} if is_trap else {})
    return _url("watched_link", token=sign(CLICK, payload), base=base)


def picture_url(message_id: int, *, base: str) -> str:
    """The picture in a message that tells of its being opened."""
    return _url("watched_picture", token=sign(PICTURE, {"m": message_id}), base=base)


def link_named(token: str) -> Followed:
    """What a watched link names; raises BadToken."""
    payload = unsign(CLICK, token, max_age=MAX_AGE[CLICK])
    message_id, link = payload.get("m"), payload.get("u")
    if not isinstance(message_id, int) or not isinstance(link, str):
        raise BadToken
    return Followed(message_id, link, "t" in payload)


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


def _url(name: str, *, token: str, base: str = "", **kwargs: str) -> str:
    return (base or settings.BASE_URL) + _path(name, **kwargs).replace(PLACE, token)


@cache
def _path(name: str, **kwargs: str) -> str:
    """The path of a page with a sign where its token stands: working it out for each link took longer than signing."""
    return reverse(f"messages:{name}", kwargs={"token": PLACE, **kwargs})
