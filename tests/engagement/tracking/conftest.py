"""A workspace whose shop sends as a server-side client does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from engagement.api import tracking_keys, tracking_rates
from engagement.keys import make_key
from engagement.models import Workspace
from tests import make
from tests.engagement.tracking.calls import Send, basic


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
