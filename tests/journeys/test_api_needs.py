"""Needs defined by API, customers' needs read and spoken of, stage changes listed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import AuditEntry, Event
from journeys.models import CustomerNeed, Need
from tests import make, make_nudges
from tests.make_api import caller

pytestmark = pytest.mark.django_db

TENTS = {
    "slug": "tents",
    "name": "Tents",
    "rules": {"categories": ["Tents"], "search_terms": ["tent"]},
    "context_attributes": [{"key": "persons", "label": "How many sleep in it?", "options": ["1", "2"]}],
    "fit_options": ["small", "right"],
}


def test_a_need_is_defined_read_changed_and_deleted() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    made = shop.post("needs", TENTS)
    assert made.status_code == 201
    need = made.json()
    assert made["Location"] == f"/api/v1/needs/{need['id']}"
    assert (need["rules"], need["version"]) == (TENTS["rules"], 1)
    changed = shop.patch(f"needs/{need['id']}", {"rules": {"skus": ["t-1"]}}).json()
    assert (changed["rules"], changed["version"], changed["name"]) == ({"skus": ["t-1"]}, 2, "Tents")
    assert shop.get(f"needs/{need['id']}").json() == changed
    assert [row["slug"] for row in shop.pages("needs", is_active="true")] == ["tents"]
    assert shop.delete(f"needs/{need['id']}").status_code == 204
    assert not Need.objects.exists()
    actions = AuditEntry.objects.order_by("id").values_list("action", "actor_label")
    assert [action for action, _ in actions] == ["create_need", "change_need", "delete_need"]
    assert all(label.startswith("key test") for _, label in actions)


def test_a_need_that_customers_have_is_kept() -> None:
    workspace = make.workspace()
    need = make_nudges.need(workspace)
    make_nudges.customer_need(make.customer(workspace), need)
    answer = caller(workspace).delete(f"needs/{need.pk}")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert Need.objects.filter(pk=need.pk).exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Tents"}, "/slug"),
        (TENTS | {"slug": "two words"}, "/slug"),
        (TENTS | {"rules": {"colours": ["red"]}}, "/rules/colours"),
        (TENTS | {"rules": {"skus": "t-1"}}, "/rules/skus"),
        (TENTS | {"context_attributes": [{"label": "no key"}]}, "/context_attributes/0/key"),
        (TENTS | {"context_attributes": [{"key": "a"}, {"key": "a"}]}, "/context_attributes/1/key"),
        (
            TENTS | {"context_attributes": [{"key": "a", "kind": "numeric", "cuts": [2, 1]}]},
            "/context_attributes/0/cuts",
        ),
        (TENTS | {"version": 7}, "/version"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(body: dict[str, Any], pointer: str) -> None:
    answer = caller(make.workspace()).post("needs", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Need.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_slug_is_taken_once() -> None:
    shop = caller(make.workspace())
    shop.post("needs", TENTS)
    again = shop.post("needs", TENTS)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    assert Need.objects.count() == 1


def test_customers_needs_are_listed_by_stage_with_their_evidence() -> None:
    workspace = make.workspace()
    tents, boots = make_nudges.need(workspace, "tents"), make_nudges.need(workspace, "boots")
    ann, bob = make.customer(workspace), make.customer(workspace)
    evidence = [
        {
            "event_id": 7,
            "name": "Product Viewed",
            "at": make.NOW.isoformat(),
            "weight": 1.5,
            "signal": "s",
            "subject": "x",
        }
    ]
    first = make_nudges.customer_need(ann, tents, "shortlist", evidence=evidence)
    second = make_nudges.customer_need(bob, tents, "purchase")
    closed = make_nudges.customer_need(bob, boots, "awareness", closed_at=make.NOW, closed_reason="resolved")
    shop = caller(workspace)
    assert ids(shop.pages("customer-needs")) == [closed.pk, second.pk, first.pk]
    assert ids(shop.pages("customer-needs", stage="shortlist")) == [first.pk]
    assert ids(shop.pages("customer-needs", need="tents", customer=str(bob.pk))) == [second.pk]
    assert ids(shop.pages("customer-needs", is_open="false")) == [closed.pk]
    one = shop.get(f"customer-needs/{first.pk}").json()
    assert (one["need"], one["customer"], one["beliefs"]["shortlist"]) == ("tents", ann.pk, 0.6)
    assert (one["evidence"][0]["event_id"], one["evidence"][0]["weight"]) == (7, 1.5)


def test_a_need_is_closed_reopened_and_snoozed_by_a_word_on_the_timeline() -> None:
    workspace = make.workspace()
    need = make_nudges.customer_need(make.customer(workspace), make_nudges.need(workspace))
    shop = caller(workspace)
    closed = shop.post(f"customer-needs/{need.pk}/close", {"reason": "not_relevant"}).json()
    assert (closed["closed_reason"], closed["closed_at"] is None) == ("not_relevant", False)
    assert shop.post(f"customer-needs/{need.pk}/reopen").json()["closed_at"] is None
    until = (timezone.now() + timedelta(days=7)).isoformat()
    assert shop.post(f"customer-needs/{need.pk}/snooze", {"until": until}).json()["snoozed_until"] is not None
    assert shop.post(f"customer-needs/{need.pk}/snooze", {"until": None}).json()["snoozed_until"] is None
    assert Event.objects.filter(customer_id=need.customer_id, source="system").count() == 4


def test_a_word_that_cannot_be_taken_changes_nothing() -> None:
    workspace = make.workspace()
    need = make_nudges.customer_need(make.customer(workspace), make_nudges.need(workspace))
    shop = caller(workspace)
    assert shop.post(f"customer-needs/{need.pk}/close", {}).status_code == 422
    assert shop.post(f"customer-needs/{need.pk}/close", {"reason": "bored"}).status_code == 422
    assert shop.post(f"customer-needs/{need.pk}/snooze", {"until": "2001-01-01T00:00:00Z"}).status_code == 422
    assert shop.post(f"customer-needs/{need.pk}/snooze", {}).status_code == 422
    reader = caller(workspace, "needs:read")
    assert reader.post(f"customer-needs/{need.pk}/close", {"reason": "resolved"}).status_code == 403
    stranger = caller(make.workspace())
    for path in ("close", "snooze", "reopen"):
        assert stranger.post(f"customer-needs/{need.pk}/{path}", {"reason": "resolved"}).status_code == 404
    need.refresh_from_db()
    assert (need.closed_at, need.snoozed_until) == (None, None)
    assert not Event.objects.exists()


def test_what_an_order_closed_no_word_opens() -> None:
    workspace = make.workspace()
    need = make_nudges.customer_need(
        make.customer(workspace),
        make_nudges.need(workspace),
        closed_at=make.NOW,
        closed_reason="resolved",
        state={"closed_at": make.NOW.isoformat()},
    )
    answer = caller(workspace).post(f"customer-needs/{need.pk}/reopen")
    assert (answer.status_code, answer.json()["code"]) == (409, "closed_for_good")
    assert CustomerNeed.objects.get().closed_at == make.NOW


def test_stage_changes_are_listed_newest_first() -> None:
    workspace = make.workspace()
    need = make_nudges.customer_need(make.customer(workspace), make_nudges.need(workspace, "tents"))
    old = make_nudges.stage_change(need, at=make.NOW, to_stage="shortlist")
    new = make_nudges.stage_change(need, at=make.NOW + timedelta(days=1), to_stage="purchase")
    other = make.workspace()
    make_nudges.stage_change(make_nudges.customer_need(make.customer(other), make_nudges.need(other)))
    shop = caller(workspace)
    assert ids(shop.pages("stage-changes", limit=1)) == [new.pk, old.pk]
    assert ids(shop.pages("stage-changes", to_stage="shortlist")) == [old.pk]
    assert ids(shop.pages("stage-changes", after=make.NOW.isoformat())) == [new.pk]
    assert ids(shop.pages("stage-changes", customer_need=str(need.pk), need="tents")) == [new.pk, old.pk]


def test_lists_take_as_many_queries_for_a_hundred_rows_as_for_ten() -> None:
    workspace = make.workspace()
    need = make_nudges.need(workspace)
    for _ in range(110):
        make_nudges.stage_change(make_nudges.customer_need(make.customer(workspace), need))
    shop = caller(workspace)
    shop.get("needs")
    for path in ("customer-needs", "stage-changes"):
        counts = []
        for limit in (10, 100):
            with CaptureQueriesContext(connection) as captured:
                assert len(shop.get(path, limit=limit).json()["data"]) == limit
            counts.append(len(captured))
        assert counts == [2, 2]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]
