"""Reviews of a product: on the shop's pages, and as a page of their own. And readers' word on whether they helped."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.embed.doors import (
    absolute,
    client_address,
    fragment,
    hosted,
    posting,
    reading_language,
    render,
    script_of,
)
from engagement.embed.limits import is_first_time
from engagement.embed.readers import Reader, reader_of
from engagement.models import Product, Workspace
from engagement.questions import Questions, questions_for
from reviews.embed.linked import linked_data
from reviews.embed.writing import find_product
from reviews.links import writing_url
from reviews.models import Review
from reviews.ranking import ORDERS, BadCursor, list_reviews
from reviews.summaries import rating_summary
from reviews.voting import vote_helpful, voter_name

ORDER_NAMES = {"recent": _("Most recent"), "helpful": _("Most helpful"), "similar": _("People like me first")}
PAGE_SIZE = 8


@fragment
def list_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`product` (SKU), `order`, `cursor`, `lang`, and the reader's situation as `s.<attribute>`.

    With a `cursor`, only the reviews that follow: they are put below the others.
    """
    product = find_product(workspace, request.GET.get("product", ""))
    template = "_page" if request.GET.get("cursor") else "_reviews"
    return show(request, product, template, {"sub": "h3"})


@hosted("GET")
def list_page(request: HttpRequest, workspace: Workspace, sku: str) -> HttpResponse:
    product = find_product(workspace, sku)
    return show(
        request,
        product,
        "reviews",
        {"workspace": workspace, "level": "h1", "sub": "h2", **script_of(workspace)},
    )


def show(request: HttpRequest, product: Product, template: str, more: dict[str, Any]) -> HttpResponse:
    order = request.GET.get("order", "recent")
    questions = questions_for(product)
    situation = read_situation(request, questions)
    if order == "recent" and situation:
        order = "similar"
    try:
        page = list_reviews(
            product, order=order, cursor=request.GET.get("cursor", ""), situation=situation, limit=PAGE_SIZE
        )
    except (BadCursor, ValueError) as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    for review in page.reviews:
        review.product = product  # so that showing them asks no more
    language = reading_language(request, product.workspace)
    summary = rating_summary(product)
    context = {
        "product": product,
        "reviews": page.reviews,
        "next_query": query_of(product, order, situation, language, page.next_cursor)
        if page.next_cursor
        else "",
        "orders": orders(product, order, situation, language),
        "order": order,
        "situation": asked(questions, situation),
        "summary": summary,
        "fits": summary.fit_bands(questions.fit_options),
        "questions": questions,
        "page_url": page_url(product),
        "writing_url": writing_url(product, language=language),
        "list_path": reverse("reviews_embed:list_fragment"),
        "form_path": f"{reverse('reviews_embed:form_fragment')}?{urlencode({'product': product.sku})}",
        "vote_path": reverse("reviews_embed:vote"),
        "linked": linked_data(request, product, summary, page.reviews),
    }
    return render(f"reviews/embed/{template}.html", context | more, language=language)


@posting(limit=30)
def vote(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`review` and `helpful` (1 or 0) from the shop's page; answers with the counts to show."""
    review = take_vote(request, workspace, reader_of(request, workspace, now=timezone.now()))
    context = {"review": review, "is_voted": True, "vote_path": reverse("reviews_embed:vote")}
    return render("reviews/embed/_votes.html", context, language=reading_language(request, workspace))


@hosted("POST", limit=30)
def vote_page(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The same from the hosted page without scripts; leads back to it."""
    review = take_vote(request, workspace, Reader())
    return HttpResponseRedirect(f"{page_url(review.product)}#review-{review.pk}", status=303)


def take_vote(request: HttpRequest, workspace: Workspace, reader: Reader) -> Review:
    """Keep a reader's word, once each. Who gave no id counts once a day from one address."""
    number, helpful = request.POST.get("review", ""), request.POST.get("helpful")
    if not (number.isascii() and number.isdecimal() and len(number) < 19) or helpful not in ("0", "1"):
        raise Http404
    address = client_address(request)
    name = voter_name(
        customer_id=reader.customer.pk if reader.customer else None,
        anonymous_id=reader.anonymous_id or f"once:{timezone.now().timestamp()}:{address}",
    )
    try:
        if not reader.is_known and not is_first_time(address=address, what=f"vote:{number}"):
            return Review.objects.select_related("product__workspace").get(pk=number, workspace=workspace)
        return vote_helpful(
            workspace=workspace,
            review_id=int(number),
            voter=name,
            is_helpful=helpful == "1",
            now=timezone.now(),
        )
    except Review.DoesNotExist as error:
        raise Http404 from error


def read_situation(request: HttpRequest, questions: Questions) -> dict[str, str]:
    """What the reader said of themselves, as far as it is asked here."""
    told = {attribute.key: request.GET.get(f"s.{attribute.key}", "") for attribute in questions.attributes}
    options = {attribute.key: attribute.options for attribute in questions.attributes}
    return {key: value for key, value in told.items() if value in options[key]}


def asked(questions: Questions, situation: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"attribute": attribute, "chosen": situation.get(attribute.key, "")}
        for attribute in questions.attributes
    ]


def orders(product: Product, order: str, situation: dict[str, str], language: str) -> list[dict[str, Any]]:
    """Every order with the query that asks for it."""
    shown = [name for name in ORDERS if name != "similar" or situation]
    return [
        {
            "name": ORDER_NAMES[name],
            "query": query_of(product, name, situation if name == "similar" else {}, language),
            "is_chosen": name == order,
        }
        for name in shown
    ]


def query_of(product: Product, order: str, situation: dict[str, str], language: str, cursor: str = "") -> str:
    told = {f"s.{key}": value for key, value in situation.items()}
    query = {"product": product.sku, "order": order, "lang": language, **told, "cursor": cursor}
    return urlencode({name: value for name, value in query.items() if value})


def page_url(product: Product) -> str:
    return absolute(f"/e/reviews/{product.workspace.slug}/{quote(product.sku, safe='')}/")
