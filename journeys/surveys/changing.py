"""What a company tries because of what people answered: noted beside the survey, and taken away again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import record
from journeys.models import Survey, SurveyChange
from journeys.surveys.asking import BadSurvey

MOST = 50  # of one survey


@transaction.atomic
def note_change(*, survey: Survey, values: Mapping[str, Any], actor: User, now: datetime) -> SurveyChange:
    """Keep what was tried: `what`, `since` (a date), and if told the `theme` and the `url` of its test.

    The same once more changes nothing. Raises BadSurvey.
    """
    survey = Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)
    if problems := check_change(survey, values):
        raise BadSurvey(problems)
    change, is_new = SurveyChange.objects.get_or_create(
        survey=survey,
        theme=values.get("theme", ""),
        what=values["what"],
        since=values["since"],
        defaults={"workspace": survey.workspace, "url": values.get("url", ""), "created_at": now},
    )
    if is_new:
        _record(survey, {"tried": change.what, "theme": change.theme}, actor, now)
    return change


@transaction.atomic
def forget_change(*, change: SurveyChange, actor: User, now: datetime) -> None:
    """Take it off the survey's page."""
    _record(change.survey, {"not_tried": change.what, "theme": change.theme}, actor, now)
    change.delete()


def check_change(survey: Survey, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with it, by field. A link leads to the web or to a page of ours."""
    problems = {}
    if not values.get("what", "").strip():
        problems["what"] = _("Must not be empty.")
    if (url := values.get("url", "")) and not is_link(url):
        problems["url"] = _("Must be an address that begins with https:// or http://, or a page's path.")
    if survey.changes.count() >= MOST:
        problems["what"] = _("At most %(most)s; take one away first.") % {"most": MOST}
    return problems


def is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_page = url.startswith("/") and not url.startswith(("//", "/\\"))
    return is_page or (parts.scheme in ("http", "https") and bool(parts.netloc))


def _record(survey: Survey, detail: dict[str, str], actor: User, now: datetime) -> None:
    record(
        workspace=survey.workspace,
        actor=actor,
        action="change_survey",
        target=survey,
        detail=detail,
        now=now,
    )
