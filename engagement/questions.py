"""What is asked about a person's situation, as one floor hands it to another.

Reviews ask about the need that a product is for, but know nothing of needs: `settings.QUESTIONS_FOR` names the
function of the floor above that finds the questions of a product.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from engagement.models import Customer, Product


class Attribute(NamedTuple):
    """One thing asked about a situation; `purpose` says in a sentence why.

    `kind` is ordinal, nominal, set or numeric; empty: nominal when there are options, else numeric. What is
    `is_sensitive` (health, body) is kept only with consent of its own.
    """

    key: str
    label: str
    purpose: str
    options: tuple[str, ...]
    kind: str = ""
    is_sensitive: bool = False


class Questions(NamedTuple):
    """Of one topic (a need's slug): the situation, and how well something fitted it, worst or smallest first."""

    topic: str = ""
    name: str = ""
    attributes: tuple[Attribute, ...] = ()
    fit_question: str = ""
    fit_options: tuple[str, ...] = ()


def questions_for(product: Product) -> Questions:
    """The questions that belong to a product; empty ones when nothing is asked."""
    return _finder()(product)


def questions_about(*, workspace_id: int, topics: Collection[str]) -> dict[str, Questions]:
    """The questions of topics, by slug; a topic that is not there any more is left out."""
    read = import_string(settings.QUESTIONS_ABOUT)
    found: dict[str, Questions] = read(workspace_id=workspace_id, topics=topics)
    return found


def known_situation(*, customer: Customer, topic: str) -> dict[str, Any]:
    """{attribute: answer} that a customer told of the situation behind a topic, as it is asked now.

    Without what is sensitive: that was told for one purpose, and is asked again for another.
    """
    read = import_string(settings.KNOWN_SITUATION)
    found: dict[str, Any] = read(customer=customer, topic=topic)
    return found


def what_matters(*, workspace_id: int, topic: str) -> list[tuple[str, str, float]]:
    """(key, label, gain) of a topic's attributes, those that change most how things fit first; empty: not learned.

    The gain is what knowing the answer improves a forecast of the fit by, in nats.
    """
    read = import_string(settings.WHAT_MATTERS)
    return [(one.key, one.label, one.gain) for one in read(workspace_id=workspace_id, need=topic)]


def fits_beside(
    *, products: Sequence[Product], situation: Mapping[str, Any], topic: str, reader_key: str
) -> dict[int, Any]:
    """How each product fitted people in this situation, by product id.

    A figure has `shares`, each with `option`, `share`, `low`, `high`; where there is none, `lack` says why.
    """
    read = import_string(settings.FITS_BESIDE)
    found: dict[int, Any] = read(products=products, situation=situation, need=topic, reader_key=reader_key)
    return found


@cache
def _finder() -> Callable[[Product], Questions]:
    found: Callable[[Product], Questions] = import_string(settings.QUESTIONS_FOR)
    return found
