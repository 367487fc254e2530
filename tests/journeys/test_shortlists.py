"""Shortlists: what is kept, marked and chosen, told as evidence, joined on a merge, and bounded in the database."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.erasing import erase_customer
from engagement.models import Customer, Event, Product
from engagement.people import merge_customers
from journeys.evidence import install_default_evidence
from journeys.inferring import infer_needs
from journeys.models import CustomerNeed, Need, Shortlist, ShortlistItem, ShortlistWord
from journeys.noting import note_situation
from journeys.shortlists import (
    BadItem,
    BadWord,
    Outside,
    choose_item,
    criteria_of,
    drop_item,
    hear_friend,
    keep_item,
    mark_items,
    open_link,
    remove_friend,
    revoke_link,
    set_must_haves,
    share_shortlist,
    table_of,
)
from journeys.shortlists.alternatives import alternatives_of
from journeys.shortlists.keeping import MOST_ITEMS
from journeys.shortlists.records import records_of
from journeys.shortlists.sharing import Word
from tests import make, make_guides
from tests.make import NOW
from tests.make_journeys_base import shoe_need
from tests.make_shortlists import kept, shortlist

pytestmark = pytest.mark.django_db


@pytest.fixture
def need() -> Need:
    return shoe_need(make.workspace())


@pytest.fixture
def ana(need: Need) -> Customer:
    return make.customer(need.workspace, external_id="ana")


@pytest.fixture
def tern(need: Need) -> Product:
    return make.product(need.workspace, "TERN", name="Tern", category="Road shoes")


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_own_products_and_alternatives_stand_on_one_list_once_each(
    need: Need, ana: Customer, tern: Product
) -> None:
    kept(ana, need, tern, "Other Runner", tern, "other runner")
    assert [str(item) for item in ShortlistItem.objects.all()] == ["Tern", "Other Runner"]
    assert names() == ["Shortlist Item Added"] * 2
    told = [event.properties for event in Event.objects.order_by("id")]
    assert (told[0]["product_id"], told[0]["is_outside"]) == ("TERN", False)
    assert (told[1]["name"], told[1]["is_outside"]) == ("Other Runner", True)


@pytest.mark.parametrize(
    ("what", "field"),
    [
        (Outside("  "), "name"),
        (Outside("x" * 201), "name"),
        (Outside("Shoe", "javascript:alert(1)"), "url"),
        (Outside("Shoe", "https://"), "url"),
    ],
)
def test_what_cannot_be_kept_is_said_by_field(need: Need, ana: Customer, what: Outside, field: str) -> None:
    with pytest.raises(BadItem) as refused:
        keep_item(customer=ana, need=need, what=what, now=NOW)
    assert refused.value.field == field
    assert not Shortlist.objects.exists()
    assert names() == []


def test_a_list_ends_somewhere(need: Need, ana: Customer) -> None:
    kept(ana, need, *(f"shoe {n}" for n in range(MOST_ITEMS)))
    with pytest.raises(BadItem):
        kept(ana, need, "one more")
    assert ShortlistItem.objects.count() == MOST_ITEMS


def test_what_fails_a_must_have_comes_last_and_each_mark_is_told_once(
    need: Need, ana: Customer, tern: Product
) -> None:
    found = shortlist(ana, need, tern, "Other", must=("Wide", "Light"))
    first, second = found.items.all()
    marks = {first.pk: {"wide": False}, second.pk: {"wide": True, "light": None}, 999: {"wide": True}}
    for _ in range(2):
        mark_items(shortlist=found, marks=marks, notes={first.pk: " narrow "}, now=NOW)
    table = table_of(found)
    assert [(str(column.item), column.fails, column.open) for column in table.columns] == [
        ("Other", False, 1),
        ("Tern", True, 1),
    ]
    assert names().count("Shortlist Item Checked") == 2
    first.refresh_from_db()
    assert first.note == "narrow"
    set_must_haves(shortlist=found, texts=["Light", "Wide"], now=NOW)
    second.refresh_from_db()
    assert second.met == {"wide": True}, "another order keeps the marks"


def test_keeping_is_evidence_of_the_shortlist_stage(need: Need, ana: Customer, tern: Product) -> None:
    install_default_evidence(need.workspace)
    kept(ana, need, tern, "Other")
    infer_needs(now=NOW)
    standing = CustomerNeed.objects.get(customer=ana)
    assert (standing.need, standing.stage) == (need, "shortlist")
    choose_item(item=ShortlistItem.objects.get(product=tern), now=NOW + timedelta(minutes=1))
    infer_needs(now=NOW + timedelta(minutes=2))
    standing.refresh_from_db()
    assert standing.stage == "purchase"


def test_deciding_for_something_not_sold_here_ends_the_need(need: Need, ana: Customer, tern: Product) -> None:
    install_default_evidence(need.workspace)
    kept(ana, need, tern, "Other")
    infer_needs(now=NOW)
    choose_item(item=ShortlistItem.objects.get(name="Other"), now=NOW)
    assert CustomerNeed.objects.get().closed_reason == "resolved"
    assert "Shortlist Alternative Chosen" in names()
    assert "Shortlist Item Chosen" not in names()


def test_one_choice_stands_at_a_time(need: Need, ana: Customer, tern: Product) -> None:
    other = make.product(need.workspace, "IBEX", name="Ibex")
    for item in kept(ana, need, tern, other):
        choose_item(item=item, now=NOW)
    assert [str(item) for item in ShortlistItem.objects.filter(chosen_at__isnull=False)] == ["Ibex"]


def test_friends_answer_by_a_link_until_it_is_taken_back(need: Need, ana: Customer, tern: Product) -> None:
    found = shortlist(ana, need, tern, "Other")
    first, second = found.items.all()
    link = share_shortlist(shortlist=found, label="Ben", now=NOW)
    assert open_link(link_id=link.pk, workspace_id=need.workspace_id, now=NOW) == link
    assert open_link(link_id=link.pk, workspace_id=make.workspace().pk, now=NOW) is None
    assert open_link(link_id=link.pk, workspace_id=need.workspace_id, now=NOW + timedelta(days=31)) is None
    said = {first.pk: Word(1, "Had them"), second.pk: Word(0), 999: Word(1)}
    ben = hear_friend(link=link, friend=None, name=" Ben ", words=said, now=NOW)
    hear_friend(link=link, friend=ben, name="Ben", words={first.pk: Word(-1)}, now=NOW + timedelta(hours=1))
    assert list(ShortlistWord.objects.values_list("item", "vote", "comment")) == [(first.pk, -1, "")]
    [column, _other] = table_of(found).columns
    assert (column.votes_for, column.votes_against, column.said[0].name) == (0, 1, "Ben")
    assert "Ben" not in str([event.properties for event in Event.objects.all()]), "no friend on a timeline"
    remove_friend(friend=ben, now=NOW)
    assert table_of(found).friends == []
    assert not ShortlistWord.objects.exists()
    revoke_link(link=link, now=NOW)
    assert open_link(link_id=link.pk, workspace_id=need.workspace_id, now=NOW) is None


@pytest.mark.parametrize(
    ("name", "word", "field"),
    [("", Word(1), "name"), ("Ben", Word(0), "comment"), ("Ben", Word(1, "x" * 501), "comment")],
)
def test_a_friend_says_something_under_a_name(
    need: Need, ana: Customer, tern: Product, name: str, word: Word, field: str
) -> None:
    found = shortlist(ana, need, tern)
    link = share_shortlist(shortlist=found, now=NOW)
    with pytest.raises(BadWord) as refused:
        hear_friend(link=link, friend=None, name=name, words={found.items.get().pk: word}, now=NOW)
    assert refused.value.field == field
    assert "Shortlist Friend Answered" not in names()


def test_two_customers_found_to_be_one_have_one_list(need: Need, ana: Customer, tern: Product) -> None:
    visitor = make.customer(need.workspace, external_id=None)
    theirs = shortlist(visitor, need, tern, "Seen before", must=("Wide",))
    link = share_shortlist(shortlist=theirs, now=NOW)
    hear_friend(link=link, friend=None, name="Ben", words={theirs.items.first().pk: Word(1)}, now=NOW)  # type: ignore[union-attr]
    shortlist(ana, need, tern, must=("Light",))
    merge_customers(
        workspace_id=need.workspace_id, source_id=visitor.pk, target_id=ana.pk, cause="identify", now=NOW
    )
    infer_needs(now=NOW)
    joined = Shortlist.objects.get()
    assert joined.customer == ana
    assert {str(item) for item in joined.items.all()} == {"Tern", "Seen before"}
    assert [row["text"] for row in joined.must_haves] == ["Light", "Wide"]
    assert sum(column.votes_for for column in table_of(joined).columns) == 1
    assert joined.links.get() == link


def test_a_list_alone_moves_as_it_is(need: Need, ana: Customer, tern: Product) -> None:
    visitor = make.customer(need.workspace, external_id=None)
    theirs = shortlist(visitor, need, tern)
    merge_customers(
        workspace_id=need.workspace_id, source_id=visitor.pk, target_id=ana.pk, cause="identify", now=NOW
    )
    # Kept again by a page that had found the visitor before: it is the customer's, and on the same list.
    kept(visitor, need, "Late")
    infer_needs(now=NOW)
    assert Shortlist.objects.get().customer == ana
    assert ShortlistItem.objects.filter(shortlist__customer=ana).count() == 2
    assert theirs.customer_id != ana.pk


def test_a_customer_takes_their_lists_away_and_erasing_leaves_nothing(
    need: Need, ana: Customer, tern: Product
) -> None:
    found = shortlist(ana, need, tern, "Other", must=("Wide",))
    share_shortlist(shortlist=found, label="Ben", now=NOW)
    [record] = records_of(ana)
    assert [item["name"] for item in record["items"]] == ["Tern", "Other"]
    assert (record["must_haves"], record["links"][0]["label"]) == (["Wide"], "Ben")
    erase_customer(customer=ana, actor=None, now=NOW)
    assert not Shortlist.objects.exists()
    assert not ShortlistItem.objects.exists()


def test_taking_something_off_is_told(need: Need, ana: Customer, tern: Product) -> None:
    [item] = kept(ana, need, tern)
    drop_item(item=item, now=NOW)
    assert names() == ["Shortlist Item Added", "Shortlist Item Removed"]
    assert not ShortlistItem.objects.exists()


def test_guides_lend_their_criteria_in_the_readers_language(need: Need) -> None:
    for language, text in (("en", "Width"), ("de", "Weite")):
        blocks = [{"kind": "checklist", "items": [{"criterion": text, "why": "It matters."}]}]
        make_guides.guide(need.workspace, need=need, language=language, blocks=blocks)
    assert criteria_of(need, language="de-AT") == ["Weite"]
    assert criteria_of(need, language="fr") == ["Width"]


def test_marketers_see_what_they_are_compared_with_but_no_single_persons_words(
    need: Need, tern: Product
) -> None:
    for n in range(4):
        customer = make.customer(need.workspace)
        must = ("Wide",) if n else ("My left foot",)
        found = shortlist(customer, need, tern, "Other Runner" if n else "Secret", must=must)
        if n == 1:
            choose_item(item=found.items.get(name="Other Runner"), now=NOW)
    shown = alternatives_of(need)
    assert (shown.shortlists, shown.with_outside, shown.shared) == (4, 4, 0)
    listed = [(row.name, row.is_outside, row.shortlists, row.chosen) for row in shown.listed]
    assert listed == [("Tern", False, 4, 0), ("other runner", True, 3, 1)]
    assert [(pair.own, pair.other, pair.together, pair.other_chosen) for pair in shown.rivals] == [
        ("Tern", "other runner", 3, 1)
    ]
    assert [(wish.text, wish.shortlists) for wish in shown.wishes] == [("Wide", 3)]


def test_fit_for_people_like_the_customer_stands_side_by_side(
    need: Need, ana: Customer, tern: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shortlist(ana, need, tern, "Other")
    assert table_of(found).fits == [], "nothing is known of the customer"
    note_situation(customer=ana, need=need, answers={"width": "wide"}, source="test", now=NOW)
    share = SimpleNamespace(option="as expected", share=0.82, low=0.7, high=0.91)
    told: list[Any] = []

    def fits_beside(**asked: Any) -> dict[int, Any]:
        told.append((asked["situation"], asked["need"]))
        return {tern.pk: SimpleNamespace(shares=[share])}

    monkeypatch.setattr("reviews.fits.fits_beside", fits_beside)
    assert table_of(found).fits == ["as expected: 82 % (70–91)", "–"]
    assert told == [({"width": "wide"}, need.slug)]
    monkeypatch.undo()
    assert table_of(found).fits[0] == "Nobody has told how it fitted yet"


def test_a_table_asks_as_often_for_many_as_for_few(
    need: Need, ana: Customer, tern: Product, django_assert_num_queries: Any
) -> None:
    products = [
        make.product(need.workspace, f"P{n}", name=f"P{n}", attributes={"drop": n}) for n in range(10)
    ]
    found = shortlist(ana, need, *products)
    link = share_shortlist(shortlist=found, now=NOW)
    for n in range(5):
        words = {item.pk: Word(1) for item in found.items.all()}
        hear_friend(link=link, friend=None, name=f"F{n}", words=words, now=NOW)
    with django_assert_num_queries(4):
        table = table_of(found)
    assert (len(table.columns), table.facts[0].label, table.columns[0].votes_for) == (10, "drop", 5)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "product": None},
        {"name": "Both", "product": "tern"},
        {"name": "Bad", "url": "javascript:alert(1)"},
        {"name": "TWICE"},
        {"product": "tern", "twice": True},
    ],
)
def test_the_database_keeps_items_in_shape(
    need: Need, ana: Customer, tern: Product, fields: dict[str, Any]
) -> None:
    found = shortlist(ana, need, tern, "twice")
    if fields.pop("product", None) == "tern":
        fields["product"] = tern
    fields.pop("twice", None)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShortlistItem.objects.create(workspace=need.workspace, shortlist=found, added_at=NOW, **fields)


def test_no_list_mixes_two_workspaces(need: Need) -> None:
    stranger = make.customer(make.workspace())
    with pytest.raises(ValueError, match="two workspaces"):
        kept(stranger, need, "Other")
    Shortlist.objects.create(
        workspace=need.workspace, customer=stranger, need=need, created_at=NOW, updated_at=NOW
    )
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
