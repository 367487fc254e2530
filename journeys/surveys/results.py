"""Reads: what a survey's answers say, by round and over time; nothing where too few answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from journeys.models import Survey, SurveyAnswer, SurveyKind
from journeys.surveys.items import dimensions, scale_of
from journeys.surveys.scores import LEAST, Score, alpha, csat, distribution, mean, nps
from journeys.surveys.themes import Group, groups_of, themed

# The newest answers of a round are what is read; a figure hardly moves beyond so many.
MOST_READ = 20_000
MOST_WORDS = 3_000


class Figure(NamedTuple):
    """A headline figure: its name, the score, and how it is written."""

    name: str
    score: Score
    unit: str
    alpha: float | None = None


@dataclass(frozen=True)
class Bar:
    """One point of the scale: how many gave it, its share, and how it counts: good, plain or bad."""

    point: int
    count: int
    share: float
    mood: str


class Period(NamedTuple):
    """A month, or a round, with its headline figure; None where too few answered."""

    name: str
    n: int
    figure: Figure | None


class Results(NamedTuple):
    n: int
    is_hidden: bool
    figures: list[Figure]
    bars: list[Bar]
    rounds: list[Period]
    months: list[Period]
    words: int
    themes: list[Group]
    groups: list[Group]


def results_of(survey: Survey, *, number: int | None = None) -> Results:
    """The figures of one round (default: the current), the trend over all; three queries."""
    rows = read_answers(survey)
    chosen = number or survey.round
    answers = [row for row in rows if row.round == chosen]
    is_hidden = len(answers) < LEAST
    texts = read_words(survey, chosen) if not is_hidden else []
    has_words = len(texts) >= LEAST
    return Results(
        n=len(answers),
        is_hidden=is_hidden,
        figures=[] if is_hidden else figures_of(survey.kind, [row.scores for row in answers]),
        bars=[] if is_hidden else bars_of(survey.kind, [row.scores for row in answers]),
        rounds=periods(survey.kind, [(_("Round %(n)s") % {"n": row.round}, row) for row in rows]),
        months=periods(survey.kind, [(month_of(row.at), row) for row in rows]),
        words=len(texts),
        themes=themed(texts, survey.themes) if has_words else [],
        groups=groups_of(texts) if has_words else [],
    )


class Row(NamedTuple):
    round: int
    scores: list[int]
    at: datetime


def read_answers(survey: Survey) -> list[Row]:
    """All rounds' answers, oldest first."""
    newest = survey.answers.order_by("-at", "-id").values_list("round", "scores", "at")[:MOST_READ]
    return [Row(*row) for row in reversed(newest)]


def read_words(survey: Survey, number: int) -> list[str]:
    found = SurveyAnswer.objects.filter(survey=survey, round=number).exclude(comment="")
    return list(found.order_by("-at", "-id").values_list("comment", flat=True)[:MOST_WORDS])


def figures_of(kind: str, rows: Sequence[Sequence[int]]) -> list[Figure]:
    """What is said first about so many answers; at least two of them."""
    match kind:
        case SurveyKind.NPS:
            return [Figure(_("Net Promoter Score"), nps([row[0] for row in rows]), "points")]
        case SurveyKind.CSAT:
            return [Figure(_("Satisfied (4 or 5 of 5)"), csat([row[0] for row in rows]), "share")]
        case SurveyKind.CES:
            return [Figure(_("Ease, of 7"), mean([row[0] for row in rows]), "mean")]
        case SurveyKind.ENGAGEMENT:
            overall = Figure(
                _("Engagement, of 7"), mean([sum(row) / len(row) for row in rows]), "mean", alpha(rows)
            )
            return [overall, *(_dimension(one.name, rows, one.places) for one in dimensions())]
    return []


def _dimension(name: str, rows: Sequence[Sequence[int]], places: range) -> Figure:
    part = [[row[place] for place in places] for row in rows]
    return Figure(name, mean([sum(row) / len(row) for row in part]), "mean", alpha(part))


def bars_of(kind: str, rows: Sequence[Sequence[int]]) -> list[Bar]:
    """How many gave each figure; of the engagement scale the rounded means."""
    scale = scale_of(kind)
    if scale is None:
        return []
    figures = [round_half_up(sum(row) / len(row)) for row in rows]
    counted = distribution(figures, scale.points)
    return [Bar(point, n, n / len(rows), mood_of(kind, point)) for point, n in counted]


def round_half_up(value: float) -> int:
    return int(value + 0.5)


def mood_of(kind: str, point: int) -> str:
    """How a figure counts in the score of its kind."""
    good, bad = {SurveyKind.NPS: (9, 6), SurveyKind.CSAT: (4, 2)}.get(SurveyKind(kind), (5, 3))
    return "good" if point >= good else "bad" if point <= bad else "plain"


def periods(kind: str, rows: Sequence[tuple[str, Row]]) -> list[Period]:
    """The headline figure of each period in the order in which the periods come."""
    by_name: dict[str, list[Sequence[int]]] = {}
    for name, row in rows:
        by_name.setdefault(name, []).append(row.scores)
    found = []
    for name, scores in by_name.items():
        figures = figures_of(kind, scores) if len(scores) >= LEAST else []
        found.append(Period(name, len(scores), figures[0] if figures else None))
    return found


def month_of(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m")
