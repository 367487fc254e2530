"""Blocks drawn: as MJML for mail programs, and as Markdown for everything that reads words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from django.conf import settings
from django.utils.translation import gettext as _

from nudges.wording.blocks import Marked
from nudges.wording.layouts import MARKED, NOWHERE, SCHEMES, mark_address
from nudges.wording.markdown import to_html
from nudges.wording.mjml import made_safe, words_of

MEANT = re.compile(r"([\\`*_\[\]<>#&~!|])")


def as_mjml(blocks: Sequence[Marked]) -> str:
    """The blocks as sections of MJML, in their order. Run under the content's language."""
    return "\n".join(_section(dict(block)) for block in blocks)


def as_markdown(blocks: Sequence[Marked]) -> str:
    """The blocks as Markdown: for the plain-text part, for what is kept, and for channels that read words."""
    return "\n\n".join(text for block in blocks if (text := _words(dict(block))))


def _section(block: Mapping[str, str]) -> str:
    kind = block["kind"]
    if kind == "mjml":
        return made_safe(block["source"])
    if kind == "product":
        return _card(block)
    return _row(_component(kind, block))


def _row(inner: str) -> str:
    return f'<mj-section padding="0"><mj-column>{inner}</mj-column></mj-section>'


def _component(kind: str, block: Mapping[str, str]) -> str:
    match kind:
        case "heading":
            return f'<mj-text css-class="words"><h2>{escape(block["text"])}</h2></mj-text>'
        case "text":
            return f'<mj-text css-class="words">{to_html(block["markdown"])}</mj-text>'
        case "button":
            return _button(block["label"], block["url"])
        case "picture":
            return _picture(block["src"], block.get("alt", ""), block.get("url", ""))
        case "guide":
            label = block.get("label") or _("Read the guide")
            return f'<mj-text css-class="words">{_guide_words(block)}</mj-text>' + _button(
                label, block["url"]
            )
        case _:
            return '<mj-divider css-class="line" />'


def _guide_words(block: Mapping[str, str]) -> str:
    summary = f"<p>{escape(block['summary'])}</p>" if block.get("summary") else ""
    return f"<h2>{escape(block['title'])}</h2>{summary}"


def _button(label: str, url: str) -> str:
    return f'<mj-button css-class="action" href="{_address(url)}">{escape(label)}</mj-button>'


def _picture(src: str, alt: str, url: str = "", width: str = "") -> str:
    link = f' href="{_address(url)}"' if url else ""
    size = f' width="{width}"' if width else ""
    return f'<mj-image src="{_address(src)}" alt="{escape(alt)}"{link}{size} />'


def _card(block: Mapping[str, str]) -> str:
    """A product beside its picture; below it on a phone."""
    url = block.get("url", "")
    name = escape(block["name"])
    shown = f'<a href="{_address(url)}">{name}</a>' if url else name
    price = f"<br />{escape(block['price'])}" if block.get("price") else ""
    words = f'<mj-text css-class="words"><p><strong>{shown}</strong>{price}</p></mj-text>'
    if url and block.get("label"):
        words += _button(block["label"], url)
    if not block.get("image_url"):
        return _row(words)
    image = _picture(block["image_url"], block["name"], url, width="140px")
    return (
        '<mj-section padding="0"><mj-column width="34%" vertical-align="middle">' + image + "</mj-column>"
        '<mj-column width="66%" vertical-align="middle">' + words + "</mj-column></mj-section>"
    )


def _address(url: str) -> str:
    """An address for an attribute, its marks told apart; one of a kind that nobody may link to leads nowhere."""
    whole = whole_address(url)
    if not MARKED.match(whole) and not SCHEMES.match(whole):
        return NOWHERE
    return escape(mark_address(whole))


def whole_address(url: str) -> str:
    """The address of one of our own pictures as others reach it; any other stays as it is."""
    return f"{settings.BASE_URL}{url}" if url.startswith("/m/pictures/") else url


def _words(block: Mapping[str, str]) -> str:
    match block["kind"]:
        case "heading":
            return f"## {_plain(block['text'])}"
        case "text":
            return block["markdown"]
        case "button":
            return _link(block["label"], block["url"])
        case "picture":
            picture = f"![{_plain(block.get('alt', ''))}]({_dest(block['src'])})"
            return f"[{picture}]({_dest(block['url'])})" if block.get("url") else picture
        case "product":
            price = f" {_plain(block['price'])}" if block.get("price") else ""
            return f"**{_link(block['name'], block.get('url', ''))}**{price}"
        case "guide":
            summary = f"\n\n{_plain(block['summary'])}" if block.get("summary") else ""
            return f"**{_link(block['title'], block['url'])}**{summary}"
        case "mjml":
            return "\n\n".join(_link(text, href) for text, href in words_of(block["source"]))
        case _:
            return "---"


def _plain(text: str) -> str:
    """A text in which Markdown reads nothing."""
    return MEANT.sub(r"\\\1", text)


def _link(words: str, url: str) -> str:
    return f"[{_plain(words)}]({_dest(url)})" if url else _plain(words)


def _dest(url: str) -> str:
    """An address where a link of Markdown has it."""
    safe = whole_address(url).replace("<", "%3C").replace(">", "%3E").replace(" ", "%20").replace("\n", "")
    return f"<{safe}>"
