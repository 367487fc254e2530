"""The customer's situation, in one place: on the shop's pages, and as a page of their own that needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils import timezone, translation

from engagement.embed.doors import hosted, posting, private, reading_language, render
from engagement.embed.readers import keeper_of, reader_of
from engagement.models import Customer, Product, Workspace
from engagement.signing import BadToken
from journeys.links import SITUATION, SITUATION_FOR, customer_of_link
from journeys.models import Need
from journeys.noting import BadSituation, consent_wording, note_situation
from journeys.questions import need_for
from journeys.situations import Asked, asked_of, known_situation, situation_of, situations_of

PREFIX = "a."
ASKED_BY = "s."  # before an attribute, where reviews and fit are asked for


@posting(limit=120)
def situation_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`need` (slug) says which questions; answers come as `a.<key>` together with `told=1` and are kept."""
    need = find_need(workspace, request.POST.get("need", ""))
    now = timezone.now()
    is_told = request.POST.get("told") == "1"
    customer = keeper_of(reader_of(request, workspace, now=now), workspace, now=now if is_told else None)
    language = reading_language(request, workspace)
    if not need.context_attributes or (is_told and customer is None):
        raise Http404
    problems: dict[str, str] = {}
    if is_told and customer is not None:
        problems = take(request.POST, customer, need, language, source="embed")
    answers = situation_of(customer, need) if customer else {}
    context = form_context(need, shown(request.POST if problems else None, need, answers), problems, language)
    context |= {"is_saved": is_told and not problems, "may_keep": customer is not None or is_named(request)}
    return render(
        "journeys/embed/_situation.html", context, language=language, status=422 if problems else 200
    )


@posting(limit=120)
def known(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """What the reader told of the situation behind a `product`, as a query of what reviews and fit are asked by.

    Reviews come from where caches keep them, so they are asked by coarse answers and not by whose they are.
    """
    customer = keeper_of(reader_of(request, workspace, now=timezone.now()), workspace)
    product = Product.objects.filter(workspace=workspace, sku=request.POST.get("product", "")[:200]).first()
    need = need_for(product) if product is not None else None
    if customer is None or need is None:
        return HttpResponse(content_type="text/plain")
    situation = known_situation(customer=customer, topic=need.slug)
    told = urlencode({f"{ASKED_BY}{key}": answer for key, answer in situation.items()}, doseq=True)
    return HttpResponse(told, content_type="text/plain")


@hosted("GET", "POST", limit=30)
def situation_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """All needs that ask something, with what this customer told; a POST changes one of them."""
    language = reading_language(request, workspace)
    try:
        customer = customer_of_link(SITUATION, token, workspace=workspace, max_age=SITUATION_FOR)
    except BadToken as error:
        if not error.expired:
            raise Http404 from error
        expired = render(
            "journeys/embed/expired.html", {"workspace": workspace}, language=language, status=410
        )
        return private(expired)
    if not request.GET.get("lang") and customer.locale:
        language = speakable(customer.locale) or language
    problems: dict[str, str] = {}
    if request.method == "POST":
        need = find_need(workspace, request.POST.get("need", ""))
        problems = take(request.POST, customer, need, language, source="situation_page")
        if not problems:
            done = f"{request.path}?done={need.slug}&lang={language}#{need.slug}"
            return private(HttpResponseRedirect(done, status=303))
    forms = [
        form_context(
            need,
            shown(request.POST, need, {}) if is_this(request, need) and problems else asked,
            problems if is_this(request, need) else {},
            language,
        )
        | {"is_saved": request.GET.get("done") == need.slug, "may_keep": True}
        for need, asked in situations_of(customer)
    ]
    context = {"workspace": workspace, "forms": forms, "sub": "h2"}
    page = render(
        "journeys/embed/situation.html", context, language=language, status=422 if problems else 200
    )
    return private(page)


def find_need(workspace: Workspace, slug: str) -> Need:
    """The active need with this slug, or 404."""
    need = Need.objects.filter(workspace=workspace, slug=slug[:60], is_active=True).first()
    if need is None:
        raise Http404
    return need


def take(data: QueryDict, customer: Customer, need: Need, language: str, *, source: str) -> dict[str, str]:
    """Keep what was told; what was wrong with it, by field."""
    with translation.override(language):
        try:
            note_situation(
                customer=customer,
                need=need,
                answers=typed(data, need),
                agreed=data.get("agreed") == "1",
                source=source,
                now=timezone.now(),
            )
        except BadSituation as bad:
            return bad.problems
    return {}


def typed(data: QueryDict, need: Need) -> dict[str, Any]:
    """The answers as they were sent: lists for questions that take several."""
    return {
        row["key"]: data.getlist(PREFIX + row["key"])
        if row.get("kind") == "set"
        else data.get(PREFIX + row["key"], "")
        for row in need.context_attributes
    }


def shown(data: QueryDict | None, need: Need, answers: Mapping[str, Any]) -> list[Asked]:
    """The questions with what is known, or with what was just typed."""
    return asked_of(need, typed(data, need) if data is not None else answers)


def form_context(
    need: Need, asked: list[Asked], problems: Mapping[str, str], language: str
) -> dict[str, Any]:
    with translation.override(language):
        consent = consent_wording(need) if any(one.is_sensitive for one in asked) else ""
    return {
        "need": need,
        "questions": [
            {"asked": one, "name": PREFIX + one.key, "problem": problems.get(one.key, "")} for one in asked
        ],
        "consent": consent,
        "problem": problems.get("agreed", ""),
        "prefix": PREFIX,
    }


def is_this(request: HttpRequest, need: Need) -> bool:
    return request.method == "POST" and request.POST.get("need") == need.slug


def is_named(request: HttpRequest) -> bool:
    """Somebody who could keep something: a token, or an id of the browser."""
    return bool(request.POST.get("anonymous_id") or request.POST.get("token"))


def speakable(locale: str) -> str:
    try:
        return translation.get_supported_language_variant(locale[:16].lower().replace("_", "-"))
    except LookupError:
        return ""
