"""The tracking door speaks the language of Segment's and RudderStack's clients, and refuses in words they understand."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from engagement.api import tracking_keys, tracking_rates
from engagement.keys import make_key, revoke_key
from engagement.models import Customer, Event, EventKey, RejectedEvent, Workspace
from tests import make

pytestmark = pytest.mark.django_db

VIEWED = {"type": "track", "event": "Product Viewed", "userId": "ada", "messageId": "m1"}
Send = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    tracking_keys.forget_senders()
    tracking_rates.forget_purses()


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


@pytest.fixture
def key(workspace: Workspace) -> str:
    return make_key(workspace=workspace, kind="write", name="shop")[1]


@pytest.fixture
def send(client: Client, key: str) -> Send:
    """POST a body with the key in the header, as a server-side client does."""

    def post(path: str, body: Any, content_type: str = "application/json", **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Authorization": basic(key)} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return client.post(path, raw, content_type=content_type, headers=named)

    return post


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def batch(*events: Any, **members: Any) -> dict[str, Any]:
    return {"batch": list(events), **members}


def stored(workspace: Workspace) -> Event:
    return Event.objects.get(workspace=workspace)


def refused(workspace: Workspace) -> list[tuple[int, str]]:
    return list(
        RejectedEvent.objects.filter(workspace=workspace).order_by("index").values_list("index", "code")
    )


# ---- what is accepted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/", "/v1/b", "/v1/b/", "/v1/import", "/v1/import/"])
def test_a_batch_is_answered_in_the_words_clients_expect(send: Send, workspace: Workspace, path: str) -> None:
    response = send(path, batch(VIEWED))
    assert (response.status_code, response.content) == (200, b'{"success": true}')
    assert response.headers["Content-Type"] == "application/json"
    assert stored(workspace).message_id == "m1"
