"""Markdown to what is sent: sanitised HTML, and plain words for readers without HTML."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from nudges.wording.layouts import mark_address

TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre", "strong", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}

_reader = MarkdownIt("commonmark", {"html": False})


def to_html(source: str) -> str:
    """Safe HTML of a Markdown text: no scripts, no styles, links that tell nothing to where they lead."""
    return nh3.clean(
        _reader.renderer.render(_read(source), _reader.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def to_text(source: str) -> str:
    """The same text for people who read plain mail: links written out, lists with dashes."""
    blocks = SyntaxTreeNode(_read(source)).children
    return "\n\n".join(text for block in blocks if (text := _block(block)))


def _read(source: str) -> list[Token]:
    """The text as tokens; marks in addresses say where in the address they are."""
    tokens = _reader.parse(source)
    for token in tokens:
        for part in token.children or ():
            for name in ("href", "src"):
                if name in part.attrs:
                    part.attrs[name] = mark_address(str(part.attrs[name]))
    return tokens


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "bullet_list" | "ordered_list":
            return "\n".join(_item(node, place, item) for place, item in enumerate(node.children, start=1))
        case "blockquote":
            inner = "\n\n".join(_block(child) for child in node.children)
            return "\n".join(f"> {line}".rstrip() for line in inner.splitlines())
        case "fence" | "code_block":
            return node.content.rstrip()
        case "hr":
            return "----"
        case "inline":
            return "".join(_inline(child) for child in node.children).strip()
        case _:
            return "\n".join(_block(child) for child in node.children)


def _item(node: SyntaxTreeNode, place: int, item: SyntaxTreeNode) -> str:
    mark = f"{place}. " if node.type == "ordered_list" else "- "
    lines = "\n".join(_block(child) for child in item.children).splitlines()
    return mark + ("\n" + " " * len(mark)).join(lines)


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline" | "text_special":
            return node.content
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return node.content
        case "link":
            words = "".join(_inline(child) for child in node.children)
            href = str(node.attrs.get("href", ""))
            return words if href in ("", words) else f"{words} ({href})"
        case _:
            return "".join(_inline(child) for child in node.children)
