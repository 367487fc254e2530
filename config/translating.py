"""Bring the German catalogue in step with what the code says: `python -m config.translating` (`make translations`).

Reads every text that Python and templates have translated, adds what is new to `locale/de/LC_MESSAGES/django.po`
without a translation, drops what nobody says any more, and compiles django.mo beside it. Names what still lacks its
German and then ends with 1. Needs no GNU gettext: Babel reads Python, and Django turns templates into Python.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parent.parent
WRITTEN = PROJECT / "locale" / "de" / "LC_MESSAGES" / "django.po"
COMPILED = WRITTEN.with_suffix(".mo")
APPS = ("config", "engagement", "journeys", "reviews", "nudges")
# Which arguments of a call are texts; "c" marks the one that is a context.
CALLS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|</?[a-z-]+>|<a [^>]+>")
Text = str | tuple[str, str]
Key = tuple[str | None, Text]


def main() -> int:
    """Read, merge, write and compile; 1 while a text has no German."""
    catalogue = merged(written(), texts())
    with WRITTEN.open("wb") as file:
        write_po(file, catalogue, width=0, sort_output=True, no_location=True)
    COMPILED.write_bytes(compiled(catalogue))
    missing = [message for message in catalogue if message.id and not is_translated(message)]
    for message in missing:
        print(f"no German: {message.id!r}")
    return 1 if missing else 0


def texts() -> set[Key]:
    """Every text that the code has translated, as (context, text); of a plural both forms.

    A text that is also the singular of a plural is left out: gettext finds its translation there.
    """
    found = set(in_python()) | set(in_templates())
    singulars = {(context, text[0]) for context, text in found if isinstance(text, tuple)}
    return found - singulars


def in_python() -> Iterator[Key]:
    for app in APPS:
        for module in (PROJECT / app).rglob("*.py"):
            yield from in_source(module.read_bytes())


def in_templates() -> Iterator[Key]:
    for page in (PROJECT / "templates").rglob("*.*"):
        # Parentheses, because what Django makes of a template is indented as the template was.
        yield from in_source(f"(\n{templatize(page.read_text(), origin=page.name)}\n)".encode())


def in_source(source: bytes) -> Iterator[Key]:
    for _line, text, _comments, context in extract("python", io.BytesIO(source), keywords=CALLS):
        yield context, text if isinstance(text, str) else (text[0], text[1])


def written() -> Catalog:
    """The catalogue as it stands in the repository."""
    with WRITTEN.open("rb") as file:
        return read_po(file, locale="de")


def merged(known: Catalog, asked: set[Key]) -> Catalog:
    """A catalogue of exactly `asked`, with the translations of `known` and its head."""
    catalogue = Catalog(locale="de", header_comment=known.header_comment, fuzzy=False)
    catalogue.mime_headers = known.mime_headers
    for context, text in asked:
        found = known.get(text, context)
        catalogue.add(text, found.string if found else None, context=context)
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """The binary form that Django reads."""
    target = io.BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def is_translated(message: Message) -> bool:
    return bool(message.string) and all(forms(message.string or ""))


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """A text, or the singular and plural of one."""
    return [text] if isinstance(text, str) else list(text)


def placeholders(text: str) -> list[str]:
    """What a translation must carry over as it is: places for values, marks of HTML."""
    return sorted(PLACEHOLDER.findall(text))


if __name__ == "__main__":
    sys.exit(main())
