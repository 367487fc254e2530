"""A customer's answer: taken once a round, and told on their timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.conditions import ConditionError, customers_matching
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Workspace
from engagement.people.finding import living_customers
from engagement.people.locks import lock_customers
from journeys.models import Survey, SurveyAnswer, SurveyStatus
from journeys.surveys.items import expected_scores, scale_of

LONGEST = 2000


class BadAnswers(ValueError):
    """Figures or words that cannot be taken: {field: what to do}; figures are named `score.<place>`."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in problems.items()))
        self.problems = problems


class AnsweredAlready(Exception):
    """The customer has answered in this round."""


class NotAsked(Exception):
    """The survey takes no answers now."""


@transaction.atomic
def answer_survey(
    *,
    survey: Survey,
    customer: Customer,
    scores: Sequence[int | None],
    comment: str = "",
    language: str = "",
    collected_by: str,
    now: datetime,
) -> SurveyAnswer:
    """Take an answer. `scores` are in the order of the items; an open question has none.

    Raises BadAnswers, AnsweredAlready, and NotAsked when it is not open.
    """
    if customer.workspace_id != survey.workspace_id:
        raise ValueError("customer and survey belong to two workspaces")
    if not is_open(survey, now=now):
        raise NotAsked
    figures, words = checked(survey, scores, comment)
    lock_customers(workspace_id=survey.workspace_id, customer_ids=[customer.pk], now=now)
    living = living_customers(workspace_id=survey.workspace_id, customer_ids={customer.pk})[customer.pk]
    answer, is_new = SurveyAnswer.objects.get_or_create(
        survey=survey,
        round=survey.round,
        customer_id=living,
        defaults={
            "workspace_id": survey.workspace_id,
            "scores": figures,
            "comment": words,
            "language": language[:16],
            "collected_by": collected_by,
            "at": now,
        },
    )
    if not is_new:
        raise AnsweredAlready
    tell(survey, answer, now)
    return answer


def checked(survey: Survey, scores: Sequence[int | None], comment: str) -> tuple[list[int], str]:
    scale, wanted = scale_of(survey.kind), expected_scores(survey.kind)
    words = comment.replace("\x00", "").strip()
    problems = {
        f"score.{place}": _("Choose one of the figures.")
        for place in range(wanted)
        if scale is None or place >= len(scores) or scores[place] not in scale.points
    }
    if len(words) > LONGEST:
        problems["comment"] = _("At most %(most)s characters.") % {"most": LONGEST}
    if not wanted and not words:
        problems["comment"] = _("Write a word or two.")
    if problems:
        raise BadAnswers(problems)
    return [score for score in scores[:wanted] if score is not None], words


def tell(survey: Survey, answer: SurveyAnswer, now: datetime) -> None:
    properties = {"survey": survey.slug, "kind": survey.kind, "round": survey.round, "scores": answer.scores}
    if len(answer.scores) == 1:
        properties["score"] = answer.scores[0]
    if answer.comment:
        properties["comment"] = answer.comment
    event = SystemEvent(
        customer_id=answer.customer_id,
        name="Survey Answered",
        message_id=f"survey-answer:{answer.pk}",
        occurred_at=now,
        properties=properties,
    )
    record_events(workspace_id=survey.workspace_id, events=[event], now=now)


def is_open(survey: Survey, *, now: datetime) -> bool:
    return survey.status == SurveyStatus.OPEN and (survey.closes_at is None or survey.closes_at > now)


def find_open(workspace: Workspace, slug: str, *, now: datetime) -> Survey | None:
    """The survey with this short name while it takes answers."""
    survey = (
        Survey.objects.select_related("workspace", "need").filter(workspace=workspace, slug=slug[:60]).first()
    )
    return survey if survey is not None and is_open(survey, now=now) else None


def is_asked(survey: Survey, customer: Customer | None, *, now: datetime) -> bool:
    """Whether the survey's conditions fit the customer; a visitor of whom nothing is known fits no condition."""
    if not survey.conditions:
        return True
    if customer is None:
        return False
    try:
        fitting = customers_matching(survey.conditions, workspace=survey.workspace, now=now)
    except ConditionError:  # what it speaks of is gone
        return False
    return fitting.filter(pk=customer.pk).exists()


def has_answered(survey: Survey, customer: Customer) -> bool:
    return SurveyAnswer.objects.filter(survey=survey, round=survey.round, customer=customer).exists()


def open_surveys(workspace_ids: Iterable[int]) -> dict[int, list[str]]:
    """Short names of the surveys that are open, by workspace; one query."""
    found: dict[int, list[str]] = {}
    rows = Survey.objects.filter(workspace__in=list(workspace_ids), status=SurveyStatus.OPEN)
    for workspace_id, slug in rows.order_by("slug").values_list("workspace_id", "slug"):
        found.setdefault(workspace_id, []).append(slug)
    return found
