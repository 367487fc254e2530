"""Stories told again: for late events, for other rules and weights, and for customers found to be one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from engagement.models import Customer, Merge, Workspace
from engagement.people.merging import merge_customers
from engagement.unread import LoggedEvent, Reading, read_event_log
from journeys import defining
from journeys.inferring import infer_needs
from journeys.models import CustomerNeed, EvidenceWeight, Need, Stage, StageChange
from tests.journeys.telling import infer, steps, story, the_need, told_from_nothing
from tests.make import NOW
from tests.make_journeys import added, comparing, did, need, ordered, person, send, shop, viewed

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


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
    to_tell = StageChange.objects.filter(considered_at=None).order_by("pk")
    assert list(to_tell.values_list("to_stage", flat=True)) == ["awareness", "shortlist"]


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
