"""The same POST sent again with the same Idempotency-Key."""

from datetime import timedelta

import pytest

from engagement.models import IdempotencyRecord, Product
from tests import make
from tests.make_api import caller

pytestmark = pytest.mark.django_db


def test_it_acts_once_and_is_answered_the_same() -> None:
    shop = caller(make.workspace())
    first = shop.post("products", {"sku": "a", "name": "Tent"}, Idempotency_Key="k1")
    again = shop.post("products", {"name": "Tent", "sku": "a"}, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Product.objects.count() == 1


def test_a_key_is_not_taken_for_another_body() -> None:
    shop = caller(make.workspace())
    shop.post("products", {"sku": "a"}, Idempotency_Key="k1")
    other = shop.post("products", {"sku": "b"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [product.sku for product in Product.objects.all()] == ["a"]


def test_keys_of_different_callers_and_resources_are_different() -> None:
    one, other = caller(make.workspace()), caller(make.workspace())
    for shop in (one, other):
        assert shop.post("products", {"sku": "a"}, Idempotency_Key="k1").status_code == 201
    batch = one.post("products/batch", {"items": [{"sku": "b"}]}, Idempotency_Key="k1")
    assert "Idempotency-Replayed" not in batch
    assert Product.objects.count() == 3


def test_a_refused_request_may_be_corrected_with_the_same_key() -> None:
    workspace = make.workspace()
    shop, reader = caller(workspace), caller(workspace, "catalogue:read")
    assert reader.post("products", {"sku": "a"}, Idempotency_Key="k1").status_code == 403
    assert shop.post("products", {"price": "-1"}, Idempotency_Key="k1").status_code == 422
    assert not IdempotencyRecord.objects.exists()
    assert shop.post("products", {"sku": "a"}, Idempotency_Key="k1").status_code == 201


def test_after_a_day_the_key_is_new_again() -> None:
    shop = caller(make.workspace())
    body = {"items": [{"sku": "a"}]}
    shop.post("products/batch", body, Idempotency_Key="k1")
    record = IdempotencyRecord.objects.get()
    IdempotencyRecord.objects.update(created_at=record.created_at - timedelta(hours=25))
    again = shop.post("products/batch", body, Idempotency_Key="k1")
    assert "Idempotency-Replayed" not in again
    assert again.json()["updated"] == 1
    assert IdempotencyRecord.objects.get().created_at > record.created_at - timedelta(hours=1)


@pytest.mark.parametrize("key", ["", "x" * 256, "käse", "a\tb"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    shop = caller(make.workspace())
    answer = shop.post("products", {"sku": "a"}, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "Idempotency-Key")
    assert not Product.objects.exists()


def test_a_failure_on_our_side_leaves_neither_effect_nor_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a crash: the answer is kept in the transaction of the change, so the repeated request simply acts."""
    shop = caller(make.workspace())
    shop.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("engagement.api.idempotency._keep", lambda *_: 1 / 0)
        assert shop.post("products", {"sku": "a"}, Idempotency_Key="k1").status_code == 500
    assert not Product.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    again = shop.post("products", {"sku": "a"}, Idempotency_Key="k1")
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again
