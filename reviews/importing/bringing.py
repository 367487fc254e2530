"""Lines that were found good become reviews: customers, reviews, figures, versions, origins, a thousand at a time.

Newest first: of two reviews by one person about one product the newer is shown, and the older kept beside it. A review
that its author wrote here is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from engagement.statements import run_statement
from reviews.importing.lines import Parsed
from reviews.importing.making import make_reviews
from reviews.importing.matching import find_or_make_customers, find_products, known_ids, make_stubs
from reviews.importing.settling import Settled, settle_lines
from reviews.models import LineOutcome, MissingProducts, Review, ReviewImport, ReviewImportLine
from reviews.tallying import mark_stale
from reviews.verifying import verify_reviews


class Found(NamedTuple):
    """A line with the product that it speaks of."""

    line: ReviewImportLine
    parsed: Parsed
    product_id: int


def bring_lines(batch: ReviewImport, *, now: datetime, limit: int) -> int:
    """Import up to `limit` lines, newest first; returns how many there were."""
    ready = batch.lines.filter(outcome=LineOutcome.READY).order_by("-at", "number")
    lines = list(ready.defer("cells")[:limit])
    settled, wanted = _sort_out(batch, lines)
    customers = find_or_make_customers(
        workspace_id=batch.workspace_id,
        people=[(found.parsed.email, found.parsed.author_name) for found in wanted],
        now=now,
    )
    pairs = list(zip(customers, [found.product_id for found in wanted], strict=True))
    standing = _standing(pairs)
    first = {pair: place for place, pair in reversed(list(enumerate(pairs))) if pair not in standing}
    made = make_reviews(batch, [(pair[0], wanted[place]) for pair, place in first.items()], now=now)
    reviews = standing | made
    brought = [
        Settled(
            found.line,
            LineOutcome.IMPORTED if first.get(pair) == place else LineOutcome.EARLIER,
            found.line.message,
            reviews[pair],
        )
        for place, (found, pair) in enumerate(zip(wanted, pairs, strict=True))
    ]
    _keep_origins(batch, brought, now)
    settle_lines([*settled, *brought])
    verify_reviews(made.values())
    mark_stale(workspace_id=batch.workspace_id, product_ids=[product_id for _, product_id in first], now=now)
    return len(lines)


def _sort_out(batch: ReviewImport, lines: Sequence[ReviewImportLine]) -> tuple[list[Settled], list[Found]]:
    """Lines that came in since they were checked, or whose product went away; and those to import."""
    parsed = [Parsed(**line.parsed) for line in lines if line.parsed is not None]
    known = known_ids(batch=batch, external_ids=[one.external_id for one in parsed])
    products = find_products(
        workspace_id=batch.workspace_id, names=[name for one in parsed for name in one.products]
    )
    if batch.missing_products == MissingProducts.STUB:
        missing = [one for one in parsed if not any(name in products for name in one.products)]
        products |= make_stubs(
            batch=batch, products={one.products[0]: one.product_name for one in reversed(missing)}
        )
    settled: list[Settled] = []
    wanted: list[Found] = []
    for line, one in zip(lines, parsed, strict=True):
        product_id = next((products[name] for name in one.products if name in products), None)
        if one.external_id in known:
            settled.append(
                Settled(line, LineOutcome.KNOWN, _("It was imported before."), known[one.external_id])
            )
        elif product_id is None:
            settled.append(
                Settled(line, LineOutcome.REFUSED, _("Its product is not in the catalogue any more."))
            )
        else:
            wanted.append(Found(line, one, product_id))
    return settled, wanted


def _standing(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """{(customer, product): review} of those that are there already."""
    rows = Review.objects.filter(
        customer_id__in={customer for customer, _ in pairs}, product_id__in={product for _, product in pairs}
    ).values_list("customer_id", "product_id", "id")
    wanted = set(pairs)
    return {(customer, product): pk for customer, product, pk in rows if (customer, product) in wanted}


def _keep_origins(batch: ReviewImport, brought: Sequence[Settled], now: datetime) -> None:
    """Every column of each line, beside its review."""
    run_statement(
        "reviews.keep_origins",
        {
            "lines": [one.line.pk for one in brought],
            "reviews": [one.review_id for one in brought],
            "shown": [one.outcome == LineOutcome.IMPORTED for one in brought],
            "columns": batch.columns,
            "source": batch.source,
            "now": now,
        },
    )
