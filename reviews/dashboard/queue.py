"""Reviews, questions and answers that wait for a person, and those that a person decided on.

What a review rates is never read here: neither this module nor its templates name the table of figures, so nobody can
turn a review down for its stars, not even by accident.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.dashboard.pages import Page, keyset_page
from engagement.questions import questions_about
from reviews import queues
from reviews.deciding import last_batch
from reviews.models import WORDS, ModerationEntry, Post, RejectionReason, Report, Review, ReviewPhoto
from reviews.photos import attach_photos
from reviews.serving import picture

PAGE = 25
LABELS = {
    "pending": gettext_lazy("Reviews waiting"),
    "posts": gettext_lazy("Questions and answers waiting"),
    "reported": gettext_lazy("Reported"),
    "published": gettext_lazy("Published"),
    "rejected": gettext_lazy("Turned down"),
}


@dashboard_page()
def reviews(request: DashboardRequest) -> HttpResponse:
    """`show` says which; those that wait come oldest first, the others newest first. `q` searches words."""
    shown = request.GET.get("show", "pending")
    shown = shown if shown in LABELS else "pending"
    asked = request.GET.get("q", "").strip().replace("\x00", "")
    counts = queues.tab_counts(request.workspace)
    context = {
        "shown": shown,
        "asked": asked,
        "tabs": [(name, label, counts[name]) for name, label in LABELS.items()],
        "reasons": RejectionReason.choices,
        "last_decided": last_batch(workspace=request.workspace, actor=request.user),
        **listed(request, shown, asked),
    }
    return render(request, "reviews/dashboard/reviews.html", context)


def listed(request: DashboardRequest, shown: str, asked: str) -> dict[str, Any]:
    """The page of one tab: `page` for paging, `items` to show."""
    workspace, after = request.workspace, request.GET.get("after", "")
    if shown == "posts":
        posts = found(queues.waiting_posts(workspace), asked, ["body", "product__name"])
        page: Page[Any] = keyset_page(posts, field="waiting_since", descending=False, cursor=after, size=PAGE)
        return {"page": page, "items": describe_posts(page.rows)}
    if shown == "reported":
        reviews = list(queues.reported_reviews(workspace).order_by("pk")[:PAGE])
        posts_ = list(queues.reported_posts(workspace).order_by("pk")[:PAGE])
        return {"page": None, "items": describe(reviews, newest=False) + describe_posts(posts_)}
    rows: QuerySet[Review] = {
        "pending": queues.waiting_reviews,
        "published": queues.published_reviews,
        "rejected": queues.rejected_reviews,
    }[shown](workspace)
    page = keyset_page(
        found(rows, asked, ["body", "title", "product__name"]),
        field="waiting_since" if shown == "pending" else "submitted_at",
        descending=shown != "pending",
        cursor=after,
        size=PAGE,
    )
    return {"page": page, "items": describe(page.rows, newest=shown != "published")}


def found(rows: QuerySet[Any], asked: str, fields: list[str]) -> QuerySet[Any]:
    if not asked:
        return rows
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__icontains": asked})
    return rows.filter(condition)


def describe(reviews: Any, *, newest: bool) -> list[Any]:
    """Reviews with the words to judge, their photos and open reports, ready to show. Three queries."""
    attach_photos(reviews, newest=newest)
    reports = open_reports(Q(review__in=[review.pk for review in reviews]), "review_id")
    for review in reviews:
        review.item_kind, review.pick = "review", f"review:{review.pk}:{review.version}"
        review.words = review.newest if newest else {name: getattr(review, name) for name in WORDS}
        review.open_reports = reports.get(review.pk, [])
    label_situations(reviews)
    return list(reviews)


def label_situations(reviews: Any) -> None:
    """Give each its `situation_told`: what was asked by its label or else its key, and the answer."""
    if not reviews:
        return
    topics = {review.words["need_slug"] for review in reviews}
    asked = questions_about(workspace_id=reviews[0].workspace_id, topics=topics)
    labels = {topic: {one.key: one.label for one in asked[topic].attributes} for topic in asked}
    for review in reviews:
        known = labels.get(review.words["need_slug"], {})
        review.situation_told = [
            (known.get(key) or key.replace("_", " "), answer)
            for key, answer in review.words["situation"].items()
        ]


def describe_posts(posts: Any) -> list[Any]:
    reports = open_reports(Q(post__in=[post.pk for post in posts]), "post_id")
    for post in posts:
        post.item_kind, post.pick = "post", f"post:{post.pk}"
        post.open_reports = reports.get(post.pk, [])
    return list(posts)


def open_reports(about: Q, key: str) -> dict[int, list[Report]]:
    grouped: dict[int, list[Report]] = {}
    for report in Report.objects.filter(about, resolved_at=None).order_by("at"):
        report.label = RejectionReason(report.reason).label  # type: ignore[attr-defined]
        grouped.setdefault(getattr(report, key), []).append(report)
    return grouped


@dashboard_page()
def review(request: DashboardRequest, review_id: int) -> HttpResponse:
    """One review with everything that was done with it."""
    one = of_workspace(queues.readable_reviews(request.workspace), request, pk=review_id)
    describe([one], newest=True)
    context = {
        "review": one,
        "reasons": RejectionReason.choices,
        "entries": ModerationEntry.objects.filter(workspace=request.workspace, review_id=one.pk)
        .select_related("actor")
        .order_by("-id")[:50],
    }
    return render(request, "reviews/dashboard/review.html", context)


@dashboard_page()
def question(request: DashboardRequest, post_id: int) -> HttpResponse:
    """One question with its answers, where the company gives its own."""
    one: Post = of_workspace(
        queues.readable_posts(request.workspace).filter(kind="question"), request, pk=post_id
    )
    answers = queues.readable_posts(request.workspace).filter(question=one).order_by("pk")[:100]
    context = {
        "items": describe_posts([one, *answers]),
        "question": one,
        "asked_owners": one.asked.count(),
        "reasons": RejectionReason.choices,
    }
    return render(request, "reviews/dashboard/question.html", context)


@dashboard_page()
def photo(request: DashboardRequest, photo_id: int) -> HttpResponse:
    """A photo of any version, for who decides on it; `size=thumb` the small one."""
    one = of_workspace(ReviewPhoto.objects.filter(review__isnull=False), request, pk=photo_id)
    return picture(one, small=request.GET.get("size") == "thumb", cache="private, max-age=600")
