"""The one mail that reviews send themselves: it asks an author to confirm, because somebody typed their address."""

from __future__ import annotations

from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from reviews.links import confirmation_url
from reviews.models import Review


def confirmation_mail(review: Review, *, email: str, language: str) -> EmailMessage:
    """The mail, ready to send. It says nothing of what was written: the address may be somebody else's."""
    workspace = review.workspace
    sender = workspace.sender_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    with translation.override(language):
        context = {
            "workspace": workspace,
            "product": review.product,
            "url": confirmation_url(review, email=email),
        }
        return EmailMessage(
            subject=_("Please confirm your review of %(product)s") % {"product": review.product},
            body=render_to_string("reviews/embed/confirmation_mail.txt", context),
            from_email=formataddr((workspace.sender_name or workspace.name, sender)),
            to=[email],
            headers={"Auto-Submitted": "auto-generated"},
        )
