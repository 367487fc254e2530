"""A change is announced with the change itself, once, to whom it concerns and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from engagement.auditing import record
from engagement.erasing import erase_customer
from engagement.events import SYSTEM_NAMES, SystemEvent
from engagement.ingesting import record_events
from engagement.models import Announcement, Delivery, Workspace
from engagement.people.merging import merge_customers
from engagement.webhooks.announcing import MOST_BYTES, announce, bounded
from engagement.webhooks.subscribing import switch_endpoint
from engagement.webhooks.types import OF_DEEDS, OF_EVENTS, TYPES, type_of_event
from tests import make
from tests.make_webhooks import announced, endpoint, news

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def told(workspace: Workspace) -> list[str]:
    return list(
        Announcement.objects.filter(workspace=workspace).order_by("pk").values_list("type", flat=True)
    )


def test_nothing_is_written_where_nobody_listens(workspace: Workspace) -> None:
    endpoint(make.workspace())
    endpoint(workspace, types=["review.published"])
    with CaptureQueriesContext(connection) as queries:
        announce([news(workspace)], now=NOW)
    assert not Announcement.objects.exists()
    assert len(queries) == 1  # who listens; nothing was made for nobody


def test_each_endpoint_that_wants_the_type_is_told_of_one_announcement(workspace: Workspace) -> None:
    everything, guides = endpoint(workspace), endpoint(workspace, types=["guide.published"])
    others = endpoint(workspace, types=["review.published"])
    announce([news(workspace)], now=NOW)
    assert told(workspace) == ["guide.published"]
    assert set(Delivery.objects.values_list("endpoint", flat=True)) == {everything.pk, guides.pk}
    assert not others.deliveries.exists()


def test_one_switched_off_is_told_nothing_new(workspace: Workspace) -> None:
    switch_endpoint(endpoint=endpoint(workspace), is_on=False, actor=None, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        announce([news(workspace)], now=NOW)
    assert not Announcement.objects.exists()
    assert len(queries) == 1


def test_a_change_is_announced_once_however_often_it_is_told(workspace: Workspace) -> None:
    endpoint(workspace)
    for _ in range(2):
        announce([news(workspace), news(workspace, once="2")], now=NOW)
    assert told(workspace) == ["guide.published"] * 2
    assert Delivery.objects.count() == 2


def test_ids_of_one_workspace_are_never_those_of_another(workspace: Workspace) -> None:
    other = make.workspace()
    for one in (workspace, other):
        endpoint(one)
    announce([news(workspace), news(other)], now=NOW)
    assert len(set(Announcement.objects.values_list("key", flat=True))) == 2


def test_what_is_rolled_back_is_not_announced(workspace: Workspace) -> None:
    endpoint(workspace)
    with transaction.atomic():
        announce([news(workspace)], now=NOW)
        transaction.set_rollback(True)
    assert not Announcement.objects.exists()


def test_an_event_on_the_timeline_says_who_it_is_about(workspace: Workspace) -> None:
    endpoint(workspace)
    customer = make.customer(workspace, external_id="shop-7")
    event = SystemEvent(
        customer_id=customer.pk,
        name="Review Published",
        message_id="once",
        occurred_at=NOW,
        properties={"review_id": 5, "version": 1},
    )
    for _ in range(2):
        record_events(workspace_id=workspace.pk, events=[event], now=NOW)
    [announcement] = Announcement.objects.all()
    assert (announcement.type, announcement.customer_id) == ("review.published", customer.pk)
    assert announcement.data == {
        "review_id": 5,
        "version": 1,
        "customer": {"id": customer.pk, "external_id": "shop-7"},
    }


def test_mere_reading_is_no_news(workspace: Workspace) -> None:
    endpoint(workspace)
    customer = make.customer(workspace)
    event = SystemEvent(customer_id=customer.pk, name="Guide Read", message_id="r", occurred_at=NOW)
    record_events(workspace_id=workspace.pk, events=[event], now=NOW)
    assert not Announcement.objects.exists()


def test_a_deed_of_the_trail_is_announced_with_what_it_was_done_to(workspace: Workspace) -> None:
    endpoint(workspace)
    category = make.category(workspace)
    record(
        workspace=workspace,
        actor=None,
        action="publish_guide",
        target=category,
        detail={"version": 2},
        now=NOW,
    )
    record(workspace=workspace, actor=None, action="change_category", target=category, now=NOW)
    [announcement] = Announcement.objects.all()
    assert announcement.type == "guide.published"
    assert announcement.data == {"category_id": category.pk, "version": 2}


def test_a_merge_is_told_and_what_waits_goes_with_who_it_is_now(workspace: Workspace) -> None:
    endpoint(workspace)
    visitor, known = make.customer(workspace, external_id=None), make.customer(workspace)
    announce([news(workspace, kind="context.told", customer_id=visitor.pk)], now=NOW)
    both: dict[str, Any] = {"workspace_id": workspace.pk, "source_id": visitor.pk, "target_id": known.pk}
    for _ in range(2):
        merge_customers(**both, cause="identify", now=NOW)
    assert told(workspace) == ["context.told", "customer.merged"]
    assert set(Announcement.objects.values_list("customer", flat=True)) == {known.pk}
    merged = Announcement.objects.get(type="customer.merged").data
    assert (merged["merged_customer_id"], merged["customer"]["id"]) == (visitor.pk, known.pk)


def test_an_erased_customer_leaves_only_that_they_were_erased(workspace: Workspace) -> None:
    endpoint(workspace)
    customer = make.customer(workspace, external_id="shop-7")
    announce([news(workspace, kind="context.told", customer_id=customer.pk)], now=NOW)
    number = customer.pk
    erase_customer(customer=customer, actor=None, now=NOW)
    [announcement] = Announcement.objects.all()
    assert (announcement.type, announcement.customer_id) == ("customer.erased", None)
    assert announcement.data == {"customer": {"id": number, "external_id": "shop-7"}}
    assert Delivery.objects.count() == 1


def test_another_workspaces_customer_is_never_named(workspace: Workspace) -> None:
    endpoint(workspace)
    stranger = make.customer(make.workspace())
    announce([news(workspace, customer_id=stranger.pk)], now=NOW)
    assert not Announcement.objects.exists()


def test_announcing_many_asks_as_often_as_announcing_one(workspace: Workspace) -> None:
    endpoint(workspace)
    announced(workspace, 1, at=NOW)  # what a connection asks once
    asked = []
    for count in (1, 50):
        with CaptureQueriesContext(connection) as queries:
            announced(workspace, count, at=NOW + timedelta(seconds=count))
        asked.append(len(queries))
    assert asked[0] == asked[1]
    assert Delivery.objects.count() == 52


def test_too_much_is_cut_to_what_is_short_and_says_so() -> None:
    data = {"id": 7, "text": "x" * MOST_BYTES}
    assert bounded(data) == {"id": 7, "is_cut": True}
    assert bounded({"id": 7, "text": "short"}) == {"id": 7, "text": "short"}


def test_every_source_is_of_a_known_type_and_every_type_has_a_source() -> None:
    assert {*OF_EVENTS.values(), *OF_DEEDS.values()} <= set(TYPES)
    by_hand = {one for one in TYPES if one.startswith(("customer.", "broadcast."))} | {"review.edited"}
    assert set(TYPES) == {*OF_EVENTS.values(), *OF_DEEDS.values()} | by_hand


def test_every_fact_of_our_own_is_announced_or_mere_reading() -> None:
    reading = {"Guide Read", "Guide Checked", "Guide Link Followed", "Fit Seen", "Review Read", "Owner Asked"}
    assert {name for name in SYSTEM_NAMES if not type_of_event(name, {})} == reading
    assert type_of_event("Review Submitted", {"version": 2}) == "review.edited"


@pytest.mark.parametrize(
    ("table", "column"),
    [("announcement", "customer_id"), ("delivery", "endpoint_id"), ("delivery", "announcement_id")],
)
def test_the_database_holds_workspaces_apart(workspace: Workspace, table: str, column: str) -> None:
    stranger = make.workspace()
    rows = {}
    for one in (workspace, stranger):
        endpoint(one)
        announce([news(one, customer_id=make.customer(one).pk)], now=NOW)
        delivery = Delivery.objects.get(workspace=one)
        rows[one.pk] = {
            "customer_id": delivery.announcement.customer_id,
            "endpoint_id": delivery.endpoint_id,
            "announcement_id": delivery.announcement_id,
        }
    connection.check_constraints()
    statement = f"UPDATE engagement_{table} SET {column} = %s WHERE workspace_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [rows[stranger.pk][column], workspace.pk])
    with pytest.raises(IntegrityError):
        connection.check_constraints()
