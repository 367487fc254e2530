"""The German of guides, shortlists and surveys: compiled as written, with every placeholder, and missing nothing."""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "journeys" / "locale" / "de" / "LC_MESSAGES"
ELSEWHERE = ROOT / "nudges" / "locale" / "de" / "LC_MESSAGES"


def written(folder: Path = FOLDER) -> Catalog:
    with (folder / "django.po").open("rb") as file:
        return read_po(file, locale="de")


def test_the_compiled_file_is_the_written_one() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, written())
    compiled.seek(0)
    with (FOLDER / "django.mo").open("rb") as file:
        kept = {str(m.id): m.string for m in read_mo(file) if m.id}
    assert {str(m.id): m.string for m in read_mo(compiled) if m.id} == kept


def test_every_placeholder_is_in_its_translation() -> None:
    for message in written():
        if isinstance(message.id, str):
            assert holes(message.id) == holes(str(message.string)), message.id


def test_every_sentence_of_the_customers_pages_is_there() -> None:
    catalogues = [written(), written(ELSEWHERE)]
    known = {m.id if isinstance(m.id, str) else m.id[0] for catalogue in catalogues for m in catalogue}
    sentences = {
        sentence
        for folder in ("journeys/embed", "engagement/embed")
        for page in (ROOT / "templates" / folder).iterdir()
        for sentence in re.findall(r'{% translate "([^"]+)" %}', page.read_text())
    }
    assert len(sentences) > 30
    assert sentences - known == set()


def holes(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))
