"""Mails that reviews send themselves: somebody typed an address and has to confirm; a review was turned down."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from reviews.links import confirmation_url, question_confirmation_url, questions_url, writing_url
from reviews.models import Post, Review


def confirmation_mail(review: Review, *, email: str, language: str) -> EmailMessage:
    """The mail, ready to send. It says nothing of what was written: the address may be somebody else's."""
    context = {"url": confirmation_url(review, email=email)}
    with translation.override(language):
        subject = _("Please confirm your review of %(product)s") % {"product": review.product}
        return _mail(review, "confirmation", subject, context, email)


def rejection_mail(review: Review, *, email: str) -> EmailMessage:
    """Why the newest version was turned down, and how to change it or have it looked at once more."""
    with translation.override(_spoken(review)):
        url = writing_url(review.product, customer=review.customer, language=_spoken(review))
        reason = review.get_rejection_reason_display()
        subject = _("About your review of %(product)s") % {"product": review.product}
        context = {"url": url, "reason": reason, "is_edit": review.edit is not None}
        return _mail(review, "rejection", subject, context, email)


def question_mail(question: Post, *, email: str, language: str) -> EmailMessage:
    """Asks who asked to confirm. It says nothing of the question: the address may be somebody else's."""
    context = {"url": question_confirmation_url(question, email=email)}
    with translation.override(language):
        subject = _("Please confirm your question about %(product)s") % {"product": question.product}
        return _mail(question, "question", subject, context, email)


def answer_mail(answer: Post, *, email: str) -> EmailMessage:
    """Tells who asked that there is an answer, with both."""
    question = answer.question or answer
    context = {"url": questions_url(answer.product), "question": question, "answer": answer}
    with translation.override(_spoken(question)):
        subject = _("An answer to your question about %(product)s") % {"product": answer.product}
        return _mail(answer, "answer", subject, context, email)


def _mail(
    review: Review | Post, kind: str, subject: str, context: dict[str, Any], email: str
) -> EmailMessage:
    workspace = review.workspace
    sender = workspace.sender_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    about = {"workspace": workspace, "product": review.product}
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string(f"reviews/embed/{kind}_mail.txt", about | context),
        from_email=formataddr((workspace.sender_name or workspace.name, sender)),
        to=[email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def _spoken(review: Review | Post) -> str:
    """The language that the author wrote in, as far as we speak it."""
    try:
        return translation.get_supported_language_variant(review.language)
    except LookupError:
        return settings.LANGUAGE_CODE
