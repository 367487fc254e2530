"""What waits for a moderator, and what was decided. Reads words only: no figure is joined anywhere here."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from engagement.models import Workspace
from reviews.models import Post, Report, Review, ReviewStatus

TABS = ("pending", "posts", "reported", "published", "rejected")


def readable_reviews(workspace: Workspace) -> QuerySet[Review]:
    """With what a moderator may know: words, product, author."""
    return Review.objects.filter(workspace=workspace).select_related("product", "customer")


def readable_posts(workspace: Workspace) -> QuerySet[Post]:
    return Post.objects.filter(workspace=workspace).select_related("product", "customer", "question")


def waiting_reviews(workspace: Workspace) -> QuerySet[Review]:
    return readable_reviews(workspace).filter(waiting_since__isnull=False)


def waiting_posts(workspace: Workspace) -> QuerySet[Post]:
    return readable_posts(workspace).filter(waiting_since__isnull=False)


def published_reviews(workspace: Workspace) -> QuerySet[Review]:
    return readable_reviews(workspace).filter(status=ReviewStatus.PUBLISHED)


def rejected_reviews(workspace: Workspace) -> QuerySet[Review]:
    """Turned down as a whole, or in their newest version."""
    return readable_reviews(workspace).exclude(rejection_reason="")


def reported_reviews(workspace: Workspace) -> QuerySet[Review]:
    """Those that a reader reported and nobody has looked at since."""
    opened = Report.objects.filter(review=OuterRef("pk"), resolved_at=None)
    return published_reviews(workspace).filter(Exists(opened))


def reported_posts(workspace: Workspace) -> QuerySet[Post]:
    opened = Report.objects.filter(post=OuterRef("pk"), resolved_at=None)
    return readable_posts(workspace).filter(Exists(opened), status="published")


def tab_counts(workspace: Workspace) -> dict[str, int]:
    """How much is in each tab. Three queries."""
    counts = Review.objects.filter(workspace=workspace).aggregate(
        pending=Count("id", filter=Q(waiting_since__isnull=False)),
        published=Count("id", filter=Q(status=ReviewStatus.PUBLISHED)),
        rejected=Count("id", filter=~Q(rejection_reason="")),
    )
    counts["posts"] = waiting_posts(workspace).count()
    reported = Report.objects.filter(workspace=workspace, resolved_at=None)
    counts["reported"] = reported.values("review_id", "post_id").distinct().count()
    return counts
