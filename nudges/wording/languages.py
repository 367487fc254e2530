"""Which of the languages that there are comes nearest to those that are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def nearest(by_language: Mapping[str, T], wanted: Sequence[str]) -> T | None:
    """What there is in the first of the wanted languages, or in its base (de for de-AT). None when in none of them."""
    known = {_tag(language): one for language, one in reversed(list(by_language.items()))}
    return next((known[tag] for tag in _with_bases(wanted) if tag in known), None)


def _tag(language: str) -> str:
    return language.lower().replace("_", "-")


def _with_bases(languages: Iterable[str]) -> list[str]:
    tags = [_tag(language) for language in languages]
    return [form for tag in tags for form in dict.fromkeys((tag, tag.partition("-")[0]))]
