"""The review form: on the shop's pages, and as a page that works without scripts. And the link that confirms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone, translation

from engagement.embed.doors import fragment, hosted, posting, private, reading_language, render, script_of
from engagement.embed.readers import reader_of
from engagement.models import Customer, Product, Workspace
from engagement.questions import known_situation, questions_for
from engagement.signing import BadToken
from reviews.authoring import appeal_rejection, own_fields, own_review, withdraw_review
from reviews.contents import BadReview
from reviews.drafting import read_draft, save_draft
from reviews.embed.fields import read_situation
from reviews.embed.forms import SITUATION, form_context
from reviews.embed.taking import MAILED, WAITING, take_review
from reviews.links import author_of, page_url, read_confirmation, writing_url
from reviews.models import Review, ReviewStatus
from reviews.photos import attach_photos
from reviews.ruling import policy_of
from reviews.sharing import change_sharing
from reviews.submitting import confirm_review

SAVED = "saved"
FORM, PAGE = "reviews/embed/_form.html", "reviews/embed/form.html"


def form_fragment(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """GET shows the form, POST takes it; one address, so that the form can name it."""
    return take_form(request, **kwargs) if request.method == "POST" else show_form(request, **kwargs)


form_fragment.csrf_exempt = True  # type: ignore[attr-defined]  # see engagement.embed.doors


@fragment
def show_form(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    product = find_product(workspace, request.GET.get("product", ""))
    return answer_form(request, product, FORM)


@posting(limit=20)
def take_form(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    product = find_product(workspace, request.GET.get("product", ""))
    author = reader_of(request, workspace, now=timezone.now()).customer
    if request.POST.get("act") == "save":
        return keep_draft(request, product, author)
    try:
        outcome = take_review(request, product, author, collected_by="form")
    except BadReview as refused:
        return answer_form(request, product, FORM, data=request.POST, problems=refused.problems)
    context = {"outcome": outcome, "product": product}
    return render("reviews/embed/_thanks.html", context, language=reading_language(request, workspace))


@hosted("GET", "POST", limit=20)
def form_page(request: HttpRequest, workspace: Workspace, sku: str) -> HttpResponse:
    """The form as a page; `author` is a link of ours that says who writes, and lets them go on with what they wrote."""
    product = find_product(workspace, sku)
    language = reading_language(request, workspace)
    if request.GET.get("done") in (WAITING, MAILED):
        context = {"outcome": request.GET["done"], "product": product, "workspace": workspace}
        return render("reviews/embed/thanks.html", context, language=language)
    try:
        author = author_of(request.GET["author"], product) if "author" in request.GET else None
    except BadToken:
        context = {"product": product, "workspace": workspace}
        return render("reviews/embed/expired.html", context, language=language)
    answer = private if author else lambda response: response
    if request.method != "POST":
        return answer(answer_form(request, product, PAGE, author=author))
    if author is not None and request.POST.get("act"):
        return answer(act_on_own(request, product, author))
    try:
        outcome = take_review(request, product, author, collected_by="link" if author else "form")
    except BadReview as refused:
        return answer(
            answer_form(request, product, PAGE, data=request.POST, problems=refused.problems, author=author)
        )
    return HttpResponseRedirect(f"{request.path}?done={outcome}&lang={language}", status=303)


def act_on_own(request: HttpRequest, product: Product, author: Customer) -> HttpResponse:
    """Save what was typed so far, withdraw the review, let feeds have it or not, or appeal against its rejection."""
    now = timezone.now()
    problems: dict[str, str] = {}
    match request.POST["act"]:
        case "save":
            return keep_draft(request, product, author)
        case "withdraw":
            withdraw_review(customer=author, product=product, now=now)
        case "share" | "unshare" as act:
            change_sharing(customer=author, product=product, may_share=act == "share", now=now)
        case "appeal":
            try:
                with translation.override(reading_language(request, product.workspace)):
                    text = request.POST.get("appeal", "")
                    appeal_rejection(customer=author, product=product, text=text, now=now)
            except ValueError as refused:
                problems = {"appeal": str(refused)}
        case _:
            raise Http404
    if problems:
        return answer_form(request, product, PAGE, problems=problems, author=author)
    return HttpResponseRedirect(request.get_full_path(), status=303)


def keep_draft(request: HttpRequest, product: Product, author: Customer | None) -> HttpResponse:
    """204 for scripts; who pressed the button gets the form again, with what they typed."""
    if author is None:
        raise Http404
    fields = {name: values for name, values in request.POST.lists() if name not in ("act", "token", "keep")}
    save_draft(customer=author, product=product, fields=fields, now=timezone.now())
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return HttpResponse(status=204)
    return HttpResponseRedirect(request.get_full_path(), status=303)


@hosted("GET", "POST")
def confirmation_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """Followed from the mail. It asks once more: mail scanners open links, and only a POST confirms."""
    language = reading_language(request, workspace)
    try:
        confirmation = read_confirmation(token)
    except BadToken as error:
        if not error.expired:
            raise Http404 from error
        return render("reviews/embed/expired.html", {"workspace": workspace}, language=language, status=410)
    review = (
        Review.objects.select_related("product")
        .filter(pk=confirmation.review_id, workspace=workspace)
        .first()
    )
    if review is None:
        raise Http404
    own_url = ""
    if request.method == "POST" and review.version == confirmation.version:
        review = confirm_review(review_id=review.pk, email=confirmation.email, now=timezone.now()) or review
        own_url = writing_url(review.product, customer=review.customer, language=language)
    context = {
        "workspace": workspace,
        "product": review.product,
        "review": review,
        "is_waiting": review.status == ReviewStatus.UNCONFIRMED,
        "outcome": WAITING,
        "own_url": own_url,
    }
    return private(render("reviews/embed/confirm.html", context, language=language))


def find_product(workspace: Workspace, sku: str) -> Product:
    """A product of the workspace that has a name to show, or 404."""
    found = Product.objects.select_related("workspace__review_policy")
    product = found.filter(workspace=workspace, sku=sku[:200]).first()
    if product is None or product.is_stub:
        raise Http404
    return product


def answer_form(
    request: HttpRequest,
    product: Product,
    template: str,
    *,
    data: QueryDict | None = None,
    problems: Mapping[str, str] | None = None,
    author: Customer | None = None,
) -> HttpResponse:
    """The form with what was typed, saved or written before; 422 when something was wrong with it."""
    language = reading_language(request, product.workspace)
    own = own_review(customer=author, product=product) if author else None
    if own is not None:
        attach_photos([own], newest=True)
    questions = questions_for(product)
    fields = data if data is not None else written_before(product, author, own, questions.topic)
    situation = read_situation(fields, SITUATION, questions.attributes)
    with translation.override(language):
        context = form_context(product, questions, fields, situation, problems or {}) | {
            "workspace": product.workspace,
            "author": author,
            "own": own,
            "may_ask": bool(author and author.owned.filter(product=product).exists()),
            "asks_sharing": policy_of(product.workspace).gives_to_feeds,
            "may_share": own is not None and own.shared_at is not None,
            "page_url": page_url(product),
            "action": writing_url(product, language=language) if author is None else request.get_full_path(),
            "path": f"{reverse('reviews_embed:form_fragment')}",
            **(script_of(product.workspace) if template == PAGE else {}),
        }
    return render(template, context, language=language, status=422 if problems else 200)


def written_before(product: Product, author: Customer | None, own: Review | None, topic: str) -> QueryDict:
    """What a known author typed so far, else what they wrote, else their first name and what they told before."""
    fields = QueryDict(mutable=True)
    if author is None:
        return fields
    saved = read_draft(customer=author, product=product) or (own_fields(own) if own is not None else {})
    for name, values in (saved or told_before(author, topic)).items():
        fields.setlist(name, values)
    return fields


def told_before(author: Customer, topic: str) -> dict[str, list[str]]:
    """Nobody has to tell twice: the first name, and the situation as far as it is not sensitive."""
    situation = known_situation(customer=author, topic=topic) if topic else {}
    return {"author_name": [(author.name or "").split(" ")[0]]} | {
        f"{SITUATION}{key}": [str(one) for one in (answer if isinstance(answer, list) else [answer])]
        for key, answer in situation.items()
    }
