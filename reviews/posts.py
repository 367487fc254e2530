"""Published questions about a product with their published answers."""

from __future__ import annotations

from django.db.models import Prefetch

from engagement.models import Product
from reviews.models import Post, PostKind, PostStatus

SHOWN = 30


def published_questions(product: Product) -> list[Post]:
    """The newest SHOWN, each with `shown_answers`: the company's first, then owners', oldest first. Two queries."""
    published = Post.objects.filter(status=PostStatus.PUBLISHED)
    answers = published.order_by("-is_company", "published_at", "id")
    questions = published.filter(product=product, kind=PostKind.QUESTION).order_by("-published_at")
    return list(questions.prefetch_related(Prefetch("answers", answers, to_attr="shown_answers"))[:SHOWN])
