"""Surveys: an element on the shop's pages, and a page by a link of a message that needs no script."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone, translation

from engagement.embed.doors import hosted, posting, private, reading_language, render
from engagement.embed.readers import keeper_of, reader_of
from engagement.models import Customer, Workspace
from engagement.signing import BadToken
from journeys.embed.situations import is_named, speakable
from journeys.links import SURVEY, SURVEY_FOR, customer_of_link
from journeys.models import Survey, SurveyKind
from journeys.surveys.answering import (
    AnsweredAlready,
    BadAnswers,
    NotAsked,
    answer_survey,
    find_open,
    has_answered,
    is_asked,
)
from journeys.surveys.items import expected_scores, follow_up_of, items_of, scale_of


@posting(limit=60)
def survey_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`survey` (short name); with `answer=1` an answer. Shown only to whom it asks and who has not answered yet."""
    now, is_answer = timezone.now(), request.POST.get("answer") == "1"
    survey = find_open(workspace, request.POST.get("survey", ""), now=now)
    if survey is None or not is_named(request):
        raise Http404
    customer = keeper_of(reader_of(request, workspace, now=now), workspace, now=now if is_answer else None)
    language = reading_language(request, workspace)
    if not is_asked(survey, customer, now=now) or (is_answer and customer is None):
        raise Http404
    context = {"action": f"{reverse('journeys_embed:survey_fragment')}?lang={language}"}
    if customer is not None and is_answer:
        problems = take(request.POST, survey, customer, language, collected_by="element")
        if problems is None:
            return render("journeys/embed/_survey_thanks.html", {"survey": survey}, language=language)
        context |= form_context(survey, workspace, language, request.POST, problems)
        return render("journeys/embed/_survey.html", context, language=language, status=422)
    if customer is not None and has_answered(survey, customer):
        raise Http404
    context |= form_context(survey, workspace, language, QueryDict(), {})
    return render("journeys/embed/_survey.html", context, language=language)


@hosted("GET", "POST", limit=20)
def survey_page(request: HttpRequest, workspace: Workspace, slug: str, token: str) -> HttpResponse:
    """The survey for the customer whom the link names. GET shows, also with `score` from a mail; POST answers."""
    language, now = reading_language(request, workspace), timezone.now()
    try:
        customer = customer_of_link(SURVEY, token, workspace=workspace, max_age=SURVEY_FOR)
    except BadToken as error:
        if not error.expired:
            raise Http404 from error
        return ended(workspace, language)
    if not request.GET.get("lang") and customer.locale:
        language = speakable(customer.locale) or language
    if not Survey.objects.filter(workspace=workspace, slug=slug, round__gt=0).exists():
        raise Http404
    survey = find_open(workspace, slug, now=now)
    if survey is None:
        return ended(workspace, language)
    context: dict[str, Any] = {"workspace": workspace, "survey": survey, "level": "h1"}
    if request.GET.get("done") == "1" or has_answered(survey, customer):
        return private(render("journeys/embed/survey_thanks.html", context, language=language))
    problems: dict[str, str] | None = {}
    if request.method == "POST":
        problems = take(request.POST, survey, customer, language, collected_by="link")
        if problems is None:
            return private(HttpResponseRedirect(f"{request.path}?done=1&lang={language}", status=303))
    typed = request.POST if request.method == "POST" else first_score(request)
    context |= form_context(survey, workspace, language, typed, problems)
    page = render("journeys/embed/survey.html", context, language=language, status=422 if problems else 200)
    return private(page)


def ended(workspace: Workspace, language: str) -> HttpResponse:
    return private(
        render("journeys/embed/expired.html", {"workspace": workspace}, language=language, status=410)
    )


def first_score(request: HttpRequest) -> QueryDict:
    """A figure pressed in a message: chosen in the form, kept only when the form is sent."""
    chosen = QueryDict(mutable=True)
    if request.GET.get("score"):
        chosen["score.0"] = request.GET["score"]
    return chosen


def take(
    data: QueryDict, survey: Survey, customer: Customer, language: str, *, collected_by: str
) -> dict[str, str] | None:
    """Keep an answer; None when it stands (also from before), else what was wrong with it by field."""
    with translation.override(language):
        try:
            answer_survey(
                survey=survey,
                customer=customer,
                scores=[
                    figure(data.get(f"score.{place}", "")) for place in range(expected_scores(survey.kind))
                ],
                comment=data.get("comment", ""),
                language=language,
                collected_by=collected_by,
                now=timezone.now(),
            )
        except BadAnswers as bad:
            return bad.problems
        except AnsweredAlready:
            return None
        except NotAsked as error:
            raise Http404 from error
    return None


def figure(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else None


def form_context(
    survey: Survey, workspace: Workspace, language: str, data: QueryDict, problems: dict[str, str] | None
) -> dict[str, Any]:
    wrong = problems or {}
    with translation.override(language):
        scale = scale_of(survey.kind)
        items = [
            {
                "name": f"score.{place}",
                "text": text,
                "problem": wrong.get(f"score.{place}", ""),
                "points": [
                    (point, data.get(f"score.{place}", "") == str(point)) for point in (scale.points if scale else [])
                ],
            }
            for place, text in enumerate(items_of(survey, shop=workspace.name))
        ]  # fmt: skip
        follow_up = follow_up_of(survey)
    return {
        "survey": survey,
        "items": items,
        "scale": scale,
        "follow_up": follow_up,
        "is_open_only": survey.kind == SurveyKind.OPEN,
        "comment": data.get("comment", ""),
        "problems": wrong,
    }
