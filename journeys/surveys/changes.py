"""Reads: what was tried because of a survey's answers, with what people answered before it and since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from journeys.models import Survey, SurveyChange
from journeys.surveys.results import MOST_READ, Figure, figures_of
from journeys.surveys.scores import LEAST, Score, share
from journeys.surveys.themes import themed

SPAN = timedelta(days=90)  # looked at before and since


class Side(NamedTuple):
    """What people said in one of the two spans. `figure` and `named` (how many of those who wrote named the theme) are
    None where too few answered, or where there is no figure or theme."""

    n: int
    figure: Figure | None
    named: Score | None


class Tried(NamedTuple):
    """One change, and both spans; it proves nothing: other things changed as well."""

    change: SurveyChange
    before: Side
    since: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.before, self.since


class Answered(NamedTuple):
    scores: list[int]
    comment: str
    at: datetime


def tried(survey: Survey) -> list[Tried]:
    """The newest change first; two queries, however many answered. None if nothing was tried."""
    changes = list(survey.changes.all())
    if not changes:
        return []
    rows = survey.answers.order_by("-at", "-id").values_list("scores", "comment", "at")[:MOST_READ]
    answers = [Answered(*row) for row in rows]
    return [_tried(survey, change, answers) for change in changes]


def _tried(survey: Survey, change: SurveyChange, answers: Sequence[Answered]) -> Tried:
    day = datetime(change.since.year, change.since.month, change.since.day)  # noqa: DTZ001 - made aware below
    begun = timezone.make_aware(day)
    before = [one for one in answers if begun - SPAN <= one.at < begun]
    since = [one for one in answers if begun <= one.at < begun + SPAN]
    theme = theme_of(survey, change.theme)
    return Tried(change, _side(survey.kind, theme, before), _side(survey.kind, theme, since))


def theme_of(survey: Survey, name: str) -> dict[str, Any]:
    """A theme of the marketer's, or the term that answers share; empty for none."""
    own = [theme for theme in survey.themes if theme["name"] == name]
    return own[0] if own else {"name": name, "terms": [name]} if name else {}


def _side(kind: str, theme: dict[str, Any], answers: Sequence[Answered]) -> Side:
    figures = figures_of(kind, [one.scores for one in answers]) if len(answers) >= LEAST else []
    texts = [one.comment for one in answers if one.comment]
    named = share(themed(texts, [theme])[0].count, len(texts)) if theme and len(texts) >= LEAST else None
    return Side(len(answers), figures[0] if figures else None, named)
