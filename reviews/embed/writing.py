"""The review form: on the shop's pages, and as a page that works without scripts. And the link that confirms."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from engagement.embed.doors import fragment, hosted, posting, reading_language, render
from engagement.embed.limits import take_turn
from engagement.embed.readers import reader_of
from engagement.models import Customer, Product, Workspace
from engagement.questions import questions_for
from engagement.signing import BadToken
from reviews.contents import BadReview
from reviews.embed.fields import read_situation
from reviews.embed.forms import SITUATION, TRAP, form_context, read_content
from reviews.links import author_of, read_confirmation, writing_url
from reviews.mails import confirmation_mail
from reviews.models import Review, ReviewStatus
from reviews.submitting import confirm_review, submit_review, submit_unconfirmed

logger = logging.getLogger(__name__)
WAITING, MAILED = "waiting", "mailed"
MAILS_A_MINUTE = 2  # to one address


def form_fragment(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """GET shows the form, POST takes it; one address, so that the form can name it."""
    return take_form(request, **kwargs) if request.method == "POST" else show_form(request, **kwargs)


form_fragment.csrf_exempt = True  # type: ignore[attr-defined]  # see engagement.embed.doors


@fragment
def show_form(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    product = find_product(workspace, request.GET.get("product", ""))
    return answer_form(request, product, "reviews/embed/_form.html", {}, {})


@posting(limit=10)
def take_form(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    product = find_product(workspace, request.GET.get("product", ""))
    author = reader_of(request, workspace, now=timezone.now()).customer
    try:
        outcome = take_review(request, product, author, collected_by="form")
    except BadReview as refused:
        return answer_form(request, product, "reviews/embed/_form.html", request.POST, refused.problems)
    context = {"outcome": outcome, "product": product}
    return render("reviews/embed/_thanks.html", context, language=reading_language(request, workspace))


@hosted("GET", "POST")
def form_page(request: HttpRequest, workspace: Workspace, sku: str) -> HttpResponse:
    """The form as a page; `author` is a link of ours that says who writes."""
    product = find_product(workspace, sku)
    language = reading_language(request, workspace)
    if request.GET.get("done") in (WAITING, MAILED):
        context = {"outcome": request.GET["done"], "product": product, "workspace": workspace}
        return render("reviews/embed/thanks.html", context, language=language)
    try:
        author = author_of(request.GET["author"], product) if "author" in request.GET else None
    except BadToken:
        return render(
            "reviews/embed/expired.html", {"product": product, "workspace": workspace}, language=language
        )
    if request.method != "POST":
        return answer_form(request, product, "reviews/embed/form.html", {}, {}, author)
    try:
        outcome = take_review(request, product, author, collected_by="link" if author else "form")
    except BadReview as refused:
        return answer_form(
            request, product, "reviews/embed/form.html", request.POST, refused.problems, author
        )
    return HttpResponseRedirect(f"{request.path}?done={outcome}&lang={language}", status=303)


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
    if request.method == "POST" and review.version == confirmation.version:
        review = confirm_review(review_id=review.pk, email=confirmation.email, now=timezone.now()) or review
    context = {
        "workspace": workspace,
        "product": review.product,
        "review": review,
        "is_waiting": review.status == ReviewStatus.UNCONFIRMED,
        "outcome": WAITING,
    }
    response = render("reviews/embed/confirm.html", context, language=language)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def take_review(request: HttpRequest, product: Product, author: Customer | None, *, collected_by: str) -> str:
    """Keep what was sent; returns WAITING (for a moderator) or MAILED (to be confirmed first). Raises BadReview."""
    workspace = product.workspace
    language = reading_language(request, workspace)
    if request.POST.get(TRAP):
        return MAILED  # a machine: it shall think that it succeeded
    now = timezone.now()
    with translation.override(language):
        content = read_content(request.POST, questions_for(product), language=language)
        if author is not None:
            submit_review(
                workspace=workspace,
                product=product,
                customer=author,
                content=content,
                collected_by=collected_by,
                now=now,
            )
            return WAITING
        email = request.POST.get("email", "").strip()
        if take_turn(address=email.lower(), what="confirmation", limit=MAILS_A_MINUTE):
            raise BadReview({"email": _("We have just sent mails to this address. Try again in a minute.")})
        with transaction.atomic():
            review = submit_unconfirmed(
                workspace=workspace, product=product, content=content, email=email, now=now
            )
            send_confirmation(review, email, language)
    return MAILED


def send_confirmation(review: Review, email: str, language: str) -> None:
    """Send the mail, or refuse the review: without it nobody could ever confirm."""
    try:
        confirmation_mail(review, email=email, language=language).send()
    except (SMTPException, OSError, ValueError) as error:
        logger.warning("Confirmation of review %s not sent: %s", review.pk, error)
        message = _(
            "We could not send a mail to this address just now. Check it, or try again in some minutes."
        )
        raise BadReview({"email": message}) from error


def find_product(workspace: Workspace, sku: str) -> Product:
    """A product of the workspace that has a name to show, or 404."""
    product = Product.objects.select_related("workspace").filter(workspace=workspace, sku=sku[:200]).first()
    if product is None or product.is_stub:
        raise Http404
    return product


def answer_form(
    request: HttpRequest,
    product: Product,
    template: str,
    data: Mapping[str, Any],
    problems: Mapping[str, str],
    author: Customer | None = None,
) -> HttpResponse:
    """The form with what was typed; 422 when something was wrong with it."""
    language = reading_language(request, product.workspace)
    if not data and author is not None:
        data = {"author_name": (author.name or "").split(" ")[0]}
    questions = questions_for(product)
    situation = read_situation(request.POST, SITUATION, questions.attributes)
    with translation.override(language):
        context = form_context(product, questions, data, situation, problems) | {
            "workspace": product.workspace,
            "author": author,
            "action": writing_url(product, language=language) if author is None else request.get_full_path(),
            "path": f"{reverse('reviews_embed:form_fragment')}",
        }
    return render(template, context, language=language, status=422 if problems else 200)
