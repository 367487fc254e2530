"""Reviews for both sides: the same words, authors and times."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection

from engagement.models import Product, Workspace
from reviews.tallying import mark_stale, tally_ratings

WORDS = re.findall(
    r"\w+",
    "the heel of this pair sat loose at first and then after a week on wet roads it felt as if made for me "
    "I wear them for work and for long walks with the dog and they dry over night but the laces come undone "
    "a size larger than usual was right because my feet are wide and the toe box is rather narrow for that",
)
BEGAN = 1_600_000_000  # seconds since 1970


class Written(NamedTuple):
    at: int
    author: str
    body: str


def write(count: int) -> list[Written]:
    """So many reviews of some 45 words, a minute apart."""
    chance = random.Random(count)
    return [
        Written(
            BEGAN + 60 * n, f"Reader {n}", " ".join(chance.choices(WORDS, k=chance.randint(30, 60))) + "."
        )
        for n in range(count)
    ]


def keep(workspace: Workspace, sku: str, written: list[Written]) -> Product:
    """Put them into our tables as published reviews of one product, each by a customer of its own, with stars."""
    product = Product.objects.create(workspace=workspace, sku=sku, name=f"Product {sku}", category="shoes")
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {"workspace": workspace.pk, "product": product.pk, **_columns(written)})
    now = datetime.now(UTC)
    mark_stale(workspace_id=workspace.pk, product_ids=[product.pk], now=now)
    tally_ratings(now=now)
    return product


def _columns(written: list[Written]) -> dict[str, list[object]]:
    return {
        "times": [one.at for one in written],
        "authors": [one.author for one in written],
        "bodies": [one.body for one in written],
    }


KEEP = """
WITH told AS (
    SELECT row_number() OVER () AS n, to_timestamp(at) AS at, author, body
    FROM unnest(%(times)s::bigint[], %(authors)s::text[], %(bodies)s::text[]) AS given (at, author, body)
), people AS (
    INSERT INTO engagement_customer
        (workspace_id, external_id, name, email, traits, timezone, locale, first_seen_at, last_seen_at)
    SELECT %(workspace)s, %(product)s || '-' || n, author, '', '{}', '', '', at, at FROM told
    RETURNING id, external_id
), kept AS (
    INSERT INTO reviews_review
        (workspace_id, product_id, customer_id, kind, title, body, pros, cons, author_name, language, situation,
         need_slug, collected_by, incentive, status, rejection_reason, flags, version, shown_version, appeal,
         helpful_count, unhelpful_count, response, submitted_at, published_at)
    SELECT %(workspace)s, %(product)s, people.id, 'in_use', '', body, '{}', '{}', author, 'en', '{}',
           '', 'form', '', 'published', '', '[]', 1, 1, '', n %% 7, n %% 3, '', at, at
    FROM told JOIN people ON people.external_id = %(product)s || '-' || n
    RETURNING id
)
INSERT INTO reviews_reviewrating (review_id, workspace_id, overall, fit, version)
SELECT id, %(workspace)s, 1 + id %% 5, '', 1 FROM kept
"""
