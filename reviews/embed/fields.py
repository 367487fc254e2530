"""Fields in which a person says something about their situation: as sent, and as shown again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.http import QueryDict

from engagement.questions import Attribute
from reviews.situations import kind_of, number_in

LONGEST_ANSWER = 200


class Choice(NamedTuple):
    """One entry of a field where a reader chooses."""

    value: str
    label: str
    is_chosen: bool


class AnswerField(NamedTuple):
    """One attribute as a field; `value` is what was typed, for numbers."""

    attribute: Attribute
    kind: str
    name: str
    choices: list[Choice]
    value: Any
    problem: str


def read_situation(data: QueryDict, prefix: str, attributes: Iterable[Attribute]) -> dict[str, Any]:
    """What was answered, bounded but not yet checked; what was left open is left out."""
    situation: dict[str, Any] = {}
    for attribute in attributes:
        given = [text[:LONGEST_ANSWER] for text in data.getlist(prefix + attribute.key) if text.strip()]
        if not given:
            continue
        match kind_of(attribute):
            case "set":
                situation[attribute.key] = list(dict.fromkeys(given))
            case "numeric":
                situation[attribute.key] = number_in(given[-1].strip())
            case _:
                situation[attribute.key] = given[-1]
    return situation


def answer_fields(
    attributes: Iterable[Attribute],
    situation: Mapping[str, Any],
    prefix: str,
    problems: Mapping[str, str] | None = None,
) -> list[AnswerField]:
    """A field for each attribute, with the answers given so far."""
    return [
        AnswerField(
            attribute,
            kind_of(attribute),
            prefix + attribute.key,
            [
                Choice(option, option, _is_chosen(option, situation.get(attribute.key)))
                for option in attribute.options
            ],
            situation.get(attribute.key, ""),
            (problems or {}).get(prefix + attribute.key, ""),
        )
        for attribute in attributes
    ]


def situation_query(situation: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    """The answers as a query, one pair for each."""
    return [
        (prefix + key, str(one))
        for key, answer in situation.items()
        for one in (answer if isinstance(answer, list) else [answer])
    ]


def _is_chosen(option: str, answer: Any) -> bool:
    return option in answer if isinstance(answer, list) else option == answer
