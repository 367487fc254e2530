"""The German of what readers and authors see: compiled as written, with every placeholder, and missing nothing."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "reviews" / "locale" / "de" / "LC_MESSAGES"
PAGES = ROOT / "templates" / "reviews" / "embed"
# Whose texts reach readers and authors; the rest speaks to the people of the company.
MODULES = [
    *(ROOT / "reviews" / "embed").glob("*.py"),
    *(
        ROOT / "reviews" / f"{name}.py"
        for name in ("authoring", "contents", "fits", "mails", "photographing", "situations", "talking")
    ),
]
TEXT = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CALL = re.compile(rf"\b(?:n?gettext|_)\(u?{TEXT}(?:,\s*u?{TEXT}\s*,)?")


def written():
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="de")


def asked_for() -> set[str]:
    """Every text that these pages and modules have translated; of plurals the singular."""
    found = set()
    for page in PAGES.iterdir():
        for call in CALL.finditer(templatize(page.read_text(), origin=page.name)):
            found.add(ast.literal_eval(call[1]))
    for module in MODULES:
        keywords = {"_": None, "gettext_lazy": None, "ngettext": (1, 2)}
        for _line, text, *_more in extract("python", io.BytesIO(module.read_bytes()), keywords=keywords):
            found.add(text[0] if isinstance(text, tuple) else text)
    return found


def test_the_compiled_file_is_the_written_one() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, written())
    compiled.seek(0)
    with (FOLDER / "django.mo").open("rb") as file:
        kept = read_mo(file)
    assert {str(m.id): m.string for m in read_mo(compiled) if m.id} == {
        str(m.id): m.string for m in kept if m.id
    }


def test_every_placeholder_is_in_its_translation() -> None:
    for message in written():
        for given, told in zip(texts(message.id), texts(message.string), strict=True):
            assert holes(given) == holes(told), given


def test_nothing_that_readers_or_authors_see_lacks_its_german() -> None:
    known = {texts(message.id)[0] for message in written()}
    asked = asked_for()
    assert len(asked) > 180
    assert asked - known == set()


def texts(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def holes(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))
