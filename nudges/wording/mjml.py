"""MJML, the markup of e-mails: checked strictly, because its compiler lets unknown tags pass, then compiled.

Nothing is fetched or read from disk: tags that include or run something are not among those that may be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from html import unescape
from typing import Any
from xml.parsers import expat

import mjml
import nh3
from django.utils.translation import gettext as _

from nudges.wording.layouts import mark_address
from nudges.wording.placeholders import BadWording

# What may stand where. "" is the letter itself.
INSIDE: dict[str, set[str]] = {
    "mj-wrapper": {""},
    "mj-section": {"", "mj-wrapper"},
    "mj-hero": {"", "mj-wrapper"},
    "mj-group": {"mj-section"},
    "mj-column": {"mj-section", "mj-group"},
} | {
    tag: {"mj-column", "mj-hero"}
    for tag in ("mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table")
}
# Their content is HTML, which is sanitised; no tag of MJML can be in it.
WORDED = re.compile(r"(<(mj-text|mj-button|mj-table)\b[^>]*>)(.*?)(</\2\s*>)", re.DOTALL)
PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Where in an attribute a customer's value may stand: nowhere that it could become a style.
OPEN_TO_VALUES = {"href", "src", "alt", "title", "background-url"}
ADDRESS_ATTRIBUTE = re.compile(r'\b(href|src|background-url)="([^"]*)"')
# As strict as what is made of it later relies on: each attribute in double quotes, without signs that end a tag.
STRICT = re.compile(r'<mj-[a-z-]+(?:\s+[a-z-]+="[^"<>]*")*\s*/?>')
SCHEMES = re.compile(r"(https?://|mailto:|tel:|#|\{\{|\{%)", re.IGNORECASE)
BOX = {"css-class", "padding", "padding-top", "padding-bottom", "padding-left", "padding-right"}
TYPE = {
    "align",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "letter-spacing",
    "line-height",
}
BACK = {"background-color", "background-url", "background-size", "background-repeat", "background-position"}
LINE = {"border", "border-top", "border-bottom", "border-left", "border-right", "border-radius"}
ATTRIBUTES: dict[str, set[str]] = {
    "mj-wrapper": BOX | BACK | LINE | {"full-width", "text-align"},
    "mj-section": BOX | BACK | LINE | {"full-width", "text-align", "direction"},
    "mj-hero": BOX | BACK | {"mode", "height", "width", "vertical-align", "background-height", "background-width"},
    "mj-group": {"css-class", "width", "vertical-align", "background-color", "direction"},
    "mj-column": BOX | LINE | {"width", "vertical-align", "background-color", "inner-background-color"},
    "mj-text": BOX | TYPE | {"height", "text-decoration", "text-transform", "container-background-color"},
    "mj-button": BOX | TYPE | LINE | {
        "background-color", "href", "title", "inner-padding", "width", "height", "text-align", "vertical-align",
        "container-background-color", "text-decoration", "text-transform",
    },
    "mj-image": BOX | LINE | {
        "src", "alt", "href", "title", "width", "height", "align", "fluid-on-mobile", "container-background-color",
    },
    "mj-divider": BOX | {
        "border-color", "border-style", "border-width", "width", "align", "container-background-color",
    },
    "mj-spacer": BOX | {"height", "container-background-color"},
    "mj-table": BOX | TYPE | {"border", "cellpadding", "cellspacing", "width", "table-layout"},
}  # fmt: skip
TAGS = {
    "a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p", "pre",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
KEPT = {
    "a": {"href", "title"}, "img": {"src", "alt", "title", "width", "height"}, "ol": {"start"},
    "td": {"colspan", "rowspan", "align"}, "th": {"colspan", "rowspan", "align", "scope"},
}  # fmt: skip


def lint(source: str) -> list[str]:
    """What is wrong with a marketer's MJML, each with its line and place: nothing when it can be used."""
    return list(dict.fromkeys(_Reader(source).problems()))[:20]


class _Reader:
    """Reads the markup as XML, with everything blanked that is none: placeholders, and the HTML of texts."""

    def __init__(self, source: str) -> None:
        self._source = WORDED.sub(lambda found: found[1] + _blank(found[3]) + found[4], _without(source))
        self._open: list[str] = []
        self._found: list[str] = []

    def problems(self) -> list[str]:
        for found in re.finditer("<mj-", self._source):
            if not STRICT.match(self._source, found.start()):
                before = self._source[: found.start()]
                self._found.append(
                    _at(
                        before.count("\n") + 1,
                        len(before) - before.rfind("\n") - 1 + len("<all>") * ("\n" not in before),
                        _('write attributes as name="value", without < and > in them.'),
                    )
                )
        reader = expat.ParserCreate()
        reader.buffer_text = True
        reader.StartElementHandler = lambda tag, attributes: self._start(reader, tag, attributes)
        reader.EndElementHandler = lambda tag: self._end()
        reader.StartDoctypeDeclHandler = lambda *told: self._say(reader, _("No document type, please."))
        reader.CharacterDataHandler = lambda text: self._words(reader, text)
        try:
            reader.Parse(f"<all>{self._source}</all>", True)
        except expat.ExpatError as error:
            told = {"what": expat.ErrorString(error.code)}
            self._found.append(
                _at(error.lineno, error.offset, _("the markup cannot be read: %(what)s.") % told)
            )
        return self._found

    def _say(self, reader: Any, what: str) -> None:
        self._found.append(_at(reader.CurrentLineNumber, reader.CurrentColumnNumber, what))

    def _start(self, reader: Any, tag: str, attributes: dict[str, str]) -> None:
        if not self._open:
            self._open.append("")
            return
        parent = self._open[-1]
        self._open.append(tag)
        if tag not in INSIDE:
            self._say(reader, _unknown(f"<{tag}>", tag, INSIDE))
        elif parent in INSIDE | {"": set()} and parent not in INSIDE[tag]:
            places = ", ".join(
                f"<{place}>" if place else _("the letter itself") for place in sorted(INSIDE[tag])
            )
            self._say(reader, _("<%(tag)s> stands in %(places)s only.") % {"tag": tag, "places": places})
        for name, value in attributes.items() if tag in INSIDE else ():
            if problem := _attribute_problem(tag, name, value):
                self._say(reader, problem)

    def _end(self) -> None:
        self._open.pop()

    def _words(self, reader: Any, text: str) -> None:
        if text.strip() and self._open[-1] not in ("mj-text", "mj-button", "mj-table"):
            self._say(reader, _("words stand in <mj-text>."))


def _attribute_problem(tag: str, name: str, value: str) -> str:
    if name not in ATTRIBUTES[tag]:
        return _unknown(f"{name}=…", name, ATTRIBUTES[tag])
    if FILLER in value and name not in OPEN_TO_VALUES:
        return _("a placeholder cannot stand in %(name)s.") % {"name": name}
    if (
        name in ("href", "src", "background-url")
        and not value.startswith(FILLER)
        and not SCHEMES.match(value)
    ):
        return _("write an address in %(name)s that begins with https://.") % {"name": name}
    return ""


def _unknown(shown: str, name: str, known: Any) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return _("%(tag)s is unknown; did you mean %(near)s?") % {"tag": shown, "near": near[0]}
    return _("%(tag)s is unknown; known are %(known)s.") % {"tag": shown, "known": ", ".join(sorted(known))}


def _at(line: int, place: int, what: str) -> str:
    # The first line begins behind <all>.
    column = place - len("<all>") + 1 if line == 1 else place + 1
    return _("Line %(line)s, place %(place)s: %(what)s") % {
        "line": line,
        "place": max(column, 1),
        "what": what,
    }


FILLER = "\u2022"


def _without(source: str) -> str:
    """The source with a filler for each placeholder, as long as it was, so that places stay right."""
    return PLACEHOLDER.sub(lambda found: _blank(found[0], FILLER if found[0][1] == "{" else " "), source)


def _blank(text: str, sign: str = " ") -> str:
    return re.sub(r"[^\n]", sign, text)


def made_safe(source: str) -> str:
    """Linted MJML with marks in it, ready to be compiled: HTML sanitised, marks in addresses told apart."""
    clean = WORDED.sub(lambda found: found[1] + _clean(found[3]) + found[4], source)
    return ADDRESS_ATTRIBUTE.sub(lambda found: f'{found[1]}="{mark_address(found[2])}"', clean)


def _clean(html: str) -> str:
    return nh3.clean(
        html, tags=TAGS, attributes=KEPT, url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )  # fmt: skip


def words_of(source: str) -> Iterator[tuple[str, str]]:
    """What there is to read in MJML, text by text, each with the address that it leads to or ""."""
    for found in WORDED.finditer(source):
        text = " ".join(
            unescape(nh3.clean(re.sub(r"</(p|h\d|li|tr|div)>|<br", " \\g<0>", found[3]), tags=set())).split()
        )
        href = re.search(r'\bhref="([^"]*)"', found[1]) if found[2] == "mj-button" else None
        if text:
            yield text, unescape(href[1]) if href else ""


def compile_mjml(source: str) -> str:
    """A whole <mjml> as HTML. Raises BadWording where the compiler cannot read it."""
    try:
        # Without this a font such as Roboto would be fetched from Google by everybody who opens the letter.
        return mjml.mjml2html(source, fonts={})
    except ValueError as error:
        raise BadWording(_("The letter's MJML cannot be read: %(error)s.") % {"error": error}) from error
