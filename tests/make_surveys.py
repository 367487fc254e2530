"""Surveys and answers, by the functions that the doors use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from engagement.models import Customer, Workspace
from journeys.models import Survey, SurveyAnswer, SurveyChange
from journeys.surveys.answering import answer_survey
from journeys.surveys.asking import open_survey, save_survey
from tests import make
from tests.make import NOW

_serial = count(1)


def survey(workspace: Workspace, *, opened: bool = True, **values: Any) -> Survey:
    given = {"name": f"Survey {next(_serial)}", "kind": "nps"} | values
    made = save_survey(workspace=workspace, values=given, actor=None, now=NOW)
    return open_survey(survey=made, actor=None, now=NOW) if opened else made


def answer(
    survey: Survey,
    *scores: int,
    comment: str = "",
    customer: Customer | None = None,
    at: datetime = NOW,
) -> SurveyAnswer:
    return answer_survey(
        survey=survey,
        customer=customer or make.customer(survey.workspace),
        scores=scores,
        comment=comment,
        collected_by="element",
        now=at,
    )


def answers(survey: Survey, scores: Sequence[int], at: datetime = NOW) -> None:
    for score in scores:
        answer(survey, score, at=at)


def change(survey: Survey, **values: Any) -> SurveyChange:
    given = {"workspace": survey.workspace, "what": "Half sizes", "since": NOW.date(), "created_at": NOW}
    return SurveyChange.objects.create(survey=survey, **given | values)
