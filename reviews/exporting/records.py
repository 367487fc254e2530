"""Reviews, questions and answers as plain records, read a chunk at a time: memory does not grow with their number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from engagement.models import Workspace
from reviews.exporting.sheets import csv_lines
from reviews.models import Post, Review

AT_ONCE, PIECE = 500, 100
M = TypeVar("M", bound=Model)

Record = dict[str, Any]


def review_records(workspace: Workspace) -> Iterator[Record]:
    """All reviews of a workspace in every state, oldest first by number, as readers and moderators know them."""
    rows = Review.objects.filter(workspace=workspace).select_related("product", "customer", "rating")
    for review in in_chunks(rows.prefetch_related("origins")):
        yield _review(review)


def post_records(workspace: Workspace) -> Iterator[Record]:
    """All questions and answers."""
    rows = Post.objects.filter(workspace=workspace).select_related("product", "customer")
    for post in in_chunks(rows):
        yield {
            "post_id": post.pk,
            "kind": post.kind,
            "question_id": post.question_id,
            "sku": post.product.sku,
            "product": post.product.name,
            "author_name": post.author_name,
            "author_email": post.customer.email if post.customer else "",
            "is_company": post.is_company,
            "is_owner": post.is_owner,
            "body": post.body,
            "language": post.language,
            "status": post.status,
            "written_at": post.submitted_at.isoformat(),
            "published_at": post.published_at.isoformat() if post.published_at else "",
        }


RECORDS: dict[str, Callable[[Workspace], Iterator[Record]]] = {
    "reviews": review_records,
    "questions": post_records,
}
# Of a sheet; a record has more where a cell could not hold it.
HEADERS = {
    "reviews": (
        "review_id", "sku", "product", "kind", "overall", "quality", "value", "fit", "title", "body", "pros", "cons",
        "author_name", "author_email", "customer_id", "language", "situation", "incentive", "collected_by",
        "imported_from", "is_verified", "is_verified_there", "status", "rejection_reason", "helpful", "unhelpful",
        "response", "responded_at", "written_at", "published_at", "may_share",
    ),
    "questions": (
        "post_id", "kind", "question_id", "sku", "product", "author_name", "author_email", "is_company", "is_owner",
        "body", "language", "status", "written_at", "published_at",
    ),
}  # fmt: skip


def as_csv(what: str, workspace: Workspace) -> Iterator[str]:
    """A sheet of `what` (a key of RECORDS), in pieces."""
    names = HEADERS[what]
    yield from csv_lines([names])
    yield from csv_lines([_cell(record[name]) for name in names] for record in RECORDS[what](workspace))


def as_json_lines(what: str, workspace: Workspace) -> Iterator[str]:
    """A JSON object a line, in pieces of several lines."""
    yield from in_pieces(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS[what](workspace))


def in_pieces(texts: Iterable[str]) -> Iterator[str]:
    """Several at a time: each piece of a streamed answer costs something."""
    rest = iter(texts)
    while piece := list(islice(rest, PIECE)):
        yield "".join(piece)


def in_chunks(rows: QuerySet[M]) -> Iterator[M]:
    """All rows by their key, a query for AT_ONCE of them: no cursor stays open while somebody downloads slowly."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield from chunk
        last = chunk[-1].pk


def _review(review: Review) -> Record:
    rating = getattr(review, "rating", None)
    return {
        "review_id": review.pk,
        "sku": review.product.sku,
        "product": review.product.name,
        "kind": review.kind,
        **{name: getattr(rating, name, None) for name in ("overall", "quality", "value")},
        "fit": rating.fit if rating else "",
        "title": review.title,
        "body": review.body,
        "pros": review.pros,
        "cons": review.cons,
        "author_name": review.author_name,
        "author_email": review.customer.email,
        "customer_id": review.customer.external_id or "",
        "language": review.language,
        "situation": review.situation,
        "incentive": review.incentive,
        "collected_by": review.collected_by,
        "imported_from": review.imported_from,
        "is_verified": review.is_verified,
        "is_verified_there": review.is_verified_there,
        "status": review.status,
        "rejection_reason": review.rejection_reason,
        "helpful": review.helpful_count,
        "unhelpful": review.unhelpful_count,
        "response": review.response,
        "responded_at": review.responded_at.isoformat() if review.responded_at else "",
        "written_at": review.submitted_at.isoformat(),
        "published_at": review.published_at.isoformat() if review.published_at else "",
        "may_share": review.shared_at is not None,
        "origins": [
            {"source": origin.source, "id": origin.external_id, "columns": origin.columns}
            for origin in review.origins.all()
        ],
    }


def _cell(value: Any) -> Any:
    """As a sheet holds it: points one a line, a situation as JSON, yes and no as words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "\n".join(value)
        case dict():
            return json.dumps(value, ensure_ascii=False) if value else ""
        case None:
            return ""
        case _:
            return value
