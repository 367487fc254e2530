"""The e-mail round a message: the reason for it, the four replies, preferences, unsubscribing, the postal address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import css_inline
from django.template.loader import render_to_string

from engagement.models import Customer
from nudges.links import preferences_url, reply_url, unsubscribe_url
from nudges.models import ReplyKind

# Never fetches: a template that names a remote style sheet must not make the server call it.
_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)


class Links(NamedTuple):
    """The signed links of one message: replies by kind, the preference page, unsubscribing."""

    replies: Mapping[str, str]
    preferences: str
    unsubscribe: str


def links_of(message_id: int, customer: Customer) -> Links:
    """The links of one message to one customer."""
    return Links(
        replies={kind: reply_url(message_id, kind) for kind in ReplyKind.values},
        preferences=preferences_url(customer),
        unsubscribe=unsubscribe_url(message_id),
    )


def preview_links() -> Links:
    """Links that lead nowhere: a preview must not hand out the customer's own."""
    return Links(replies=dict.fromkeys(ReplyKind.values, "#"), preferences="#", unsubscribe="#")


def letter_html(body: str, frame: Mapping[str, Any]) -> str:
    """The whole HTML part; `body` is sanitised HTML. Styles are set on the elements, as mail readers want them."""
    html = render_to_string("nudges/letter/letter.html", {**frame, "body": body, "replies": _replies(frame)})
    return _inliner.inline(html)


def letter_text(body: str, frame: Mapping[str, Any]) -> str:
    """The whole plain-text part."""
    return render_to_string("nudges/letter/letter.txt", {**frame, "body": body, "replies": _replies(frame)})


def _replies(frame: Mapping[str, Any]) -> list[tuple[str, str]]:
    links: Links = frame["links"]
    return [(str(ReplyKind(kind).label), url) for kind, url in links.replies.items()]
