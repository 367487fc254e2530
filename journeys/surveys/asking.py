"""Surveys written, opened and closed. Every change is in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.auditing import changes, record
from engagement.conditions import check_condition
from engagement.models import ApiKey, Workspace
from journeys.models import Survey, SurveyKind, SurveyStatus

FIELDS = (
    "name",
    "slug",
    "kind",
    "need",
    "subject",
    "question",
    "follow_up",
    "conditions",
    "themes",
    "closes_at",
)
# Answers to another question would not be comparable.
FIXED = ("kind", "question", "subject")
MOST_THEMES, MOST_TERMS = 20, 30


class BadSurvey(ValueError):
    """A survey that cannot be kept or opened so: {field: what to do}."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in problems.items()))
        self.problems = problems


@transaction.atomic
def save_survey(
    *,
    workspace: Workspace,
    values: Mapping[str, Any],
    survey: Survey | None = None,
    actor: User | ApiKey | None,
    now: datetime,
) -> Survey:
    """Write a survey or change one; `values` holds any of FIELDS. What was asked stays once it was opened.

    Raises BadSurvey.
    """
    is_new = survey is None
    if survey is None:
        held = Survey(workspace=workspace, created_at=now)
    else:
        held = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk, workspace=workspace)
    before = {field: getattr(held, field) for field in FIELDS} if not is_new else {}
    for field in FIELDS:
        if field in values:
            setattr(held, field, values[field])
    held.slug = held.slug or slugify(held.name)[:60]
    problems = check_survey(held)
    problems |= {
        field: _("Stays as it was asked; write another survey.")
        for field in FIXED
        if held.round and before.get(field, getattr(held, field)) != getattr(held, field)
    }
    if problems:
        raise BadSurvey(problems)
    held.save()
    record(
        workspace=workspace,
        actor=actor,
        action="create_survey" if is_new else "change_survey",
        target=held,
        detail=changes(before, {field: getattr(held, field) for field in FIELDS}),
        now=now,
    )
    return held


@transaction.atomic
def open_survey(*, survey: Survey, actor: User | ApiKey | None, now: datetime) -> Survey:
    """Begin a round: from now on whom the conditions fit may answer, once. One that is open stays as it is."""
    held = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)
    if held.status == SurveyStatus.OPEN:
        return held
    if held.closes_at is not None and held.closes_at <= now:
        raise BadSurvey({"closes_at": _("Choose a time to come, or none.")})
    held.status, held.round, held.opened_at = SurveyStatus.OPEN, held.round + 1, now
    held.save(update_fields=["status", "round", "opened_at"])
    detail = {"round": held.round}
    record(workspace=held.workspace, actor=actor, action="open_survey", target=held, detail=detail, now=now)
    return held


@transaction.atomic
def close_survey(*, survey: Survey, actor: User | ApiKey | None, now: datetime) -> Survey:
    """Take no more answers."""
    held = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)
    if held.status == SurveyStatus.OPEN:
        held.status = SurveyStatus.CLOSED
        held.save(update_fields=["status"])
        record(workspace=held.workspace, actor=actor, action="close_survey", target=held, now=now)
    return held


def check_survey(survey: Survey) -> dict[str, str]:
    """Everything wrong with it, by field."""
    problems: dict[str, str] = {}
    if not survey.name.strip():
        problems["name"] = _("Must not be empty.")
    if not survey.slug or survey.slug != slugify(survey.slug):
        problems["slug"] = _("Use small letters, figures and hyphens only.")
    elif (
        Survey.objects.filter(workspace_id=survey.workspace_id, slug=survey.slug)
        .exclude(pk=survey.pk)
        .exists()
    ):
        problems["slug"] = _("Another survey has this short name; choose another.")
    if survey.kind not in SurveyKind.values:
        problems["kind"] = _("Choose one of %(known)s.") % {"known": ", ".join(SurveyKind.values)}
    elif survey.kind == SurveyKind.OPEN and not survey.question.strip():
        problems["question"] = _("Write the question that is asked.")
    if survey.need is not None and survey.need.workspace_id != survey.workspace_id:
        problems["need"] = _("Choose a need of this workspace.")
    if wrong := check_condition(survey.conditions, workspace=survey.workspace):
        problems["conditions"] = "; ".join(f"{one.path} {one.message}".strip() for one in wrong)
    if not are_themes(survey.themes):
        most = {"themes": MOST_THEMES, "terms": MOST_TERMS}
        problems["themes"] = _("At most %(themes)s themes, each with a name and 1 to %(terms)s terms.") % most
    return problems


def are_themes(themes: Any) -> bool:
    return (
        isinstance(themes, list)
        and len(themes) <= MOST_THEMES
        and all(
            isinstance(theme, dict)
            and isinstance(theme.get("name"), str)
            and 0 < len(theme["name"].strip()) <= 80
            and isinstance(theme.get("terms"), list)
            and 0 < len(theme["terms"]) <= MOST_TERMS
            and all(isinstance(term, str) and 0 < len(term.strip()) <= 60 for term in theme["terms"])
            for theme in themes
        )
    )
