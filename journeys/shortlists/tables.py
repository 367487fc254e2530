"""Reads: a shortlist side by side, what fails a must-have last; in a number of queries that does not grow with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import F
from django.utils.translation import gettext as _

from engagement.questions import fits_beside
from journeys.models import Guide, GuideStatus, GuideVersion, Need, Shortlist, ShortlistFriend, ShortlistItem
from journeys.shortlists.keeping import is_outside
from journeys.situations import Asked, asked_of, situation_of

MOST_FACTS = 10
MOST_CRITERIA = 8


class Said(NamedTuple):
    """What a friend said of an item."""

    friend_id: int
    name: str
    vote: int
    comment: str


class Column(NamedTuple):
    """One item with what is known of it. `fails` is whether it is known not to meet a must-have."""

    item: ShortlistItem
    is_outside: bool
    url: str
    fails: bool
    open: int
    votes_for: int
    votes_against: int
    said: list[Said]


class Row(NamedTuple):
    """A must-have or a fact: its name, and a cell for each column."""

    key: str
    label: str
    cells: list[Any]


class Table(NamedTuple):
    shortlist: Shortlist
    columns: list[Column]
    must_haves: list[Row]
    facts: list[Row]
    fits: list[str]
    situation: list[Asked]
    friends: list[ShortlistFriend]

    @property
    def chosen(self) -> Column | None:
        return next((column for column in self.columns if column.item.chosen_at), None)


def table_of(shortlist: Shortlist, *, with_situation: bool = True) -> Table:
    """The shortlist side by side: what may still do comes first, in the order in which it was added."""
    said: dict[int, list[Said]] = {}
    friends = list(
        ShortlistFriend.objects.filter(link__shortlist=shortlist, removed_at=None).prefetch_related("words")
    )
    for friend in friends:
        for word in friend.words.all():
            said.setdefault(word.item_id, []).append(Said(friend.pk, friend.name, word.vote, word.comment))
    keys = [row["key"] for row in shortlist.must_haves]
    columns = sorted(
        (_column(item, keys, said.get(item.pk, [])) for item in shortlist.items.select_related("product")),
        key=lambda column: column.fails,
    )
    must_haves = [
        Row(row["key"], row["text"], [(column, column.item.met.get(row["key"])) for column in columns])
        for row in shortlist.must_haves
    ]
    answers = situation_of(shortlist.customer, shortlist.need) if with_situation else {}
    situation = [one for one in asked_of(shortlist.need, answers) if one.answer is not None]
    fits = _fits(shortlist, columns, answers) if situation else []
    return Table(shortlist, columns, must_haves, _facts(columns), fits, situation, friends)


def _fits(shortlist: Shortlist, columns: Sequence[Column], answers: Mapping[str, Any]) -> list[str]:
    """What most people like the customer said of each product's fit, or why that is not known; one query."""
    products = [column.item.product for column in columns if column.item.product]
    found = fits_beside(
        products=products,
        situation=answers,
        topic=shortlist.need.slug,
        reader_key=f"customer:{shortlist.customer_id}",
    )
    return [_in_words(found.get(column.item.product_id or 0)) for column in columns]


def _in_words(fit: Any) -> str:
    if fit is None:
        return "–"
    if lack := getattr(fit, "lack", None):
        return str(lack.label)
    most = max(fit.shares, key=lambda share: share.share)
    figures = {"option": most.option, "share": round(100 * most.share)}
    interval = {"low": round(100 * most.low), "high": round(100 * most.high)}
    return _("%(option)s: %(share)s %% (%(low)s–%(high)s)") % (figures | interval)


def _column(item: ShortlistItem, keys: Sequence[str], said: list[Said]) -> Column:
    return Column(
        item=item,
        is_outside=is_outside(item),
        url=item.url or (item.product.url if item.product else ""),
        fails=any(item.met.get(key) is False for key in keys),
        open=sum(key not in item.met for key in keys),
        votes_for=sum(one.vote > 0 for one in said),
        votes_against=sum(one.vote < 0 for one in said),
        said=said,
    )


def _facts(columns: Sequence[Column]) -> list[Row]:
    """What the catalogue says of at least two of them, in the order in which it says it."""
    told = [
        {key: value for key, value in (column.item.product.attributes if column.item.product else {}).items()
         if isinstance(value, str | int | float)}
        for column in columns
    ]  # fmt: skip
    keys = list(dict.fromkeys(key for attributes in told for key in attributes))
    shared = [key for key in keys if sum(key in attributes for attributes in told) > 1]
    return [
        Row(key, key.replace("_", " "), [attributes.get(key, "") for attributes in told])
        for key in shared[:MOST_FACTS]
    ]


def criteria_of(need: Need, *, language: str) -> list[str]:
    """What the need's published guides say to look for: must-haves that a customer may take over. One query."""
    versions = GuideVersion.objects.filter(
        guide__need=need, guide__status=GuideStatus.PUBLISHED, number=F("guide__published_version")
    ).select_related("guide")
    spoken = sorted(versions, key=lambda version: (not _speaks(version.guide, language), version.guide_id))
    if not spoken:
        return []
    tongue = spoken[0].guide.language
    found = [
        item["criterion"]
        for version in spoken
        if version.guide.language == tongue
        for block in version.blocks
        if block["kind"] == "checklist"
        for item in block["items"]
    ]
    return list(dict.fromkeys(found))[:MOST_CRITERIA]


def _speaks(guide: Guide, language: str) -> bool:
    return guide.language.split("-")[0].lower() == language.split("-")[0].lower()
