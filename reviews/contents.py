"""What an author gives: the words, the figures, the situation; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from engagement.questions import Questions
from reviews.models import ReviewKind
from reviews.situations import wrong_answers

# Written without having used the thing: a figure may be left out.
BEFORE_USE = (ReviewKind.SHORTLISTED, ReviewKind.CHOSE_OTHER)
LONGEST = {"title": 150, "body": 5000, "author_name": 80, "incentive": 120, "language": 16}
TEXTS = ("kind", "title", "body", "author_name", "language", "incentive")
LISTS = ("pros", "cons")
FIGURES = ("overall", "quality", "value", "fit")
LEAST_BODY = 10
MOST_POINTS, LONGEST_POINT = 5, 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewContent:
    """One version of a review. Figures are 1 to 5, `fit` is one of the questions' options or empty.

    `situation` is {attribute: answer} (`reviews.situations`); what the author did not want to tell is left out.
    """

    kind: str
    body: str
    author_name: str
    overall: int | None = None
    quality: int | None = None
    value: int | None = None
    fit: str = ""
    title: str = ""
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()
    situation: dict[str, Any] = field(default_factory=dict)
    language: str = "en"
    incentive: str = ""

    def words(self) -> dict[str, Any]:
        """As kept in a version: all but the figures, which are kept apart from them."""
        texts = {name: getattr(self, name).strip() for name in TEXTS}
        lists = {name: [point.strip() for point in getattr(self, name) if point.strip()] for name in LISTS}
        return texts | lists | {"situation": dict(self.situation)}

    def figures(self) -> dict[str, Any]:
        """What it rates, as kept in a version."""
        return {name: getattr(self, name) for name in FIGURES}


class BadReview(Exception):
    """`problems` are {field: what to do}."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in problems.items()))
        self.problems = problems


def check_content(content: ReviewContent, questions: Questions) -> dict[str, str]:
    """Everything wrong with it, by field, one message each; empty when it can be taken."""
    problems: dict[str, str] = {}
    for step in (_wrong_texts(content), _wrong_characters(content), _wrong_figures(content)):
        problems = dict(step) | problems
    for name, message in _wrong_situation(content, questions):
        problems.setdefault(name, message)
    return problems


def _wrong_texts(content: ReviewContent) -> Iterator[tuple[str, str]]:
    if content.kind not in ReviewKind.values:
        yield "kind", _("Choose when you are writing: %(known)s.") % {"known": ", ".join(ReviewKind.values)}
    if not content.author_name.strip():
        yield "author_name", _("Tell a name to show; a first name or a nickname will do.")
    elif "@" in content.author_name:
        yield "author_name", _("Your name will be public; don't put an e-mail address there.")
    if len(content.body.strip()) < LEAST_BODY:
        yield "body", _("Write at least one sentence.")
    for name, most in LONGEST.items():
        if len(getattr(content, name)) > most:
            yield name, _("At most %(most)s characters.") % {"most": most}


def _wrong_characters(content: ReviewContent) -> Iterator[tuple[str, str]]:
    for name in ("title", "body", "author_name", "incentive"):
        if "\x00" in getattr(content, name):
            yield name, _("Contains a character that cannot be kept.")
    for name in ("pros", "cons"):
        points = getattr(content, name)
        if len(points) > MOST_POINTS or any(
            len(point) > LONGEST_POINT or "\x00" in point for point in points
        ):
            most = {"most": MOST_POINTS, "length": LONGEST_POINT}
            yield name, _("At most %(most)s points of %(length)s characters each.") % most


def _wrong_figures(content: ReviewContent) -> Iterator[tuple[str, str]]:
    if content.overall is None and content.kind not in BEFORE_USE:
        yield "overall", _("Choose one to five stars.")
    if content.overall is None and (content.quality or content.value):
        yield "overall", _("Choose one to five stars as well.")
    for name in ("overall", "quality", "value"):
        figure = getattr(content, name)
        if figure is not None and not (type(figure) is int and 1 <= figure <= 5):
            yield name, _("Choose a whole number from 1 to 5.")


def _wrong_situation(content: ReviewContent, questions: Questions) -> Iterator[tuple[str, str]]:
    if content.fit and content.fit not in questions.fit_options:
        known = ", ".join(questions.fit_options)
        yield "fit", _("Choose one of: %(known)s.") % {"known": known} if known else _("Is not asked here.")
    for key, message in wrong_answers(content.situation, questions.attributes):
        yield f"situation.{key}", message
