"""Whole requests are refused in words that clients understand."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from engagement.api import tracking, tracking_rates
from engagement.models import Event, EventKey, Workspace
from tests.engagement.tracking.calls import VIEWED, Send, batch, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[]", 400, "invalid_body"),
        (b'"text"', 400, "invalid_body"),
        (b"{}", 400, "invalid_batch"),
        (b'{"batch": {}}', 400, "invalid_batch"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b'{"batch":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400, "invalid_json"),
        (b'{"batch": [' + b",".join([b"1"] * 2501) + b"]}", 413, "too_many_events"),
        (b'{"batch": ["' + b"x" * (8 * 1024 * 1024) + b'"]}', 413, "body_too_large"),
        (b"x" * (9 * 1024 * 1024 + 1), 413, "body_too_large"),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else str(value),
)
def test_a_body_that_cannot_be_read_is_refused(send: Send, body: bytes, status: int, code: str) -> None:
    response = send("/v1/batch", body)
    assert (response.status_code, response.json()["success"], response.json()["code"]) == (
        status,
        False,
        code,
    )
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("packed", "encoding", "status"),
    [
        (gzip.compress(b"0" * (9 * 1024 * 1024)), "gzip", 413),
        (zlib.compress(b"0" * (9 * 1024 * 1024)), "deflate", 413),
        (gzip.compress(gzip.compress(b"0" * 4_000_000) * 2000), "gzip", 400),
        (gzip.compress(b"{}")[:-3], "gzip", 400),
        (b"no gzip", "gzip", 400),
        (b"{}", "br", 415),
    ],
    ids=["gzip bomb", "deflate bomb", "gzip in gzip", "broken off", "no gzip", "unknown"],
)
def test_bombs_and_broken_compression_are_refused(
    send: Send, packed: bytes, encoding: str, status: int
) -> None:
    response = send("/v1/batch", packed, Content_Encoding=encoding)
    assert (response.status_code, response.json()["success"]) == (status, False)


def test_a_sender_of_too_many_events_is_told_when_to_come_back(
    send: Send, workspace: Workspace, settings: Any
) -> None:
    settings.TRACKING_EVENTS_PER_SECOND, settings.TRACKING_BURST = 1, 10
    assert send("/v1/batch", batch(*[VIEWED] * 8)).status_code == 200
    for _ in range(2):
        response = send("/v1/batch", batch(*[VIEWED | {"messageId": "late"}] * 8))
        assert (response.status_code, response.json()["code"]) == (429, "too_many_events")
        assert 1 <= int(response.headers["Retry-After"]) <= 7
    assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]
    assert not Event.objects.filter(workspace=workspace, message_id="late").exists()


def test_without_redis_events_are_taken_all_the_same(
    send: Send, workspace: Workspace, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    tracking_rates._script.cache_clear()
    monkeypatch.setattr(tracking_rates, "_script", tracking_rates._script.__wrapped__)
    assert send("/v1/batch", batch(VIEWED)).status_code == 200
    assert stored(workspace).message_id == "m1"


def test_when_postgres_is_away_a_client_is_told_to_try_again(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(tracking, "ingest_together", fail)
    response = send("/v1/batch", batch(VIEWED))
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
    assert int(response.headers["Retry-After"]) >= 1


def test_a_fault_of_ours_is_no_page_and_may_be_tried_again(
    send: Send, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False

    def fail(**_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(tracking, "ingest_together", fail)
    response = send("/v1/batch", batch(VIEWED))
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "a bug" not in response.content.decode()


def test_tracking_needs_no_session_and_sets_no_cookie(send: Send) -> None:
    response = send("/v1/batch", batch(VIEWED))
    assert not response.cookies
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Length"] == "17"
    assert not {"Vary", "Content-Security-Policy"} & set(response.headers)


@pytest.mark.parametrize("path", ["/v1/", "/v1/unknown", "/v1/batch/extra"])
def test_an_unknown_path_is_refused_in_the_same_words(send: Send, path: str) -> None:
    response = send(path, batch(VIEWED))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_reading_writes_nothing(client: Client, key: str) -> None:
    response = client.get("/v1/track", {"writeKey": key, "event": "x", "userId": "a"})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert not EventKey.objects.exists()
