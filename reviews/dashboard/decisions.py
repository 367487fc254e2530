"""What moderators press: publish, turn down, take back, keep, answer. Sees no figure."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.access import DashboardRequest, dashboard_action, of_workspace
from engagement.models import Role
from reviews import queues
from reviews.deciding import Outcome, Pick, decide, undo_last
from reviews.moderating import respond_to_review
from reviews.talking import BadPost, answer_as_company


@dashboard_action(Role.MODERATOR)
def decide_on(request: DashboardRequest) -> HttpResponse:
    """`pick` (review:id:version or post:id, any number) and `decision`: publish, reject:<reason>, undo or keep.

    A request by htmx for one thing is answered with what takes its place in the list, and how much each tab holds now.
    """
    picks = [pick for text in request.POST.getlist("pick") if (pick := read_pick(text))]
    decision, _colon, reason = request.POST.get("decision", "").partition(":")
    try:
        outcome = decide(
            workspace=request.workspace,
            picks=picks,
            decision=decision,
            reason=reason,
            actor=request.user,
            now=timezone.now(),
        )
    except ValueError as refused:
        outcome = Outcome(0, [str(refused)])
    if request.headers.get("HX-Target", "").startswith("item-") and len(picks) == 1:
        context = {
            "outcome": outcome,
            "decision": decision,
            "pick": request.POST["pick"],
            "counts": queues.tab_counts(request.workspace) if is_in_queue(request) else {},
        }
        return render(request, "reviews/dashboard/_decided.html", context)
    say(request, outcome, decision)
    return redirect(back_of(request))


def read_pick(text: str) -> Pick | None:
    kind, _colon, rest = text.partition(":")
    numbers = rest.split(":")
    if kind not in ("review", "post") or not all(
        number.isdecimal() and len(number) < 19 for number in numbers
    ):
        return None
    return Pick(kind, int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else None)


def say(request: DashboardRequest, outcome: Outcome, decision: str) -> None:
    """What became of it, and why something was left."""
    if outcome.done:
        n = outcome.done
        told = {
            "publish": ngettext(
                "Published. You can take it back.", "%(n)s published. You can take them back.", n
            ),
            "reject": ngettext(
                "Turned down. Its author is told the reason and may edit it.",
                "%(n)s turned down. Their authors are told the reason and may edit them.",
                n,
            ),
            "undo": ngettext("Taken back: it waits again.", "%(n)s taken back: they wait again.", n),
            "keep": ngettext("It stays. The reports are done.", "%(n)s stay. The reports are done.", n),
        }[decision]
        messages.success(request, told % {"n": n} if "%(n)s" in told else told)
    for why in sorted(set(outcome.left)):
        n = outcome.left.count(why)
        messages.error(request, why if n == 1 else f"{n} × {why}")


@dashboard_action(Role.MODERATOR)
def undo(request: DashboardRequest) -> HttpResponse:
    """Take back what this moderator decided last, one thing or many."""
    n = undo_last(workspace=request.workspace, actor=request.user, now=timezone.now())
    if n:
        say(request, Outcome(n, []), "undo")
    else:
        messages.error(request, _("There is nothing of yours to take back, or it was changed since."))
    return redirect(back_of(request))


@dashboard_action(Role.MARKETER)
def respond(request: DashboardRequest, review_id: int) -> HttpResponse:
    """Set the company's public answer; an empty one takes it away."""
    one = of_workspace(queues.readable_reviews(request.workspace), request, pk=review_id)
    try:
        respond_to_review(
            workspace=request.workspace,
            review_id=one.pk,
            text=request.POST.get("response", ""),
            actor=request.user,
            now=timezone.now(),
        )
    except ValueError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The answer is saved; it stands below the review."))
    return redirect("reviews:review", review_id=one.pk)


@dashboard_action(Role.MARKETER)
def answer(request: DashboardRequest, post_id: int) -> HttpResponse:
    """The company answers a question; readers see it at once."""
    one = of_workspace(queues.readable_posts(request.workspace).filter(kind="question"), request, pk=post_id)
    try:
        answer_as_company(
            workspace=request.workspace,
            question_id=one.pk,
            body=request.POST.get("body", ""),
            actor=request.user,
            now=timezone.now(),
        )
    except BadPost as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Answered in the company's name. Who asked is told."))
    return redirect("reviews:question", post_id=one.pk)


def is_in_queue(request: DashboardRequest) -> bool:
    """Whether it was decided in the list with its tabs, not on a page of its own."""
    return back_of(request).partition("?")[0] == reverse("reviews:reviews")


def back_of(request: DashboardRequest) -> str:
    """Where the decision was made: the queue or the thing's own page; never another site."""
    back = request.POST.get("back", "")
    return back if back.startswith("/reviews") else "/reviews"
