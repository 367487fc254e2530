"""The catalogue by API, and with it what every resource has from the frame."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import AuditEntry, Product
from tests import make
from tests.make_api import Caller, caller

pytestmark = pytest.mark.django_db


def test_a_product_is_added_read_changed_and_deleted() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    added = shop.post(
        "products", {"sku": "tent-1", "name": "Tent", "price": "99.50", "attributes": {"persons": 2}}
    )
    assert added.status_code == 201
    product = added.json()
    assert added["Location"] == f"/api/v1/products/{product['id']}"
    assert (product["object"], product["sku"], product["price"], product["kind"]) == (
        "product",
        "tent-1",
        "99.50",
        "own",
    )

    changed = shop.patch(f"products/{product['id']}", {"price": "89.00"}).json()
    assert (changed["price"], changed["name"], changed["attributes"]) == ("89.00", "Tent", {"persons": 2})
    assert changed["created_at"] == product["created_at"]
    assert changed["updated_at"] > product["updated_at"]
    assert shop.get(f"products/{product['id']}").json() == changed

    assert shop.delete(f"products/{product['id']}").status_code == 204
    assert shop.get(f"products/{product['id']}").status_code == 404
    assert AuditEntry.objects.get().action == "delete_product"


def test_a_sku_is_added_once() -> None:
    shop = caller(make.workspace())
    assert shop.post("products", {"sku": "tent"}).status_code == 201
    again = shop.post("products", {"sku": "tent", "name": "Other"})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    assert Product.objects.get().name == ""


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/sku", "required"),
        ({"sku": " "}, "/sku", "blank"),
        ({"sku": "x" * 201}, "/sku", "max_length"),
        ({"sku": "x", "price": "-1"}, "/price", "min_value"),
        ({"sku": "x", "price": "1.001"}, "/price", "max_decimal_places"),
        ({"sku": "x", "currency": "euro"}, "/currency", "invalid"),
        ({"sku": "x", "url": "javascript:alert(1)"}, "/url", "invalid"),
        ({"sku": "x", "kind": "stolen"}, "/kind", "invalid_choice"),
        ({"sku": "x", "prise": 1}, "/prise", "unknown_field"),
        ({"sku": "x", "attributes": {str(n): n for n in range(101)}}, "/attributes", "too_many"),
        ([], "", "invalid"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(body: Any, pointer: str, code: str) -> None:
    answer = caller(make.workspace()).post("products", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert not Product.objects.exists()


def test_another_workspaces_product_does_not_exist() -> None:
    product = make.product(make.workspace(), name="Theirs")
    stranger = caller(make.workspace())
    path = f"products/{product.pk}"
    assert [stranger.get(path).status_code, stranger.patch(path, {"name": "Mine"}).status_code] == [404, 404]
    assert stranger.delete(path).status_code == 404
    assert stranger.pages("products") == []
    assert Product.objects.get().name == "Theirs"


def test_the_same_sku_in_two_workspaces_is_two_products() -> None:
    one, other = caller(make.workspace()), caller(make.workspace())
    one.post("products/batch", {"items": [{"sku": "a", "name": "One"}]})
    other.post("products/batch", {"items": [{"sku": "a", "name": "Other"}]})
    assert [row["name"] for row in one.pages("products")] == ["One"]
    assert [row["name"] for row in other.pages("products")] == ["Other"]


def test_a_batch_takes_the_good_items_and_explains_the_others() -> None:
    workspace = make.workspace()
    known = make.product(workspace, "known", name="Before", is_stub=True)
    answer = caller(workspace).post(
        "products/batch",
        {"items": [{"sku": "new"}, {"sku": "known", "name": "After"}, {"name": "no sku"}, {"sku": "new"}, 5]},
    )
    assert answer.status_code == 200
    batch = answer.json()
    assert (batch["created"], batch["updated"], batch["failed"]) == (1, 1, 3)
    assert [row["result"] for row in batch["data"]] == ["created", "updated", "failed", "failed", "failed"]
    assert [error["pointer"] for row in batch["data"] for error in row["errors"]] == [
        "/items/2/sku",
        "/items/3/sku",
        "/items/4",
    ]
    known.refresh_from_db()
    assert (known.name, known.is_stub, batch["data"][1]["id"]) == ("After", False, known.pk)
    assert Product.objects.count() == 2


def test_a_batch_of_a_thousand_takes_as_many_queries_as_one_of_ten() -> None:
    shop = caller(make.workspace())
    assert queries(shop, items(10)) == queries(shop, items(1_000))
    assert Product.objects.count() == 1_000
    too_many = shop.post("products/batch", items(1_001))
    assert (too_many.status_code, too_many.json()["errors"][0]["pointer"]) == (422, "/items")
    assert Product.objects.count() == 1_000


def test_a_list_takes_as_many_queries_for_a_hundred_rows_as_for_ten() -> None:
    workspace = make.workspace()
    shop = caller(workspace)
    Product.objects.bulk_create(Product(workspace=workspace, sku=str(n)) for n in range(1_000))
    shop.get("products")
    with CaptureQueriesContext(
        connection,
    ) as ten:
        assert len(shop.get("products", limit=10).json()["data"]) == 10
    with CaptureQueriesContext(connection) as hundred:
        assert len(shop.get("products", limit=100).json()["data"]) == 100
    assert len(ten) == len(hundred) == 2  # the key, the rows


def test_a_list_is_filtered() -> None:
    workspace = make.workspace()
    make.product(workspace, "a", category="tents")
    make.product(workspace, "b", category="boots", kind="outside")
    shop = caller(workspace)
    assert [row["sku"] for row in shop.pages("products", category="tents")] == ["a"]
    assert [row["sku"] for row in shop.pages("products", kind="outside")] == ["b"]
    assert [row["sku"] for row in shop.pages("products", sku="b")] == ["b"]
    assert shop.pages("products", updated_after="2100-01-01T00:00:00Z") == []
    assert len(shop.pages("products", is_stub="false")) == 2


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"kind": "stolen"}, "kind"),
        ({"updated_after": "yesterday"}, "updated_after"),
        ({"colour": "red"}, "colour"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"cursor": "made-up"}, "cursor"),
        ({"sku": "a\x00"}, "sku"),
    ],
)
def test_a_wrong_parameter_is_named(query: dict[str, str], parameter: str) -> None:
    answer = caller(make.workspace()).get("products", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


def items(count: int) -> dict[str, Any]:
    return {"items": [{"sku": f"sku-{n}", "name": f"Product {n}"} for n in range(count)]}


def queries(shop: Caller, body: dict[str, Any]) -> int:
    shop.get("products")  # marks the key as used
    with CaptureQueriesContext(connection) as captured:
        assert shop.post("products/batch", body).status_code == 200
    return len(captured)
