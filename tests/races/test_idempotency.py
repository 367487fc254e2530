"""Real commits: the same POST several times at once acts once."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connection, connections

from engagement.api import products
from engagement.models import IdempotencyRecord, Product
from tests import make
from tests.make_api import Caller, caller

pytestmark = pytest.mark.usefixtures("committed")

CALLERS = 8


@pytest.fixture
def shop(committed: None) -> Caller:
    return caller(make.workspace())


def at_once(post: Any, times: int) -> list[Any]:
    """The answers of `times` threads that start together, each with a connection of its own."""
    answers: list[Any] = []
    start = threading.Barrier(times)

    def run() -> None:
        try:
            start.wait()
            answers.append(post())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_duplicates_at_once_act_once(shop: Caller) -> None:
    def post() -> Any:
        return Caller(shop.text).post("products", {"sku": "tent"}, Idempotency_Key="k1")

    answers = at_once(post, CALLERS)
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] >= 1
    assert set(statuses) <= {201, 409}
    assert all(int(answer["Retry-After"]) >= 1 for answer in answers if answer.status_code == 409)
    assert sum("Idempotency-Replayed" not in answer for answer in answers if answer.status_code == 201) == 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert Product.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1
    assert post()["Idempotency-Replayed"] == "true"


def test_while_the_first_one_runs_the_second_is_told_to_wait(
    shop: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, may_go = threading.Event(), threading.Event()
    real = products.save_products

    def slow(**arguments: Any) -> Any:
        entered.set()
        assert may_go.wait(20)
        return real(**arguments)

    monkeypatch.setattr(products, "save_products", slow)
    answers = []

    def first() -> None:
        try:
            answers.append(Caller(shop.text).post("products", {"sku": "tent"}, Idempotency_Key="k1"))
        finally:
            connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(20)
    waiting = shop.post("products", {"sku": "tent"}, Idempotency_Key="k1")
    assert (waiting.status_code, waiting.json()["code"], waiting["Retry-After"]) == (
        409,
        "still_running",
        "1",
    )
    may_go.set()
    thread.join()
    assert answers[0].status_code == 201
    assert shop.post("products", {"sku": "tent"}, Idempotency_Key="k1")["Idempotency-Replayed"] == "true"
    assert Product.objects.count() == 1


def test_a_connection_that_dies_leaves_the_key_free(shop: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a crash leaves: no lock, no effect, no record."""
    real = products.save_products

    def dies(**arguments: Any) -> Any:
        real(**arguments)
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    shop.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(products, "save_products", dies)
        failed = shop.post("products", {"sku": "tent"}, Idempotency_Key="k1")
    assert failed.status_code in (500, 503)
    connection.close()
    assert not Product.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert shop.post("products", {"sku": "tent"}, Idempotency_Key="k1").status_code == 201
    assert Product.objects.count() == 1
