"""From events to needs, stages and stage changes."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Unread
from journeys.inferring import infer_needs, lapse_needs, rebuild_needs
from journeys.models import CustomerNeed, Need, ReadingPosition, Stage, StageChange
from tests import make
from tests.journeys.telling import a_busy_year, infer, steps, story, the_need, told_from_nothing
from tests.make import NOW
from tests.make_journeys import comparing, did, need, ordered, send, shop, viewed

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# ---- what events mean to which need ------------------------------------------------------


def test_looking_around_and_choosing_reaches_the_shortlist() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    assert infer_needs(now=NOW)["taken"] == 1
    found = the_need()
    assert found.stage == Stage.SHORTLIST
    assert found.probability == found.beliefs[2] > 0.6
    assert steps() == [("none", "awareness"), ("awareness", "shortlist")]
    assert [entry["name"] for entry in found.evidence] == ["Product Added", "Product Viewed"]
    assert not Unread.objects.filter(reader="journeys").exists()
    assert infer_needs(now=NOW)["taken"] == 0


def test_one_customer_has_several_needs_each_at_its_own_stage() -> None:
    workspace = shop()
    need(workspace, "jackets", search_terms=["rain jacket"])
    send(
        workspace,
        *comparing(NOW - HOUR),
        ordered("o1", ["b"], NOW - MINUTE),
        did("Products Searched", NOW - MINUTE, query="light rain jacket"),
        did("Products Searched", NOW - MINUTE, query="rain jacket blue"),
        did("Products Searched", NOW - MINUTE, query="train jackets"),  # not these words
    )
    infer()
    assert the_need("shoes").stage == Stage.POST_PURCHASE
    assert the_need("jackets").stage == Stage.AWARENESS
    assert len(the_need("jackets").state["marks"]) == 2


@pytest.mark.parametrize(
    ("rules", "event"),
    [
        ({"categories": ["running"]}, {"name": "Product List Viewed", "category": "Shoes > Running"}),
        ({"skus": ["SKU-7"]}, {"name": "Product Clicked", "product_id": "sku-7"}),
        ({"search_terms": ["trail shoes"]}, {"name": "Products Searched", "query": "Trail  shoes, red"}),
        (
            {"page_topics": ["foot pain"]},
            {"name": "Help", "kind": "page", "path": "/blog/foot-pain", "title": "Foot pain?"},
        ),
        ({"categories": ["shoes"]}, {"name": "Cart Viewed", "products": [{"sku": "x", "category": "shoes"}]}),
        ({"categories": ["nothing else"]}, {"name": "Guide Read", "need": "shoes"}),
    ],
    ids=["category path", "sku", "search term", "page topic", "one of a list", "named by the event"],
)
def test_an_event_finds_its_need_by_any_rule(rules: dict[str, Any], event: dict[str, Any]) -> None:
    workspace = shop(**rules)
    need(workspace, "other")
    send(workspace, did(**{"at": NOW, **event}))
    infer()
    assert CustomerNeed.objects.get().need.slug == "shoes"


def test_the_catalogue_tells_the_category_where_the_event_does_not() -> None:
    workspace = shop()
    make.product(workspace, "A-1", category="Shoes")
    send(
        workspace, did("Product Viewed", NOW, product_id="A-1"), did("Product Viewed", NOW, product_id="A-2")
    )
    infer()
    assert [entry["subject"] for entry in the_need().evidence] == ["A-1"]


def test_an_event_without_products_in_it_speaks_of_what_is_in_the_cart() -> None:
    workspace = shop()
    need(workspace, "jackets")
    send(workspace, *comparing(NOW - HOUR), viewed("j", NOW - HOUR, category="jackets"))
    send(workspace, did("Checkout Started", NOW - MINUTE, order_id="o1"))
    infer()
    assert the_need("shoes").stage == Stage.PURCHASE
    assert the_need("jackets").beliefs[3] < 0.1


def test_a_tick_taken_back_is_no_evidence() -> None:
    workspace = shop()
    send(workspace, did("Guide Checked", NOW, need="shoes", criterion="sole", on=False))
    infer()
    assert not CustomerNeed.objects.exists()


def test_events_of_no_need_open_none_and_are_read_only_once() -> None:
    workspace = shop()
    send(workspace, did("Song Played", NOW), viewed("x", NOW, category="books"))
    infer()
    assert not CustomerNeed.objects.exists()
    assert ReadingPosition.objects.get().last_event_id > 0


def test_another_workspace_is_not_read_by_these_rules() -> None:
    workspace, other = shop(), make.workspace()
    send(other, *comparing(NOW - HOUR))
    send(workspace, viewed("a", NOW))
    infer()
    assert {row.workspace_id for row in CustomerNeed.objects.all()} == {workspace.pk}


def test_an_order_refunded_by_its_number_alone_goes_back_to_the_shortlist() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - DAY), ordered("o1", ["b"], NOW - HOUR))
    infer()
    send(workspace, did("Order Refunded", NOW, order_id="o1"))
    infer()
    assert the_need().stage == Stage.SHORTLIST
    assert the_need().state["flag"] == "refunded"


# ---- silence ---------------------------------------------------------------------------------


def test_silence_lapses_needs_and_nothing_happens_twice() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    assert lapse_needs(now=NOW + DAY).done == 0
    later = NOW + 60 * DAY
    assert lapse_needs(now=later)["changes"] == 1
    assert lapse_needs(now=later).done == 0
    lapsed = the_need()
    assert (lapsed.stage, lapsed.dormant_since) == (Stage.NONE, StageChange.objects.latest("at").at)
    assert lapsed.dormant_since is not None
    assert lapsed.dormant_since < later
    assert story(workspace) == told_from_nothing(workspace, later)
    lapse_needs(now=NOW + 200 * DAY)
    assert CustomerNeed.objects.get().closed_reason == "lapsed"


def test_a_need_of_an_inactive_kind_lapses_too() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    Need.objects.update(is_active=False)
    assert lapse_needs(now=NOW + 60 * DAY)["taken"] == 1
    assert lapse_needs(now=NOW + 60 * DAY).done == 0


def test_needs_with_unread_events_are_not_lapsed_behind_their_back() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - 60 * DAY))
    infer(NOW - 60 * DAY)
    send(workspace, viewed("a", NOW - 59 * DAY), at=NOW)
    assert lapse_needs(now=NOW).done == 0


# ---- the same story, however it is read ----------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_reading_in_any_chunks_and_rebuilding_tell_the_same_to_the_last_digit(seed: int) -> None:
    workspace = shop()
    need(workspace, "hats")
    chance = random.Random(seed)
    left = a_busy_year(seed)
    while left:
        batch, left = left[: (size := chance.randrange(1, 30))], left[size:]
        send(workspace, *batch, at=NOW)
        if chance.random() < 0.6:
            infer_needs(now=NOW, limit=chance.randrange(1, 8))
    infer()
    lapse_needs(now=NOW)
    read = story(workspace)
    rebuild_needs(workspace_id=workspace.pk, now=NOW)
    assert story(workspace) == read
    assert told_from_nothing(workspace) == read
    assert len(read["changes"]) > 30


def test_a_customer_with_more_events_than_one_run_reads_is_read_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = shop()
    monkeypatch.setattr("journeys.inferring.steps.MOST_EVENTS", 3)
    send(workspace, *a_busy_year(7, users=1), at=NOW)
    assert infer_needs(now=NOW)["events"] == 3
    assert Unread.objects.filter(reader="journeys").exists()
    infer()
    lapse_needs(now=NOW)
    assert not Unread.objects.filter(reader="journeys").exists()
    assert story(workspace) == told_from_nothing(workspace)


def test_each_workspace_with_news_gets_its_share_of_a_chunk() -> None:
    busy, quiet = shop(), shop()
    for n in range(12):
        send(busy, viewed("a", NOW - HOUR, f"u{n}"))
    send(quiet, viewed("a", NOW))
    assert infer_needs(now=NOW, limit=4)["taken"] == 3
    assert CustomerNeed.objects.filter(workspace=quiet).count() == 1
    assert CustomerNeed.objects.filter(workspace=busy).count() == 2


@pytest.mark.parametrize("late", [False, True])
def test_the_number_of_statements_does_not_grow_with_the_customers(late: bool) -> None:
    def statements(users: int) -> int:
        workspace = shop()
        for user in range(users):
            send(workspace, *comparing(NOW - HOUR, f"u{user}"))
        if late:
            infer()
            for user in range(users):
                send(workspace, viewed("early", NOW - DAY, f"u{user}"), at=NOW)
        with CaptureQueriesContext(connection) as captured:
            assert infer_needs(now=NOW, limit=users)["taken"] == users
        return len(captured)

    assert statements(100) == statements(10) < 25
