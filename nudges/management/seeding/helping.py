"""Needs with what speaks for them, guides, and reviews by people who (mostly) bought."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from engagement.models import Customer, Product, Workspace
from engagement.people import find_customer
from engagement.questions import Questions, questions_for
from journeys.evidence import install_default_evidence
from journeys.guides import publish_guide, save_guide
from journeys.models import Guide, Need
from nudges.management.seeding.ground import COLLEAGUES, read_data
from nudges.management.seeding.people import Person
from reviews.contents import ReviewContent
from reviews.models import HelpfulVote, Review, ReviewPolicy
from reviews.moderating import publish_review, reject_review, respond_to_review
from reviews.submitting import submit_review
from reviews.voting import vote_helpful

BLOCKED_WORDS = ["casino", "viagra", "idiot", "idiots"]


def make_needs(workspace: Workspace) -> dict[str, Need]:
    install_default_evidence(workspace)
    rows = [Need(workspace=workspace, position=n, **row) for n, row in enumerate(read_data("needs"))]
    return {need.slug: need for need in Need.objects.bulk_create(rows)}


def make_guides(workspace: Workspace, needs: dict[str, Need], *, now: datetime) -> list[Guide]:
    """All published but one, which is a draft; `days` tells how long ago each was checked."""
    writer = User.objects.get(username=COLLEAGUES[0][0])
    guides = []
    for row in read_data("guides"):
        at = now - timedelta(days=row["days"])
        values = {
            **{name: row[name] for name in ("stage", "language", "slug", "title", "summary", "blocks")},
            "need": needs[row["need"]],
            "owner": writer,
            "verified_on": at.date(),
        }
        guide = save_guide(workspace=workspace, values=values, actor=writer, now=at)
        guides.append(publish_guide(guide=guide, actor=writer, now=at))
    return guides


def make_reviews(workspace: Workspace, people: dict[str, Person], *, now: datetime) -> list[Review]:
    """Written, moderated, answered and voted on at the times that the data tells; `people` are the authors by name."""
    ReviewPolicy.objects.create(workspace=workspace, blocked_words=BLOCKED_WORDS)
    moderator = User.objects.get(username=COLLEAGUES[1][0])
    products = {product.sku: product for product in Product.objects.filter(workspace=workspace)}
    questions = {sku: questions_for(product) for sku, product in products.items()}
    return [
        make_review(row, products[row["sku"]], questions[row["sku"]], author, moderator, now=now)
        for row in sorted(read_data("reviews"), key=lambda row: -row["days"])
        if (author := find_customer(workspace=workspace, external_id=people[row["author"]].id))
    ]


def make_review(
    row: dict[str, Any],
    product: Product,
    questions: Questions,
    author: Customer,
    moderator: User,
    *,
    now: datetime,
) -> Review:
    at = now - timedelta(days=row["days"], hours=3)
    workspace = product.workspace
    content = ReviewContent(
        kind=row["kind"],
        title=row["title"],
        body=row["body"],
        author_name=row["author"],
        overall=row["overall"],
        quality=row["quality"],
        value=row["value"],
        fit=row["fit"],
        pros=tuple(row["pros"]),
        cons=tuple(row["cons"]),
        situation=row["situation"],
    )
    review = submit_review(
        workspace=workspace,
        product=product,
        customer=author,
        content=content,
        collected_by="link" if row["bought"] else "form",
        now=at,
        questions=questions,
    )
    if row["status"] == "published":
        publish_review(workspace=workspace, review_id=review.pk, actor=moderator, now=at + timedelta(hours=5))
    if row["status"] == "rejected":
        reject_review(
            workspace=workspace,
            review_id=review.pk,
            reason=row["reason"],
            actor=moderator,
            now=at + timedelta(hours=5),
        )
    if row["response"]:
        respond_to_review(
            workspace=workspace,
            review_id=review.pk,
            text=row["response"],
            actor=moderator,
            now=at + timedelta(days=1),
        )
    vote(review, *row["helpful"], now=at + timedelta(days=2))
    return review


def vote(review: Review, yes: int, no: int, *, now: datetime) -> None:
    """All but one at once: each vote that is taken counts them all again."""
    names = [f"demo{n}" for n in range(yes + no)]
    HelpfulVote.objects.bulk_create(
        HelpfulVote(workspace=review.workspace, review=review, voter=name, is_helpful=n < yes, at=now)
        for n, name in enumerate(names[:-1])
    )
    for name in names[-1:]:
        vote_helpful(
            workspace=review.workspace, review_id=review.pk, voter=name, is_helpful=len(names) <= yes, now=now
        )
