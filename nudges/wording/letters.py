"""The e-mail round a message: the reason for it, the four replies, preferences, unsubscribing, the postal address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import css_inline
from django.template.loader import render_to_string

from engagement.models import Customer
from nudges.links import preferences_url, reply_urls, unsubscribe_url
from nudges.models import ReplyKind


class Links(NamedTuple):
    """The signed links of one message: replies by kind, the preference page, unsubscribing."""

    replies: Mapping[str, str]
    preferences: str
    unsubscribe: str


def links_of(message_id: int, customer: Customer) -> Links:
    """The links of one message to one customer."""
    return Links(
        replies=reply_urls(message_id),
        preferences=preferences_url(customer),
        unsubscribe=unsubscribe_url(message_id),
    )


def preview_links() -> Links:
    """Links that lead nowhere: a preview must not hand out the customer's own."""
    return Links(replies=dict.fromkeys(ReplyKind.values, "#"), preferences="#", unsubscribe="#")


def letter_html(body: str, frame: Mapping[str, Any]) -> str:
    """The whole HTML part; `body` is sanitised HTML. Styles are set on the elements, as mail readers want them."""
    html = render_to_string("nudges/letter/letter.html", {**frame, "body": body, "replies": _replies(frame)})
    return _inliner().inline(html)


def letter_text(body: str, frame: Mapping[str, Any]) -> str:
    """The whole plain-text part."""
    return render_to_string("nudges/letter/letter.txt", {**frame, "body": body, "replies": _replies(frame)})


@cache
def _inliner() -> css_inline.CSSInliner:
    """Sets the light styles on the elements and leaves the dark ones in their media query. Never fetches anything."""
    return css_inline.CSSInliner(
        load_remote_stylesheets=False,
        keep_style_tags=True,
        extra_css=render_to_string("nudges/letter/letter.css"),
    )


def _replies(frame: Mapping[str, Any]) -> list[tuple[str, str]]:
    links: Links = frame["links"]
    return [(str(ReplyKind(kind).label), url) for kind, url in links.replies.items()]
