"""How a message is laid out: its words, and for e-mail the letter round them: the reason for it, the four replies,
preferences, unsubscribing, the postal address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import Any, NamedTuple

import css_inline
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.models import Customer
from nudges.links import answer_url, preferences_url, replies_at, unsubscribe_url
from nudges.models import ReplyKind
from nudges.wording.blocks import Marked
from nudges.wording.components import as_markdown, as_mjml
from nudges.wording.layouts import AS_HTML, AS_TEXT, OF_LETTER, Pieces, cut, mark
from nudges.wording.markdown import to_html, to_text
from nudges.wording.mjml import compile_mjml
from nudges.wording.occasions import Occasion, why
from nudges.wording.texts import text_message

SUBJECT, LINK, LINK_LABEL, PREFERENCES, UNSUBSCRIBE, PRODUCTS, DAY, FIRST_REPLY = range(8)
LONGEST_SUBJECT = 200


class Links(NamedTuple):
    """The signed links of one message: replies by kind, preferences, unsubscribing, the page of all four replies."""

    replies: Mapping[str, str]
    preferences: str
    unsubscribe: str
    answer: str = "#"


def links_of(message_id: int, customer: Customer) -> Links:
    """The links of one message to one customer."""
    answer = answer_url(message_id)
    return Links(
        replies=replies_at(answer),
        preferences=preferences_url(customer),
        unsubscribe=unsubscribe_url(message_id),
        answer=answer,
    )


def preview_links() -> Links:
    """Links that lead nowhere: a preview must not hand out the customer's own."""
    return Links(replies=dict.fromkeys(ReplyKind.values, "#"), preferences="#", unsubscribe="#")


class Shape(NamedTuple):
    """All that a layout depends on: the words with marks for values, and what the letter says about the occasion.

    The words are Markdown (`source`) or blocks.
    """

    subject: str
    source: str
    blocks: tuple[Marked, ...]
    is_letter: bool
    language: str
    has_link: bool
    has_label: bool
    promise: str
    need: str
    stage: str
    category: str
    shop: str
    postal_address: str
    event: str = ""  # what started it, where it is about products


class Letter(NamedTuple):
    """What one customer gets: `text` and `html` as they go out, `body_text` and `body_html` without the letter."""

    subject: str
    text: str
    html: str
    body_text: str
    body_html: str


class Layout(NamedTuple):
    """The same in pieces, for everybody of a shape."""

    subject: Pieces
    text: Pieces
    html: Pieces
    body_text: Pieces
    body_html: Pieces

    def filled(
        self,
        given: Sequence[str],
        *,
        link: str,
        link_label: str,
        links: Links,
        occasion: Occasion | None = None,
    ) -> Letter:
        """The letter to one customer; `given` are the values of the words."""
        _event, products, day = occasion or ("", "", "")
        own = [
            "",
            link,
            link_label,
            links.preferences,
            links.unsubscribe,
            products,
            day,
            *links.replies.values(),
        ]
        values = [*own, *[""] * (OF_LETTER - len(own)), *given]
        values[SUBJECT] = subject = self.subject.filled(values, values, AS_TEXT)[:LONGEST_SUBJECT].strip()
        escaped = [escape(value) if value else "" for value in values]
        body_text = self.body_text.filled(values, values, AS_TEXT)
        body_html = self.body_html.filled(values, escaped, AS_HTML)
        if self.text is self.body_text:
            return Letter(subject, body_text, body_html, body_text, body_html)
        return Letter(
            subject,
            self.text.filled(values, values, AS_TEXT),
            self.html.filled(values, escaped, AS_HTML),
            body_text,
            body_html,
        )


@lru_cache(maxsize=256)
def laid_out(shape: Shape) -> Layout:
    """The layout of a shape; it costs milliseconds, so it is kept. Raises BadWording where MJML cannot be read."""
    with translation.override(interface_language(shape.language)):
        source = as_markdown(shape.blocks) if shape.blocks else shape.source
        text, html = to_text(source), to_html(source)
        subject, body_text, body_html = cut(shape.subject), cut(text), cut(html)
        if not shape.is_letter:
            return Layout(subject, body_text, body_html, body_text, body_html)
        frame = _frame(shape)
        return Layout(
            subject,
            cut(render_to_string("nudges/letter/letter.txt", {**frame, "body": text})),
            cut(_whole_letter(shape, {**frame, "body": html})),
            body_text,
            body_html,
        )


def _whole_letter(shape: Shape, frame: dict[str, Any]) -> str:
    if not shape.blocks:
        return _inliner("nudges/letter/letter.css").inline(
            render_to_string("nudges/letter/letter.html", frame)
        )
    sections = {"sections": as_mjml(shape.blocks)}
    letter = compile_mjml(render_to_string("nudges/letter/letter.mjml", frame | sections))
    return _inliner("nudges/letter/blocks.css").inline(letter)


def as_text(letter: Letter, *, link: str, language: str) -> Letter:
    """The letter as an SMS; what is kept is what goes out, because nothing in it is signed."""
    with translation.override(interface_language(language)):
        text = text_message(letter.body_text, link=link, language=language)
    return letter._replace(text=text, html=letter.body_html, body_text=text)


def _frame(shape: Shape) -> dict[str, Any]:
    replies = [(str(kind.label), mark(FIRST_REPLY + place)) for place, kind in enumerate(ReplyKind)]
    return {
        "subject": mark(SUBJECT),
        "language": shape.language,
        "link": mark(LINK) if shape.has_link else "",
        "link_label": mark(LINK_LABEL) if shape.has_label else _("Read more"),
        "why": why(
            promise=shape.promise,
            need=shape.need,
            stage=shape.stage,
            category=shape.category,
            shop=shape.shop,
            occasion=Occasion(shape.event, mark(PRODUCTS), mark(DAY)) if shape.event else None,
        ),
        "links": Links({}, preferences=mark(PREFERENCES), unsubscribe=mark(UNSUBSCRIBE)),
        "replies": replies,
        "shop": shape.shop,
        "postal_address": shape.postal_address,
    }


def interface_language(language: str) -> str:
    """The language of our own sentences: the content's, where we speak it."""
    base = language.lower().partition("-")[0].partition("_")[0]
    return base if translation.check_for_language(base) else "en"


@cache
def _inliner(styles: str) -> css_inline.CSSInliner:
    """Sets these styles on the elements; what media queries hold stays where it is. Never fetches anything."""
    return css_inline.CSSInliner(
        load_remote_stylesheets=False,
        keep_style_tags=True,
        inline_style_tags=False,
        extra_css=render_to_string(styles),
    )
