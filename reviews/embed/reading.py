"""Reviews of a product: on the shop's pages, and as a page of their own; and how it fitted people like the reader."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from engagement.embed.doors import fragment, hosted, reading_language, render, script_of
from engagement.embed.remembering import remembered
from engagement.models import Product, Workspace
from engagement.questions import Questions, questions_for
from reviews.embed.collected import how_collected
from reviews.embed.fields import answer_fields, read_situation, situation_query
from reviews.embed.fitted import fit_context
from reviews.embed.linked import linked_data
from reviews.embed.writing import find_product
from reviews.fits import Reading, read_fit
from reviews.links import page_url, writing_url
from reviews.models import Review
from reviews.photos import attach_photos
from reviews.ranking import ORDERS, BadCursor, list_reviews
from reviews.situations import in_words, usable_answers
from reviews.summaries import rating_summary

ORDER_NAMES = {"recent": _("Most recent"), "helpful": _("Most helpful"), "similar": _("People like me first")}
PAGE_SIZE = 8
MOST_NAMED = 200  # reviews that stand in the reader's own order; the others follow, newest first
BUCKETS = 1000  # of readers, for the holdout: too few to tell anybody by
ME = "s."  # before an attribute of the reader's situation


def version_of(request: HttpRequest, workspace: Workspace, sku: str = "") -> str:
    """Of a product's pages: another one as soon as anything in its reviews changed; empty without such a product."""
    found = Product.objects.filter(workspace=workspace, sku=(sku or request.GET.get("product", ""))[:200])
    row = found.values_list("pk", "updated_at", "tally__version").first()
    return ":".join(map(str, row)) if row else ""


@fragment
@remembered(version_of)
def list_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`product` (SKU), `order`, `cursor`, `lang`, and the reader's situation as `s.<attribute>`.

    With a `cursor`, only the reviews that follow: they are put below the others.
    """
    product = find_product(workspace, request.GET.get("product", ""))
    template = "_page" if request.GET.get("cursor") else "_reviews"
    return show(request, product, template, {"sub": "h3"})


@hosted("GET")
@remembered(version_of)
def list_page(request: HttpRequest, workspace: Workspace, sku: str) -> HttpResponse:
    product = find_product(workspace, sku)
    more = {"workspace": workspace, "level": "h1", "sub": "h2", **script_of(workspace)}
    return show(request, product, "reviews", more)


@fragment
def fit_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`product` and the reader's situation as `s.<attribute>`: how it fitted people like them, and nothing else."""
    product = find_product(workspace, request.GET.get("product", ""))
    questions = questions_for(product)
    if not questions.fit_options or not questions.attributes:
        raise Http404
    situation = told_situation(request, questions)
    reading = read_fit(product=product, situation=situation, reader_key=bucket_of(request))
    language = reading_language(request, workspace)
    context = shared_context(product, questions, situation, language) | fit_context(product, reading, [])
    context |= {"fit_path": reverse("reviews_embed:fit_fragment"), "sub": "h3"}
    return render("reviews/embed/_fit_alone.html", context, language=language)


def show(request: HttpRequest, product: Product, template: str, more: dict[str, Any]) -> HttpResponse:
    questions = questions_for(product)
    situation = told_situation(request, questions)
    order = request.GET.get("order") or ("similar" if situation else "recent")
    reading = None
    if situation and questions.fit_options:
        reading = read_fit(
            product=product, situation=situation, reader_key=bucket_of(request), limit=MOST_NAMED
        )
    try:
        page = list_reviews(
            product,
            order=order,
            cursor=request.GET.get("cursor", ""),
            situation=situation,
            nearest=[carrier.review_id for carrier in reading.nearest] if reading else [],
            limit=PAGE_SIZE,
        )
    except (BadCursor, ValueError) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    describe(page.reviews, product, questions, reading)
    attach_photos(page.reviews)
    language = reading_language(request, product.workspace)
    summary = rating_summary(product)
    context = shared_context(product, questions, situation, language) | {
        "reviews": page.reviews,
        "next_query": query_of(product, order, situation, language, page.next_cursor)
        if page.next_cursor
        else "",
        "orders": orders(product, order, situation, language),
        "order": order,
        "summary": summary,
        "fits": summary.fit_bands(questions.fit_options),
        "linked": linked_data(request, product, summary, page.reviews),
        "vote_path": reverse("reviews_embed:vote"),
        **(fit_context(product, reading, page.reviews) if reading and not request.GET.get("cursor") else {}),
    }
    return render(f"reviews/embed/{template}.html", context | more, language=language)


def shared_context(
    product: Product, questions: Questions, situation: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """What the list and the figure alone both show."""
    return {
        "product": product,
        "questions": questions,
        "situation": answer_fields(questions.attributes, situation, ME),
        "is_told": bool(situation),
        "page_url": page_url(product),
        "similar_url": f"{page_url(product)}?{query_of(product, 'similar', situation, language)}",
        "writing_url": writing_url(product, language=language),
        "list_path": reverse("reviews_embed:list_fragment"),
        "base_url": settings.BASE_URL,
        "form_path": f"{reverse('reviews_embed:form_fragment')}?{urlencode({'product': product.sku})}",
    }


def describe(reviews: list[Review], product: Product, questions: Questions, reading: Reading | None) -> None:
    """Note on each review what its author's situation is in words, and what they have in common with the reader."""
    carriers = {carrier.review_id: carrier for carrier in reading.nearest} if reading else {}
    for review in reviews:
        review.product = product  # so that showing them asks no more
        review.chips = in_words(review.situation, questions.attributes)  # type: ignore[attr-defined]
        review.carrier = carriers.get(review.pk)  # type: ignore[attr-defined]
        # Called where it is shown, so that it speaks the page's language.
        review.collected = partial(how_collected, review)  # type: ignore[attr-defined]


def told_situation(request: HttpRequest, questions: Questions) -> dict[str, Any]:
    """What the reader said of themselves, as far as it is asked here."""
    return usable_answers(read_situation(request.GET, ME, questions.attributes), questions.attributes)


def bucket_of(request: HttpRequest) -> str:
    """Which of a thousand groups the reader's browser puts itself into, after consent; empty: unknown."""
    bucket = request.GET.get("reader", "")
    is_one = bucket.isascii() and bucket.isdecimal() and len(bucket) <= 4 and int(bucket) < BUCKETS
    return bucket if is_one else ""


def orders(product: Product, order: str, situation: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Every order with the query that asks for it; what the reader told stays told."""
    shown = [name for name in ORDERS if name != "similar" or situation]
    return [
        {
            "name": ORDER_NAMES[name],
            "query": query_of(product, name, situation, language),
            "is_chosen": name == order,
        }
        for name in shown
    ]


def query_of(
    product: Product, order: str, situation: Mapping[str, Any], language: str, cursor: str = ""
) -> str:
    query = [("product", product.sku), ("order", order), ("lang", language)]
    query += [*situation_query(situation, ME), ("cursor", cursor)]
    return urlencode([(name, value) for name, value in query if value])
