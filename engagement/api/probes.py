"""Probes for whoever keeps this running: is the process alive, and can it do its work."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from functools import cache

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

BUDGET = 1.0  # seconds for all checks together


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing it depends on is asked, so that a restart is only called for when it helps."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Postgres, the tables and Redis are as this version needs them, found out within a second; else 503."""
    checks: dict[str, Callable[[], str]] = {"postgres": _check_tables, "redis": _check_redis}
    running = {name: _pool().submit(check) for name, check in checks.items()}
    wait(running.values(), timeout=BUDGET)
    found = {
        name: future.result() if future.done() else "no answer in time" for name, future in running.items()
    }
    is_ready = all(state == "ok" for state in found.values())
    status = {"status": "ok" if is_ready else "unavailable", "checks": found}
    return JsonResponse(status, status=200 if is_ready else 503)


def _check_tables() -> str:
    """Postgres answers on a connection of the probe's own, and every migration has been applied."""
    try:
        with closing(connection.copy()) as own:
            with own.cursor() as cursor:
                cursor.execute("SELECT 1")
            if not _migrated:
                executor = MigrationExecutor(own)
                if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                    return "migrations are missing: run manage.py migrate"
                _migrated.append(True)
    except DatabaseError:
        return "does not answer"
    return "ok"


def _check_redis() -> str:
    try:
        _redis().ping()
    except redis.RedisError:
        return "does not answer"
    return "ok"


_migrated: list[bool] = []  # once true it stays true for the life of the process


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe")


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=BUDGET, socket_connect_timeout=BUDGET)


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
