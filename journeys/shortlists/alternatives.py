"""Reads for marketers: what people shortlist, against what, and what they will not go without.

Words that customers typed are shown only when several typed them, so that nobody is recognised by theirs.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, F, Q
from django.db.models.functions import Lower, Trim

from engagement.models import ProductKind
from engagement.statements import run_statement
from journeys.models import Need, Shortlist, ShortlistItem

LEAST = 3  # customers who named it
MOST = 30


class Listed(NamedTuple):
    """Something on shortlists: how many have it, how many chose it; `sku` is empty for what was typed."""

    name: str
    sku: str
    is_outside: bool
    shortlists: int
    chosen: int
    share: float


class Rival(NamedTuple):
    """Two things that stand on the same shortlists, how often, and which was chosen how often."""

    own: str
    other: str
    together: int
    own_chosen: int
    other_chosen: int


class Wish(NamedTuple):
    text: str
    shortlists: int


class Alternatives(NamedTuple):
    shortlists: int
    with_outside: int
    shared: int
    listed: list[Listed]
    rivals: list[Rival]
    wishes: list[Wish]


def alternatives_of(need: Need) -> Alternatives:
    """What the need's shortlists hold; six queries."""
    shortlists = Shortlist.objects.filter(need=need)
    figures = shortlists.aggregate(
        all=Count("pk", distinct=True),
        outside=Count(
            "pk", filter=Q(items__product=None, items__isnull=False) | Q(items__product__kind=ProductKind.OUTSIDE),
            distinct=True,
        ),
        shared=Count("pk", filter=Q(links__isnull=False), distinct=True),
    )  # fmt: skip
    return Alternatives(
        shortlists=figures["all"],
        with_outside=figures["outside"],
        shared=figures["shared"],
        listed=_listed(need, figures["all"]),
        rivals=_rivals(need),
        wishes=_wishes(need),
    )


def _listed(need: Need, total: int) -> list[Listed]:
    items = ShortlistItem.objects.filter(shortlist__need=need)
    known = (
        items.filter(product__isnull=False)
        .values(sku=F("product__sku"), title=F("product__name"), kind=F("product__kind"))
        .annotate(shortlists=Count("pk"), picked=Count("chosen_at"))
        .order_by("-shortlists", "sku")[:MOST]
    )
    typed = (
        items.filter(product=None)
        .values(title=Lower(Trim("name")))
        .annotate(shortlists=Count("pk"), picked=Count("chosen_at"))
        .filter(shortlists__gte=LEAST)
        .order_by("-shortlists", "title")[:MOST]
    )
    rows = [
        Listed(row["title"] or row["sku"], row["sku"], row["kind"] == ProductKind.OUTSIDE, row["shortlists"],
               row["picked"], row["shortlists"] / total)
        for row in known
    ] + [
        Listed(row["title"], "", True, row["shortlists"], row["picked"], row["shortlists"] / total) for row in typed
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.shortlists, row.name))[:MOST]


def _rivals(need: Need) -> list[Rival]:
    rows = run_statement(
        "journeys.read_rivals",
        {"workspace_id": need.workspace_id, "need_id": need.pk, "least": LEAST, "most": MOST},
    )
    return [Rival(**row) for row in rows]


def _wishes(need: Need) -> list[Wish]:
    rows = run_statement(
        "journeys.read_wishes",
        {"workspace_id": need.workspace_id, "need_id": need.pk, "least": LEAST, "most": MOST},
    )
    return [Wish(**row) for row in rows]
