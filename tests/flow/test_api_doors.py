"""Every address of the API × every method: without a right key, or with a stranger's, nothing is found or written."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.flow.test_doors import API, addresses, filled, written
from tests.make_api import caller, public_caller
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db

OPEN_API = {"api/v1/schema/", "api/v1/docs/"}
API_METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def ours() -> Office:
    return Office().furnish()


@pytest.fixture
def theirs() -> Office:
    return Office().furnish()


def api_calls(office: Office) -> Iterator[tuple[str, str, str]]:
    for pattern, entry in addresses():
        view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)
        if not API.match(pattern) or pattern in OPEN_API or pattern == "api/v1/" or view is None:
            continue
        for method in API_METHODS:
            if hasattr(view, method):
                yield pattern, method, filled(pattern, office.ids)


def ask_api(client: Client, method: str, path: str) -> tuple[int, list[str]]:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        answer = client.generic(method.upper(), path, "{}" if method != "get" else "", "application/json")
        transaction.set_rollback(True)
    return answer.status_code, written(queries)


def test_the_api_refuses_callers_without_a_key_with_a_public_one_and_with_one_that_may_do_nothing(
    ours: Office,
) -> None:
    calls = list(api_calls(ours))
    assert len(calls) > 50
    for kind, client in {
        "no key": Client(),
        "a session": ours.enter("owner"),
        "a write key": public_caller(ours.workspace).client,
    }.items():
        for pattern, method, path in calls:
            status, wrote = ask_api(client, method, path)
            assert status in (401, 403), (kind, method, pattern, status)
            assert wrote == [], (kind, method, pattern, wrote)


def test_the_api_finds_nothing_of_another_workspace(ours: Office, theirs: Office) -> None:
    client = caller(theirs.workspace).client
    for pattern, method, path in api_calls(ours):
        if not re.search(
            r"<int:(customer|need|category|nudge|flow|review|guide|decision|broadcast)_id>", pattern
        ):
            continue
        status, wrote = ask_api(client, method, path)
        assert status in (400, 404, 422), (method, pattern, status)
        assert status == 404 or method != "get", (method, pattern, status)
        assert wrote == [], (method, pattern, wrote)
