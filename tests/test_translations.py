"""The German catalogue: nothing lacks its German, no placeholder is lost, and what Django reads is what is written."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.utils.translation import gettext, override

from config import translating
from config.translating import COMPILED, compiled, forms, placeholders, written

REMEDY = "run `make translations` and translate what is new in locale/de/LC_MESSAGES/django.po"
CATALOGUE = written()
ALLAUTHS = Path(allauth.__file__).parent / "locale" / "de" / "LC_MESSAGES" / "django.po"
SHOWN = re.compile(r"(templates/)?(account|mfa|usersessions)/")  # the parts of it that are installed
INFORMAL = re.compile(r"\b(du|dein\w*|dir|dich|gib|wähle|versuche|bestätige|habe Geduld)\b", re.IGNORECASE)
MESSAGES: list[Message] = [message for message in CATALOGUE if message.id]


def test_every_text_of_python_and_templates_has_its_german_and_no_other_text_has() -> None:
    known = {(m.context, m.id if isinstance(m.id, str) else tuple(m.id)) for m in MESSAGES}
    asked = translating.texts()
    assert len(asked) > 2000
    assert asked - known == set(), REMEDY
    assert known - asked == set(), REMEDY


def test_nothing_is_left_untranslated_or_marked_as_guessed() -> None:
    assert [m.id for m in MESSAGES if not translating.is_translated(m) or m.fuzzy] == [], REMEDY


def test_every_placeholder_is_carried_over() -> None:
    for message in MESSAGES:
        for said, told in zip(forms(message.id), forms(message.string), strict=True):
            assert placeholders(said) == placeholders(told), said


def test_spaces_and_lines_at_the_edges_are_kept_because_sentences_are_joined_there() -> None:
    for message in MESSAGES:
        for said, told in zip(forms(message.id), forms(message.string), strict=True):
            assert (said[:1].isspace(), said[-1:].isspace()) == (told[:1].isspace(), told[-1:].isspace()), (
                said
            )


def test_the_compiled_file_is_the_written_one() -> None:
    assert COMPILED.read_bytes() == compiled(CATALOGUE), REMEDY


def test_placeholders_are_values_and_marks_not_quotes_and_arrows() -> None:
    said = "%(n)s of {most}, 95 %% in <b>bold</b> → <a href='x'>“here”</a>; Bearer <secret key>"
    assert placeholders(said) == ["%%", "%(n)s", "</a>", "</b>", "<a href='x'>", "<b>", "{most}"]


def test_who_works_here_is_called_sie_also_where_a_library_speaks() -> None:
    with ALLAUTHS.open("rb") as file:
        texts = [one.id for one in read_po(file) if any(SHOWN.match(path) for path, _line in one.locations)]
    assert len(texts) > 200
    with override("de"):
        said = {text: gettext(text) for text in texts if isinstance(text, str)}
    assert {text: german for text, german in said.items() if INFORMAL.search(german)} == {}
