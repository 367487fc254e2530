"""The German of what customers read: compiled as written, with every placeholder, and missing nothing."""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "nudges" / "locale" / "de" / "LC_MESSAGES"


def test_the_compiled_file_is_the_written_one() -> None:
    with (FOLDER / "django.po").open("rb") as file:
        written = read_po(file, locale="de")
    compiled = io.BytesIO()
    write_mo(compiled, written)
    compiled.seek(0)
    with (FOLDER / "django.mo").open("rb") as file:
        kept = read_mo(file)
    assert {str(m.id): m.string for m in read_mo(compiled) if m.id} == {
        str(m.id): m.string for m in kept if m.id
    }


def test_every_placeholder_is_in_its_translation() -> None:
    with (FOLDER / "django.po").open("rb") as file:
        for message in read_po(file, locale="de"):
            if isinstance(message.id, str):
                assert holes(message.id) == holes(str(message.string)), message.id


def test_every_sentence_of_the_customers_pages_is_there() -> None:
    with (FOLDER / "django.po").open("rb") as file:
        known = {message.id for message in read_po(file, locale="de")}
    sentences = {
        sentence
        for folder in ("nudges/embed", "nudges/letter")
        for page in (ROOT / "templates" / folder).iterdir()
        for sentence in re.findall(r'{% translate "([^"]+)" %}', page.read_text())
    }
    assert len(sentences) > 40
    assert sentences - known == set()


def holes(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))
