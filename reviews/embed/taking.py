"""A review that was sent by the form: read, its photos drawn anew, and handed to the domain."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from engagement.embed.doors import reading_language
from engagement.limits import take_turn
from engagement.models import Customer, Product
from engagement.questions import Questions, questions_for
from reviews.asking import agree_to_be_asked
from reviews.contents import BadReview
from reviews.embed.forms import AGREED, TRAP, read_content
from reviews.mails import confirmation_mail
from reviews.models import Review
from reviews.photographing import LARGEST_BYTES, MOST, BadPhoto, Drawn, Stored, discard, redraw, store
from reviews.ruling import policy_of
from reviews.submitting import refuse_bad, submit_review, submit_unconfirmed

logger = logging.getLogger(__name__)
WAITING, MAILED = "waiting", "mailed"
MAILS_A_MINUTE = 2  # to one address


def take_review(request: HttpRequest, product: Product, author: Customer | None, *, collected_by: str) -> str:
    """Keep what was sent; returns WAITING (for a moderator) or MAILED (to be confirmed first). Raises BadReview."""
    language = reading_language(request, product.workspace)
    if request.POST.get(TRAP):
        return MAILED  # a machine: it shall think that it succeeded
    with translation.override(language):
        questions = questions_for(product)
        content = read_content(request.POST, questions, language=language)
        refuse_bad(product.workspace, product, content, questions)
        refuse_unagreed(request, content.situation, questions)
        stored = store(product.workspace_id, read_photos(request))
        try:
            if author is None:
                return _take_unconfirmed(request, product, content, stored, language)
            _note_consent(request, product, author, content.situation)
            submit_review(
                workspace=product.workspace,
                product=product,
                customer=author,
                content=content,
                collected_by=collected_by,
                photos=stored,
                may_share=may_share(request, product),
                kept_photos=request.POST.getlist("keep") if "keeping" in request.POST else None,
                now=timezone.now(),
            )
        except BaseException:
            discard(product.workspace_id, stored)
            raise
    return WAITING


def _note_consent(
    request: HttpRequest, product: Product, author: Customer, situation: dict[str, Any]
) -> None:
    """Whether readers' questions may be put to the author; the box stands in the form of known authors only."""
    agrees = bool(request.POST.get("may_ask"))
    agree_to_be_asked(
        customer=author, product=product, situation=situation, agrees=agrees, now=timezone.now()
    )


def may_share(request: HttpRequest, product: Product) -> bool | None:
    """What the box says whether feeds may hold it; None while there are no feeds, and therefore no box."""
    return bool(request.POST.get("may_share")) if policy_of(product.workspace).gives_to_feeds else None


def refuse_unagreed(request: HttpRequest, situation: dict[str, Any], questions: Questions) -> None:
    """Raise BadReview when something sensitive was told without agreeing that it is kept and shown."""
    told = [one.label for one in questions.attributes if one.is_sensitive and one.key in situation]
    if told and not request.POST.get(AGREED):
        message = _("Tick the box, or leave this open: %(told)s.") % {"told": ", ".join(told)}
        raise BadReview({AGREED: message})


def read_photos(request: HttpRequest) -> list[tuple[Drawn, str]]:
    """The photos of the form, drawn anew, each with what is to be seen on it. Raises BadReview."""
    kept = len(request.POST.getlist("keep"))
    given = [(n, request.FILES[f"photo{n}"]) for n in range(1, MOST + 1) if f"photo{n}" in request.FILES]
    if kept + len(given) > MOST:
        raise BadReview({"photo1": _("At most %(most)s photos.") % {"most": MOST}})
    return [(_draw(f"photo{n}", file), request.POST.get(f"alt{n}", "")) for n, file in given]


def _draw(name: str, file: UploadedFile | Any) -> Drawn:
    try:
        return redraw(file.read(LARGEST_BYTES + 1))
    except BadPhoto as refused:
        raise BadReview({name: str(refused)}) from refused


def _take_unconfirmed(
    request: HttpRequest, product: Product, content: Any, stored: list[Stored], language: str
) -> str:
    email = request.POST.get("email", "").strip()
    if take_turn(who=email.lower(), what="confirmation", limit=MAILS_A_MINUTE):
        raise BadReview({"email": _("We have just sent mails to this address. Try again in a minute.")})
    with transaction.atomic():
        review = submit_unconfirmed(
            workspace=product.workspace,
            product=product,
            content=content,
            email=email,
            photos=stored,
            may_share=may_share(request, product),
            now=timezone.now(),
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
