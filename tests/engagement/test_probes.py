"""Probes say what is so, in time."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.test import Client

from engagement.api import probes


def test_an_answering_process_is_healthy_whatever_it_depends_on(client: Client) -> None:
    response = client.get("/healthz")  # without database access, or this test would be stopped
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db(transaction=False)
def test_it_is_ready_when_postgres_redis_and_tables_are(client: Client) -> None:
    response = client.get("/readyz")
    assert response.json() == {"status": "ok", "checks": {"postgres": "ok", "redis": "ok"}}
    assert response.status_code == 200


@pytest.mark.django_db
def test_it_is_not_ready_without_redis(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(probes, "_redis", probes._redis.__wrapped__)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["redis"]) == (503, "does not answer")


@pytest.mark.django_db
def test_missing_migrations_are_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_migrated", [])
    monkeypatch.setattr(probes.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "manage.py migrate" in response.json()["checks"]["postgres"]


@pytest.mark.django_db
def test_a_check_that_hangs_does_not_hold_up_the_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(probes, "BUDGET", 0.2)
    monkeypatch.setattr(probes, "_check_redis", lambda: str(answered.wait(60)))
    began = time.monotonic()
    response = client.get("/readyz")
    assert time.monotonic() - began < 30
    answered.set()
    assert (response.status_code, response.json()["checks"]["redis"]) == (503, "no answer in time")


def test_a_probe_only_reads(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
