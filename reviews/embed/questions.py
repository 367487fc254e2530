"""Questions about a product and their answers: read, asked, confirmed, and answered by owners who were asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from engagement.embed.doors import fragment, hosted, posting, private, reading_language, render, script_of
from engagement.embed.readers import reader_of
from engagement.limits import take_turn
from engagement.models import Customer, Product, Workspace
from engagement.questions import questions_for
from engagement.signing import BadToken
from reviews.asking import agree_to_be_asked
from reviews.embed.fields import answer_fields, read_situation
from reviews.embed.forms import SITUATION, TRAP, field_id
from reviews.embed.writing import find_product
from reviews.links import page_url, questions_url, read_answer, read_question_confirmation
from reviews.mails import question_mail
from reviews.models import OwnerAsked, Post, PostStatus
from reviews.posts import published_questions
from reviews.situations import usable_answers
from reviews.talking import BadPost, answer_as_owner, ask_question, ask_unconfirmed, confirm_question

logger = logging.getLogger(__name__)
WAITING, MAILED, ANSWERED, NEVER = "waiting", "mailed", "answered", "never"
MAILS_A_MINUTE = 2


def questions_fragment(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """GET shows questions and the form, POST takes one."""
    return take_question(request, **kwargs) if request.method == "POST" else show_questions(request, **kwargs)


questions_fragment.csrf_exempt = True  # type: ignore[attr-defined]  # see engagement.embed.doors


@fragment
def show_questions(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    product = find_product(workspace, request.GET.get("product", ""))
    return answer_list(request, product, "reviews/embed/_questions.html", {"sub": "h3"})


@posting(limit=10)
def take_question(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    product = find_product(workspace, request.GET.get("product", ""))
    asker = reader_of(request, workspace, now=timezone.now()).customer
    try:
        outcome = take(request, product, asker)
    except BadPost as refused:
        return answer_list(request, product, "reviews/embed/_ask.html", {"sub": "h3"}, refused.problems)
    context = {"outcome": outcome, "product": product}
    return render("reviews/embed/_asked.html", context, language=reading_language(request, workspace))


@hosted("GET", "POST")
def questions_page(request: HttpRequest, workspace: Workspace, sku: str) -> HttpResponse:
    product = find_product(workspace, sku)
    language = reading_language(request, workspace)
    more = {"workspace": workspace, "level": "h1", "sub": "h2", **script_of(workspace)}
    if request.GET.get("done") in (WAITING, MAILED):
        more |= {"outcome": request.GET["done"]}
    if request.method != "POST":
        return answer_list(request, product, "reviews/embed/questions.html", more)
    try:
        outcome = take(request, product, None)
    except BadPost as refused:
        return answer_list(request, product, "reviews/embed/questions.html", more, refused.problems)
    return HttpResponseRedirect(f"{request.path}?done={outcome}&lang={language}", status=303)


@hosted("GET", "POST")
def confirm_question_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """Followed from the mail. Only a POST confirms: mail scanners open links."""
    language = reading_language(request, workspace)
    try:
        post_id, email = read_question_confirmation(token)
    except BadToken as error:
        if not error.expired:
            raise Http404 from error
        return render("reviews/embed/expired.html", {"workspace": workspace}, language=language, status=410)
    question = Post.objects.select_related("product").filter(pk=post_id, workspace=workspace).first()
    if question is None:
        raise Http404
    if request.method == "POST":
        question = confirm_question(post_id=question.pk, email=email, now=timezone.now()) or question
    context = {
        "workspace": workspace,
        "question": question,
        "product": question.product,
        "is_waiting": question.status == PostStatus.UNCONFIRMED,
        "outcome": WAITING,
    }
    return private(render("reviews/embed/confirm_question.html", context, language=language))


@hosted("GET", "POST")
def answer_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """An owner who was asked answers, or asks not to be asked again."""
    language = reading_language(request, workspace)
    try:
        question, owner = asked_owner(workspace, *read_answer(token))
    except BadToken as error:
        return render(
            "reviews/embed/expired.html", {"workspace": workspace}, language=language,
            status=410 if error.expired else 404,
        )  # fmt: skip
    context: dict[str, Any] = {"workspace": workspace, "question": question, "product": question.product}
    problems: Mapping[str, str] = {}
    if request.method == "POST" and request.POST.get("act") == NEVER:
        for product in Product.objects.filter(owners__customer=owner):
            agree_to_be_asked(customer=owner, product=product, situation={}, agrees=False, now=timezone.now())
        context["outcome"] = NEVER
    elif request.method == "POST":
        try:
            with translation.override(language):
                answer_as_owner(
                    question=question,
                    customer=owner,
                    body=request.POST.get("body", ""),
                    author_name=request.POST.get("author_name", ""),
                    language=language,
                    now=timezone.now(),
                )
            context["outcome"] = ANSWERED
        except BadPost as refused:
            problems = refused.problems
    data = request.POST or {"author_name": (owner.name or "").split(" ")[0]}
    context |= {"problems": problems, "data": data}
    answer = render("reviews/embed/answer.html", context, language=language, status=422 if problems else 200)
    return private(answer)


def asked_owner(workspace: Workspace, question_id: int, customer_id: int) -> tuple[Post, Customer]:
    """The question and who it was put to, or who they were merged into. Raises Http404."""
    question = (
        Post.objects.select_related("product__workspace", "workspace")
        .filter(pk=question_id, workspace=workspace, status=PostStatus.PUBLISHED)
        .first()
    )
    customer = (
        Customer.objects.select_related("merged_into").filter(pk=customer_id, workspace=workspace).first()
    )
    if question is None or customer is None:
        raise Http404
    customer = customer.merged_into or customer
    if not OwnerAsked.objects.filter(question=question, customer=customer).exists():
        raise Http404
    return question, customer


def take(request: HttpRequest, product: Product, asker: Customer | None) -> str:
    """Keep what was asked; returns WAITING (for a moderator) or MAILED (to be confirmed first). Raises BadPost."""
    if request.POST.get(TRAP):
        return MAILED
    language = reading_language(request, product.workspace)
    questions = questions_for(product)
    common: dict[str, Any] = {
        "product": product,
        "body": request.POST.get("body", ""),
        "author_name": request.POST.get("author_name", ""),
        "language": language,
        "situation": usable_answers(
            read_situation(request.POST, SITUATION, questions.attributes), questions.attributes
        ),
        "need_slug": questions.topic,
        "now": timezone.now(),
    }
    with translation.override(language):
        if asker is not None:
            ask_question(customer=asker, **common)
            return WAITING
        email = request.POST.get("email", "").strip()
        if take_turn(who=email.lower(), what="question", limit=MAILS_A_MINUTE):
            raise BadPost({"email": _("We have just sent mails to this address. Try again in a minute.")})
        with transaction.atomic():
            question = ask_unconfirmed(email=email, **common)
            try:
                question_mail(question, email=email, language=language).send()
            except (SMTPException, OSError, ValueError) as error:
                logger.warning("Confirmation of question %s not sent: %s", question.pk, error)
                raise BadPost({"email": _("We could not send a mail to this address just now.")}) from error
    return MAILED


def answer_list(
    request: HttpRequest,
    product: Product,
    template: str,
    more: dict[str, Any],
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Questions with answers, and the form with what was typed; 422 when something was wrong with it."""
    language = reading_language(request, product.workspace)
    questions = questions_for(product)
    situation = read_situation(request.POST, SITUATION, questions.attributes)
    with translation.override(language):
        names = {"body": _("Your question"), "author_name": _("Name"), "email": _("E-mail")}
        context = more | {
            "product": product,
            "posts": published_questions(product),
            "situation": answer_fields(questions.attributes, situation, SITUATION),
            "data": request.POST,
            "problems": problems or {},
            "summary": [
                (field_id(f"ask-{name}"), names[name], text) for name, text in (problems or {}).items()
            ],
            "trap": TRAP,
            "base_url": settings.BASE_URL,
            "page_url": page_url(product),
            "action": questions_url(product),
            "path": reverse("reviews_embed:questions_fragment"),
        }
    return render(template, context, language=language, status=422 if problems else 200)
