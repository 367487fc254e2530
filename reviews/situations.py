"""Answers about a situation, {attribute: answer}: an option, several of them, or a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from engagement.questions import Attribute

LARGEST = 1e9


def kind_of(attribute: Attribute) -> str:
    """ordinal, nominal, set or numeric, also where the need was written without a kind."""
    return attribute.kind or ("nominal" if attribute.options else "numeric")


def wrong_answers(situation: Mapping[str, Any], attributes: Iterable[Attribute]) -> Iterator[tuple[str, str]]:
    """(attribute, what to do) for each answer that is not one of those asked for."""
    asked = {attribute.key: attribute for attribute in attributes}
    for key, answer in situation.items():
        if key not in asked:
            yield key, _("Is not asked here.")
        elif not _is_usable(answer, asked[key]):
            yield key, _remedy(asked[key])


def usable_answers(situation: Mapping[str, Any], attributes: Iterable[Attribute]) -> dict[str, Any]:
    """Those that are answers to what is asked; the others are left out."""
    asked = {attribute.key: attribute for attribute in attributes}
    return {
        key: answer for key, answer in situation.items() if key in asked and _is_usable(answer, asked[key])
    }


def in_words(situation: Mapping[str, Any], attributes: Iterable[Attribute]) -> list[str]:
    """Short texts to show, such as "wide"; a number with what it is of."""
    labels = {attribute.key: attribute.label for attribute in attributes}
    words: list[str] = []
    for key, answer in situation.items():
        if isinstance(answer, list | tuple):
            words += map(str, answer)
        elif isinstance(answer, int | float):
            words.append(f"{labels.get(key, key)}: {number_format(answer)}")
        else:
            words.append(str(answer))
    return words


def number_in(text: str) -> float | str:
    """The number that was typed, also with a decimal comma; a text that is none stays as it is."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    return int(number) if isfinite(number) and number == int(number) else number


def _is_usable(answer: Any, attribute: Attribute) -> bool:
    match kind_of(attribute):
        case "numeric":
            is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
            return is_number and isfinite(answer) and abs(answer) <= LARGEST
        case "set":
            chosen = answer if isinstance(answer, list | tuple) else [answer]
            return bool(chosen) and len(chosen) <= len(attribute.options) and _among(chosen, attribute)
        case _:
            return _among([answer], attribute)


def _among(chosen: Iterable[Any], attribute: Attribute) -> bool:
    return all(isinstance(one, str) and one in attribute.options for one in chosen)


def _remedy(attribute: Attribute) -> str:
    known = {"known": ", ".join(attribute.options)}
    match kind_of(attribute):
        case "numeric":
            return _("Give a number.")
        case "set":
            return _("Choose some of: %(known)s.") % known
        case _:
            return _("Choose one of: %(known)s.") % known
