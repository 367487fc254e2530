"""Readers say whether a review helped: from the shop's pages, and from the hosted page without scripts."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from engagement.embed.doors import client_address, hosted, posting, reading_language, render
from engagement.embed.readers import Reader, reader_of
from engagement.limits import is_first_time
from engagement.models import Workspace
from reviews.links import page_url
from reviews.models import HelpfulVote, Review, ReviewStatus
from reviews.voting import vote_helpful, voter_name

# Browsers behind one address whose word on a review counts in a day: a household, not a crowd that somebody made up.
MOST_FROM_ADDRESS = 3


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
    """Keep a reader's word, once each. Who gave no id counts once a day from one address; ids that a page made up count
    MOST_FROM_ADDRESS times."""
    number, helpful = request.POST.get("review", ""), request.POST.get("helpful")
    if not (number.isascii() and number.isdecimal() and len(number) < 19) or helpful not in ("0", "1"):
        raise Http404
    address = client_address(request)
    name = voter_name(
        customer_id=reader.customer.pk if reader.customer else None,
        anonymous_id=reader.anonymous_id or f"once:{timezone.now().timestamp()}:{address}",
    )
    try:
        if reader.customer is None and not may_count(int(number), name, reader, address):
            shown = Review.objects.filter(status=ReviewStatus.PUBLISHED).select_related("product__workspace")
            return shown.get(pk=number, workspace=workspace)
        return vote_helpful(
            workspace=workspace,
            review_id=int(number),
            voter=name,
            is_helpful=helpful == "1",
            now=timezone.now(),
        )
    except Review.DoesNotExist as error:
        raise Http404 from error


def may_count(review_id: int, voter: str, reader: Reader, address: str) -> bool:
    """Whether the word of somebody whom the shop does not know counts: who said one before may change it."""
    if not reader.anonymous_id:
        return is_first_time(who=address, what=f"vote:{review_id}")
    if HelpfulVote.objects.filter(review_id=review_id, voter=voter).exists():
        return True
    return any(is_first_time(who=address, what=f"vote:{review_id}:{n}") for n in range(MOST_FROM_ADDRESS))
