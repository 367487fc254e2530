"""How tests are launched: beside each other, and in which browser. Data is made in `make.py`."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker

PROJECT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """A Redis of its own for each of several test processes, as of Postgres: clearing a cache clears all of it.

    Photos stay in memory, so that tests leave no files behind. Properties are tried as CI tries them: no deadline that
    a busy machine could miss, and the same examples for everybody; the long races look for new ones.
    """
    if os.environ.get("RACES") != "long":
        hypothesis.settings.load_profile("ci")
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    own = urlsplit(settings.REDIS_URL)._replace(path=f"/{number}").geturl()
    settings.REDIS_URL = settings.CACHES["default"]["LOCATION"] = own
    settings.STORAGES["default"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(PROJECT / "tests").parts[0]
        if folder in ("races", "browser"):
            item.add_marker(folder.removesuffix("s"))


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Nobody counts the rows of tests that take theirs back, but where they are committed.

    Autovacuum sees only what was taken back and tells the planner that the tables are empty, while a test holds
    thousands of rows: it then tries all with all for minutes. What is committed is counted
    rightly, as in an installation.
    """
    commits = any(
        item.get_closest_marker(kind) for item in request.session.items for kind in ("race", "browser")
    )
    if commits:
        yield
        return
    with django_db_blocker.unblock():
        for_all_tables("SET (autovacuum_enabled = false)")
    yield
    with django_db_blocker.unblock():
        for_all_tables("RESET (autovacuum_enabled)")


def for_all_tables(change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute(";".join(f"ALTER TABLE {name} {change}" for name in names))


@pytest.fixture(autouse=True)
def installation_language() -> Iterator[None]:
    """A request leaves the language of its reader behind in the thread: no test inherits it."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium, else Playwright's own; in CI its absence is a failure, elsewhere a named skip."""
    wanted = os.environ.get("CHROMIUM", "chromium")
    found = shutil.which(wanted) or shutil.which("google-chrome") or playwrights_chromium()
    if found:
        return found
    message = "no Chromium: install one, name it in CHROMIUM, or run `.venv/bin/playwright install chromium`"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)


def playwrights_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None
