"""What each kind of survey asks: scales with their words, in the reader's language. Pure.

nps         Reichheld 2003, "The One Number You Need to Grow": 0–10, one question
csat        satisfaction with something, 1–5
ces         Customer Effort Score 2.0 (Dixon, CEB 2013): agreement 1–7 that it was made easy
engagement  after Hollebeek, Glynn & Brodie 2014, J. Interactive Marketing 28:149–165, doi 10.1016/j.intmar.2013.12.002:
            the same three dimensions (cognitive processing 3 items, affection 4, activation 3), agreement 1–7, in words
            of our own, since those of the scale are the publisher's. So its validation does not carry over: compare
            with yourself over time, never with published figures; α says how well the items hold together
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from journeys.models import Survey, SurveyKind

ITEMS = 10


class Scale(NamedTuple):
    """The figures that can be given, and what the ends mean."""

    lowest: int
    highest: int
    worst: str
    best: str

    @property
    def points(self) -> range:
        return range(self.lowest, self.highest + 1)


class Dimension(NamedTuple):
    """Items of the engagement scale that belong together, by their places from 0."""

    key: str
    name: str
    places: range


def scale_of(kind: str) -> Scale | None:
    """The scale of a kind, or None for an open question."""
    match kind:
        case SurveyKind.NPS:
            return Scale(0, 10, _("not at all likely"), _("extremely likely"))
        case SurveyKind.CSAT:
            return Scale(1, 5, _("very dissatisfied"), _("very satisfied"))
        case SurveyKind.CES | SurveyKind.ENGAGEMENT:
            return Scale(1, 7, _("strongly disagree"), _("strongly agree"))
    return None


def items_of(survey: Survey, *, shop: str) -> list[str]:
    """The sentences that take a figure, in order; none for an open question."""
    about = survey.subject or shop
    if survey.kind == SurveyKind.ENGAGEMENT:
        return engagement_items(about)
    if survey.kind == SurveyKind.OPEN:
        return []
    if survey.question:
        return [survey.question]
    return [
        {
            SurveyKind.NPS: _("How likely are you to recommend %(about)s to a friend or colleague?"),
            SurveyKind.CSAT: _("How satisfied are you with %(about)s?"),
            SurveyKind.CES: _("%(about)s made it easy for me to handle my issue."),
        }[SurveyKind(survey.kind)]
        % {"about": about}
    ]


def engagement_items(brand: str) -> list[str]:
    """Ten items in our own words: three of thinking, four of feeling, three of doing, as in the published scale."""
    items = [
        _("Using %(brand)s sets me thinking."),
        _("My thoughts are with %(brand)s while I use it."),
        _("Using %(brand)s makes me want to know more about it."),
        _("%(brand)s puts me in a good mood."),
        _("I enjoy using %(brand)s."),
        _("%(brand)s leaves me with a good feeling."),
        _("I am glad to be one of those who use %(brand)s."),
        _("I give %(brand)s more of my time than others of its kind."),
        _("When I need something of its kind, I turn to %(brand)s first."),
        _("%(brand)s is one of the few of its kind that I keep coming back to."),
    ]
    return [item % {"brand": brand} for item in items]


def dimensions() -> list[Dimension]:
    return [
        Dimension("cognitive", _("Thinking: cognitive processing"), range(3)),
        Dimension("affection", _("Feeling: affection"), range(3, 7)),
        Dimension("activation", _("Doing: activation"), range(7, 10)),
    ]


def follow_up_of(survey: Survey) -> str:
    """The open question."""
    if survey.kind == SurveyKind.OPEN:
        return survey.question
    return survey.follow_up or _("What is the main reason?")


def expected_scores(kind: str) -> int:
    """How many figures an answer has."""
    return {SurveyKind.OPEN: 0, SurveyKind.ENGAGEMENT: ITEMS}.get(SurveyKind(kind), 1)
