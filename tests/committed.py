"""Fixtures for tests that commit: a database that is empty before and after, and the program served from it.

Imported by the conftests of those folders. Everything else rolls back and must not use these.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.db import connection

from config.local.demo import web
from config.local.state import free_port
from engagement.api.tracking_keys import forget_senders
from engagement.api.tracking_rates import forget_purses

# What migrations fill, and tests rely on.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
TABLES = """
SELECT string_agg(quote_ident(relname), ', ')
FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> ALL (%s)
"""


class Server(NamedTuple):
    """The program as it is served: its address, its process, and the environment it was started with."""

    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database with real commits, empty at the start and at the end.

    Takes the place of pytest-django's fixture of this name, by which it also knows that a test needs the database. That
    one cannot empty our tables: the partitioned one is not Django's to manage.
    """
    with django_db_blocker.unblock():
        empty_database()
        try:
            yield
        finally:
            empty_database()
            connection.close()


@pytest.fixture
def committed(transactional_db: None) -> None:
    """Real commits in a database that is empty before and after."""


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    """The program on the test database, in processes of its own, served as the demo serves it."""
    with django_db_blocker.unblock():
        environment = environment_of_test_database()
    yield from serve(environment)


def serve(environment: dict[str, str], **changes: str) -> Iterator[Server]:
    """Start the web server, yield it when it answers, and end it."""
    port = free_port()
    environment = environment | {"BASE_URL": f"http://127.0.0.1:{port}"} | changes
    process = subprocess.Popen(web(port), env=environment)
    served = Server(f"http://127.0.0.1:{port}", process, environment)
    try:
        wait_until_answered(served)
        yield served
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def environment_of_test_database() -> dict[str, str]:
    """What another process needs to work on the same database as this test."""
    at = connection.settings_dict
    url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    return os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "WARNING",
    }


def wait_until_answered(served: Server, *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            pytest.fail(f"the server ended with code {served.process.returncode}")
        try:
            opener.open(f"{served.url}/healthz", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the server did not answer within {seconds:.0f} s")


def empty_database() -> None:
    """Remove every row but those of migrations, and what this process and the cache remember of them."""
    assert connection.settings_dict["NAME"].startswith("test_"), "only a test database may be emptied"
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [list(KEPT)])
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} CASCADE")
    cache.clear()
    forget_senders()
    forget_purses()


def python(*arguments: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Another process of this interpreter, whose output can be read."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
