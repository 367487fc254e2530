"""Customers by API: made and described, found, merged ones followed, erased."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Address, AuditEntry, Customer, Event, Identity, Unread
from engagement.people import merge_customers
from tests import make
from tests.make_api import Caller, caller

pytestmark = pytest.mark.django_db


def test_a_customer_is_made_by_the_shops_id_and_described_again() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    made = shop.put(
        "customers/by-external-id/c-1",
        {
            "name": "Ann",
            "email": "Ann@Example.org",
            "timezone": "Europe/Riga",
            "traits": {"plan": "gold", "age": 40},
        },
    )
    assert made.status_code == 201
    customer = made.json()
    assert made["Location"] == f"/api/v1/customers/{customer['id']}"
    assert (customer["name"], customer["email"], customer["timezone"]) == (
        "Ann",
        "ann@example.org",
        "Europe/Riga",
    )
    assert [(row["channel"], row["value"]) for row in customer["addresses"]] == [("email", "ann@example.org")]

    again = shop.put("customers/by-external-id/c-1", {"traits": {"age": None, "size": "M"}})
    assert again.status_code == 200
    assert again.json()["id"] == customer["id"]
    assert again.json()["name"] == "Ann"
    traits = again.json()["traits"]
    assert (traits["plan"], traits["size"], "age" in traits) == ("gold", "M", False)
    assert shop.get(f"customers/{customer['id']}").json() == again.json()
    assert shop.get("customers/by-external-id/c-1").json() == again.json()


def test_telling_of_a_customer_is_an_event_that_readers_will_see() -> None:
    workspace = make.workspace()
    made = caller(workspace).put("customers/by-external-id/c-1", {"name": "Ann"}).json()
    event = Event.objects.get(workspace=workspace)
    assert (event.type, event.source, event.customer_id) == ("identify", "api", made["id"])
    assert Unread.objects.filter(customer_id=made["id"]).count() == 2


def test_an_anonymous_visitor_becomes_the_customer() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    shop.post(
        "events",
        {"items": [{"name": "Product Viewed", "anonymous_id": "visitor", "properties": {"sku": "x"}}]},
    )
    made = shop.put("customers/by-external-id/c-1", {"anonymous_id": "visitor"}).json()
    assert Event.objects.get(name="Product Viewed").customer_id == made["id"]
    assert len(shop.pages("customers")) == 1


def test_an_external_id_may_hold_slashes() -> None:
    shop = caller(make.workspace())
    assert shop.put("customers/by-external-id/shop/42", {"name": "Ann"}).status_code == 201
    assert shop.get("customers/by-external-id/shop/42").json()["external_id"] == "shop/42"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "no address"}, "/email"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"locale": "not a locale"}, "/locale"),
        ({"traits": []}, "/traits"),
        ({"traits": {"x" * 101: 1}}, "/traits"),
        ({"traits": {"x": "y" * 33_000}}, "/traits"),
        ({"external_id": "other"}, "/external_id"),
        ({"name": "x" * 201}, "/name"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nobody_is_made(body: dict[str, Any], pointer: str) -> None:
    answer = caller(make.workspace()).put("customers/by-external-id/c-1", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Customer.objects.exists()
    assert not Event.objects.exists()


def test_ids_that_cannot_be_kept_are_refused() -> None:
    shop = caller(make.workspace())
    assert shop.put(f"customers/by-external-id/{'x' * 201}", {}).status_code == 422
    assert shop.put("customers/by-external-id/%20", {}).status_code == 422
    assert shop.put("customers/by-external-id/a%00b", {}).status_code == 404
    assert shop.get("customers/99999999999999999999").status_code == 404
    assert not Customer.objects.exists()


def test_another_workspaces_customer_does_not_exist() -> None:
    theirs = make.customer(make.workspace(), external_id="c-1", email="ann@example.org")
    stranger = caller(make.workspace())
    for path in ("", "/facts", "/consents"):
        assert stranger.get(f"customers/{theirs.pk}{path}").status_code == 404
    assert stranger.delete(f"customers/{theirs.pk}").status_code == 404
    assert stranger.get("customers/by-external-id/c-1").status_code == 404
    assert stranger.post(f"customers/{theirs.pk}/facts", {"facts": {"a": 1}}).status_code == 404
    body = {"consents": [{"category": "tips", "channels": ["email"], "state": "granted"}]}
    assert stranger.put(f"customers/{theirs.pk}/consents", body).status_code == 404
    assert stranger.pages("customers", email="ann@example.org") == []
    theirs.refresh_from_db()
    assert not Event.objects.exists()


def test_a_batch_makes_and_describes_in_as_many_statements_as_one() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    first = shop.post("customers/batch", {"items": [{"external_id": "c-0", "name": "Ann"}]}).json()
    assert (first["created"], first["updated"], first["failed"]) == (1, 0, 0)
    few, many = queries(shop, 10), queries(shop, 1_000)
    assert few == many
    assert Customer.objects.filter(workspace=workspace).count() == 1_000
    mixed = shop.post(
        "customers/batch",
        {
            "items": [
                {"external_id": "c-0", "email": "a@example.org"},
                {"external_id": "z", "email": "nobody"},
                {},
            ]
        },
    ).json()
    assert [row["result"] for row in mixed["data"]] == ["updated", "failed", "failed"]
    assert mixed["data"][1]["errors"][0]["pointer"] == "/items/1/email"
    assert Customer.objects.get(external_id="c-0").email == "a@example.org"
    assert not Customer.objects.filter(external_id="z").exists()


def test_customers_are_filtered() -> None:
    workspace = make.workspace()
    make.customer(workspace, external_id="old", email="old@example.org")
    make.customer(workspace, external_id="new", at=make.NOW + timedelta(days=9))
    shop = caller(workspace)
    assert names(shop.pages("customers", external_id="old")) == ["old"]
    assert names(shop.pages("customers", email="OLD@example.org")) == ["old"]
    after = (make.NOW + timedelta(days=1)).isoformat()
    assert names(shop.pages("customers", created_after=after)) == ["new"]
    assert names(shop.pages("customers", seen_after=after)) == ["new"]
    assert shop.get("customers", created_after="soon").status_code == 400


def test_a_page_takes_as_many_queries_for_a_hundred_as_for_ten() -> None:
    workspace = make.workspace()
    for _ in range(110):
        make.customer(workspace, email=f"{_}@example.org")
    shop = caller(workspace)
    shop.get("customers")
    counts = []
    for limit in (10, 100):
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.get("customers", limit=limit).json()["data"]) == limit
        counts.append(len(captured))
    assert counts == [3, 3]  # the key, the customers, their addresses


def test_pages_neither_repeat_nor_hide_rows_while_others_are_added() -> None:
    workspace = make.workspace()
    before = [make.customer(workspace).pk for _ in range(7)]
    shop = caller(workspace)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = shop.get("customers", limit=2, **cursor).json()
        seen += [row["id"] for row in page["data"]]
        make.customer(workspace)
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == before[::-1]


def test_a_cursor_serves_only_its_own_list() -> None:
    one, other = make.workspace(), make.workspace()
    for _ in range(3):
        make.customer(one)
        make.customer(other)
    cursor = caller(one).get("customers", limit=1).json()["next_cursor"]
    assert caller(one).get("customers", limit=2, cursor=cursor).status_code == 200
    for answer in (
        caller(other).get("customers", cursor=cursor),
        caller(one).get("customers", cursor=cursor, email="a@example.org"),
        caller(one).get("products", cursor=cursor),
        caller(one).get("customers", cursor=cursor[:-1]),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "cursor")


def test_who_was_merged_away_is_answered_with_whom_they_became() -> None:
    workspace = make.workspace()
    source, target = make.customer(workspace), make.customer(workspace)
    merge_customers(
        workspace_id=workspace.pk, source_id=source.pk, target_id=target.pk, cause="api", now=make.NOW
    )
    shop = caller(workspace)
    assert shop.get(f"customers/{source.pk}").json()["id"] == target.pk
    assert [row["id"] for row in shop.pages("customers")] == [target.pk]


def test_an_erased_customer_leaves_nothing_but_a_line_in_the_trail() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    made = shop.put("customers/by-external-id/c-1", {"name": "Ann", "email": "ann@example.org"}).json()
    other = shop.put("customers/by-external-id/c-2", {"name": "Bob"}).json()
    shop.post("events", {"items": [{"name": "Product Viewed", "external_id": "c-1"}]})
    old = make.customer(workspace)
    merge_customers(
        workspace_id=workspace.pk, source_id=old.pk, target_id=made["id"], cause="api", now=make.NOW
    )
    assert shop.delete(f"customers/{made['id']}").status_code == 204
    assert shop.get(f"customers/{made['id']}").status_code == 404
    assert list(Customer.objects.values_list("pk", flat=True)) == [other["id"]]
    assert set(Event.objects.values_list("customer_id", flat=True)) == {other["id"]}
    assert not Address.objects.exists()
    assert [identity.value for identity in Identity.objects.all()] == ["c-2"]
    entry = AuditEntry.objects.get(action="erase_customer")
    assert (entry.object_id, entry.detail) == (str(made["id"]), {})


def test_only_a_key_that_may_erase_erases() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    refused = caller(workspace, "customers:read", "customers:write").delete(f"customers/{customer.pk}")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert Customer.objects.filter(pk=customer.pk).exists()


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["external_id"] for row in rows]


def queries(shop: Caller, count: int) -> int:
    items = [{"external_id": f"c-{n}", "email": f"c{n}@example.org"} for n in range(count)]
    with CaptureQueriesContext(connection) as captured:
        assert shop.post("customers/batch", {"items": items}).json()["failed"] == 0
    return len(captured)
