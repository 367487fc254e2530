"""From events to needs, stages and stage changes."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Merge, Unread, Workspace
from engagement.people.merging import merge_customers
from engagement.unread import LoggedEvent, Reading, read_event_log
from journeys import defining
from journeys.closing import ClosedForGood, close_need, reopen_need, snooze_need
from journeys.inferring import infer_needs, lapse_needs, rebuild_needs
from journeys.models import CustomerNeed, EvidenceWeight, Need, ReadingPosition, Stage, StageChange
from tests import make
from tests.journeys.telling import a_busy_year, story, told_from_nothing
from tests.make import NOW
from tests.make_journeys import added, comparing, did, need, ordered, person, send, shop, viewed

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def infer(now: datetime = NOW) -> None:
    while infer_needs(now=now).done:
        pass


def the_need(slug: str = "shoes", user: str = "ana") -> CustomerNeed:
    return CustomerNeed.objects.get(need__slug=slug, customer__identities__value=user, closed_at=None)


def steps(**which: Any) -> list[tuple[str, str]]:
    changes = StageChange.objects.filter(superseded_at=None, **which).order_by("at", "id")
    return [(change.from_stage, change.to_stage) for change in changes]


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


# ---- late events ---------------------------------------------------------------------------


def test_a_late_event_is_told_in_its_place() -> None:
    workspace = shop()
    look, view, *rest = comparing(NOW - HOUR)
    send(workspace, *rest, at=NOW - 30 * MINUTE)
    infer()
    assert steps() == [("none", "shortlist")]
    send(workspace, look, view, at=NOW)
    infer()
    assert steps() == [("none", "awareness"), ("awareness", "shortlist")]
    assert story(workspace) == told_from_nothing(workspace)


def test_a_considered_change_is_not_put_forward_again_when_a_late_event_moves_it() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR)[:2], added("a", NOW - MINUTE))
    infer()
    StageChange.objects.update(considered_at=NOW)
    before = {change.to_stage: change for change in StageChange.objects.all()}
    send(workspace, did("Guide Read", NOW - 2 * HOUR, need="shoes"), at=NOW)
    infer()
    after = {change.to_stage: change for change in StageChange.objects.all()}
    assert {stage: change.pk for stage, change in after.items()} == {
        stage: change.pk for stage, change in before.items()
    }
    assert after["awareness"].at < before["awareness"].at
    assert after["shortlist"].probability != before["shortlist"].probability
    assert not StageChange.objects.filter(considered_at=None).exists()


def test_a_change_that_a_late_event_undoes_is_superseded_and_never_considered() -> None:
    workspace = shop()
    send(workspace, did("Product List Viewed", NOW - HOUR, category="shoes"), viewed("a", NOW - HOUR))
    infer()
    assert steps() == [("none", "awareness")]
    # They had bought before all that, so these looks were no new need.
    send(workspace, ordered("o1", ["a"], NOW - DAY), at=NOW)
    infer()
    assert steps() == [("none", "post_purchase")]
    gone = StageChange.objects.get(to_stage="awareness")
    assert gone.superseded_at == gone.considered_at == NOW


def test_a_late_event_can_take_a_need_away_without_taking_its_row() -> None:
    """Two needs, a year apart, become one when it turns out that the customer was there in between."""
    workspace = shop()
    send(workspace, viewed("a", NOW - 300 * DAY), viewed("z", NOW - 10 * DAY), at=NOW - 10 * DAY)
    infer()
    second = CustomerNeed.objects.get(sequence=2)
    send(workspace, viewed("b", NOW - 150 * DAY), at=NOW)
    infer()
    second.refresh_from_db()
    assert second.closed_reason == "retold"
    assert the_need().sequence == 1
    assert story(workspace) == told_from_nothing(workspace)


def test_a_late_event_reads_the_log_only_back_to_the_need_it_belongs_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - 700 * DAY), *comparing(NOW - 400 * DAY), viewed("z", NOW - HOUR))
    infer()
    read: list[int] = []

    def counting(readings: Iterable[Reading]) -> list[LoggedEvent]:
        found = read_event_log(readings)
        read.append(len(found))
        return found

    monkeypatch.setattr("journeys.inferring.steps.read_event_log", counting)
    send(workspace, viewed("late", NOW - 30 * MINUTE), viewed("y", NOW - 20 * MINUTE), at=NOW)
    infer()
    assert read == [0]
    send(workspace, viewed("later", NOW - 25 * MINUTE), at=NOW)
    infer()
    assert read == [0, 4]
    assert CustomerNeed.objects.count() == 3
    assert story(workspace) == told_from_nothing(workspace)


def test_what_left_no_trace_counts_once_a_late_event_gives_it_a_meaning() -> None:
    workspace = shop()
    send(workspace, did("Product Removed", NOW - HOUR, product_id="a", category="shoes"))
    infer()
    assert not CustomerNeed.objects.exists()
    send(workspace, viewed("a", NOW - 2 * HOUR), at=NOW)
    infer()
    assert "product removed" in {mark[5] for mark in the_need().state["marks"]}
    assert story(workspace) == told_from_nothing(workspace)


def test_a_checkout_without_products_counts_once_the_cart_is_known() -> None:
    workspace = shop()
    send(workspace, did("Checkout Started", NOW - HOUR))
    infer()
    send(workspace, viewed("a", NOW - 3 * HOUR), added("a", NOW - 2 * HOUR), at=NOW)
    infer()
    assert the_need().stage == Stage.PURCHASE
    assert story(workspace) == told_from_nothing(workspace)


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


# ---- the customer's word -----------------------------------------------------------------------


def test_not_relevant_closes_at_once_and_survives_new_events_and_rebuilds() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    closed = the_need()
    before = close_need(customer_need_id=closed.pk, reason="not_relevant", now=NOW)
    assert before == (None, "", None)
    closed.refresh_from_db()
    assert (closed.closed_at, closed.closed_reason) == (NOW, "not_relevant")
    infer()
    send(workspace, *comparing(NOW + HOUR))
    infer(NOW + 2 * HOUR)
    rebuild_needs(workspace_id=workspace.pk, now=NOW + 2 * HOUR)
    only = CustomerNeed.objects.get()
    assert (only.pk, only.closed_at, only.closed_reason) == (closed.pk, NOW, "not_relevant")
    assert story(workspace) == told_from_nothing(workspace, NOW + 2 * HOUR)


def test_closing_is_taken_back_before_and_after_inference_has_read_it() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    pk = the_need().pk
    close_need(customer_need_id=pk, reason="not_relevant", now=NOW)
    reopen_need(customer_need_id=pk, now=NOW + MINUTE)
    infer(NOW + MINUTE)
    assert the_need().pk == pk
    close_need(customer_need_id=pk, reason="not_relevant", now=NOW + HOUR)
    infer(NOW + HOUR)
    reopen_need(customer_need_id=pk, now=NOW + 2 * HOUR)
    infer(NOW + 2 * HOUR)
    assert the_need().stage == Stage.SHORTLIST
    assert story(workspace) == told_from_nothing(workspace, NOW + 2 * HOUR)


def test_what_silence_closed_no_word_reopens() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - 300 * DAY))
    infer()
    with pytest.raises(ClosedForGood):
        reopen_need(customer_need_id=CustomerNeed.objects.get().pk, now=NOW)
    assert CustomerNeed.objects.get().closed_reason == "lapsed"


def test_a_snooze_stands_at_once_and_after_a_rebuild_and_can_be_taken_back() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    pk = the_need().pk
    until = NOW + 9 * DAY
    assert snooze_need(customer_need_id=pk, until=until, now=NOW).snoozed_until is None
    assert the_need().snoozed_until == until
    infer()
    rebuild_needs(workspace_id=workspace.pk, now=NOW)
    assert the_need().snoozed_until == until
    assert snooze_need(customer_need_id=pk, until=None, now=NOW + MINUTE).snoozed_until == until
    infer(NOW + MINUTE)
    assert the_need().snoozed_until is None


def test_a_need_that_was_written_by_hand_is_read_on_from_its_columns() -> None:
    workspace = shop()
    row = CustomerNeed.objects.create(
        workspace=workspace, customer=make.customer(workspace, external_id="ana"), need=Need.objects.get(),
        stage="awareness", stage_since=NOW - DAY, probability=0.8, beliefs=[0.1, 0.8, 0.1, 0, 0], as_of=NOW - DAY,
        opened_at=NOW - DAY,
    )  # fmt: skip
    send(workspace, added("b", NOW))
    infer()
    row.refresh_from_db()
    assert row.stage == Stage.SHORTLIST


# ---- rules and weights change --------------------------------------------------------------------


def test_a_changed_weight_retells_everybody_without_nudging_about_old_news() -> None:
    workspace = shop()
    for user in ("ana", "ben"):
        send(workspace, did("Guide Read", NOW - HOUR, user, need="shoes"))
    infer()
    assert steps() == []
    defining.save_weights(
        workspace=workspace, need=None, signal="guide read", weights={"shortlist": 6.0}, actor=None, now=NOW
    )
    assert infer_needs(now=NOW)["retold"] == 2
    assert infer_needs(now=NOW).done == 0
    assert steps() == [("none", "shortlist")] * 2
    assert not StageChange.objects.filter(considered_at=None).exists()
    assert story(workspace) == told_from_nothing(workspace)


def test_new_events_after_a_change_of_rules_are_news() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR)[:2])
    infer()
    assert steps() == [("none", "awareness")]
    EvidenceWeight.objects.filter(signal="product added").update(weight=3.5)
    Need.objects.update(version=2)
    send(workspace, added("a", NOW))
    infer()
    assert list(StageChange.objects.filter(considered_at=None).values_list("to_stage", flat=True)) == [
        "awareness",
        "shortlist",
    ]


def test_rules_that_no_longer_fit_take_the_need_away() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    Need.objects.update(rules={"categories": ["hats"]}, version=2)
    infer()
    assert CustomerNeed.objects.get().closed_reason == "retold"
    assert steps() == []
    Need.objects.update(rules={"categories": ["shoes"]}, version=3)
    infer()
    assert the_need().stage == Stage.SHORTLIST


def test_a_need_can_have_weights_of_its_own() -> None:
    workspace = shop()
    hats = need(workspace, "hats")
    EvidenceWeight.objects.create(
        workspace=workspace, need=hats, signal="product list viewed", stage="awareness", weight=4
    )
    send(
        workspace,
        did("Product List Viewed", NOW, category="hats"),
        did("Product List Viewed", NOW, category="shoes"),
    )
    infer()
    assert the_need("hats").stage == Stage.AWARENESS
    assert the_need("shoes").stage == Stage.NONE


# ---- merges ---------------------------------------------------------------------------------------


def two_halves(workspace: Workspace) -> tuple[Customer, Customer]:
    looks = comparing(NOW - HOUR, "visitor")
    send(workspace, *looks[:2])
    send(workspace, added("c", NOW - 40 * MINUTE))
    infer()
    return person(workspace, "visitor"), person(workspace, "ana")


def merge(workspace: Workspace, source: Customer, target: Customer) -> None:
    assert merge_customers(
        workspace_id=workspace.pk, source_id=source.pk, target_id=target.pk, cause="api", now=NOW
    )


def test_after_a_merge_the_target_tells_the_joined_story() -> None:
    workspace = shop()
    source, target = two_halves(workspace)
    assert not CustomerNeed.objects.filter(customer=target, stage="shortlist").exists()
    merge(workspace, source, target)
    infer()
    found = CustomerNeed.objects.get(closed_at=None)
    assert (found.customer_id, found.stage) == (target.pk, Stage.SHORTLIST)
    assert not CustomerNeed.objects.filter(customer=source, closed_at=None).exists()
    assert Merge.objects.get().absorbed_by == ["journeys"]
    assert story(workspace) == told_from_nothing(workspace)


def test_a_merge_moves_a_need_that_the_target_does_not_have_with_its_considered_changes() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR, "visitor"))
    send(workspace, did("Song Played", NOW - HOUR))
    infer()
    StageChange.objects.update(considered_at=NOW)
    before = set(StageChange.objects.values_list("id", "to_stage"))
    moved = CustomerNeed.objects.get()
    target = person(workspace)
    merge(workspace, person(workspace, "visitor"), target)
    infer()
    moved.refresh_from_db()
    assert (moved.customer_id, moved.closed_at) == (target.pk, None)
    assert set(StageChange.objects.filter(customer=target).values_list("id", "to_stage")) == before
    assert not StageChange.objects.filter(considered_at=None).exists()


def test_merges_in_a_row_end_with_the_living_customer() -> None:
    workspace = shop()
    for user in ("first", "second"):
        send(workspace, *comparing(NOW - HOUR, user))
    send(workspace, viewed("q", NOW - MINUTE))
    infer()
    first, second, ana = (person(workspace, user) for user in ("first", "second", "ana"))
    merge(workspace, first, second)
    merge(workspace, second, ana)
    infer()
    assert CustomerNeed.objects.get(closed_at=None).customer_id == ana.pk
    assert all(row.absorbed_by == ["journeys"] for row in Merge.objects.all())
    assert story(workspace) == told_from_nothing(workspace)


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

    assert statements(500) == statements(10) < 25
