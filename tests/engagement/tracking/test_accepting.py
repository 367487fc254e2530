"""The tracking door speaks as Segment's and RudderStack's clients expect, and knows whose key it is."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from engagement.api import tracking_keys
from engagement.keys import make_key, revoke_key
from engagement.models import Customer, Event, Workspace
from tests import make
from tests.engagement.tracking.calls import VIEWED, Send, basic, batch, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/", "/v1/b", "/v1/b/", "/v1/import", "/v1/import/"])
def test_a_batch_is_answered_in_the_words_clients_expect(send: Send, workspace: Workspace, path: str) -> None:
    response = send(path, batch(VIEWED))
    assert (response.status_code, response.content) == (200, b'{"success": true}')
    assert response.headers["Content-Type"] == "application/json"
    assert stored(workspace).message_id == "m1"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (letter, kind)
        for kind in ("track", "identify", "page", "screen", "group", "alias")
        for letter in (kind, kind[0])
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_one_call_a_request_has_its_type_in_the_path(
    send: Send, workspace: Workspace, path: str, kind: str, slash: str
) -> None:
    body = {"userId": "ada", "event": "Click", "previousId": "old", "groupId": "g", "messageId": "m1"}
    assert send(f"/v1/{path}{slash}", body).content == b'{"success": true}'
    assert stored(workspace).type == kind


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ""]
)
@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.compress])
def test_the_body_is_json_whatever_it_claims_to_be(
    send: Send, workspace: Workspace, content_type: str, pack: Callable[[bytes], bytes]
) -> None:
    raw = pack(json.dumps(batch(VIEWED)).encode())
    headers = {"Content_Encoding": "gzip"} if raw[:2] == b"\x1f\x8b" else {}
    assert send("/v1/batch", raw, content_type=content_type, **headers).status_code == 200
    assert stored(workspace).name == "Product Viewed"


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (zlib.compress(b'{"batch": []}'), "deflate"),
        (zlib.compress(b'{"batch": []}', wbits=-15), "deflate"),
        (gzip.compress(b'{"batch"') + gzip.compress(b": []}"), "gzip"),
        (gzip.compress(b'{"batch": []}'), ""),
    ],
    ids=["deflate", "raw deflate", "gzip in two members", "gzip that is not announced"],
)
def test_compressed_bodies_are_unpacked(send: Send, packed: bytes, encoding: str) -> None:
    headers = {"Content_Encoding": encoding} if encoding else {}
    assert send("/v1/batch", packed, **headers).status_code == 200


@pytest.mark.parametrize("place", ["header", "bearer", "batch", "event", "query"])
def test_the_key_is_found_wherever_a_client_puts_it(
    client: Client, workspace: Workspace, key: str, place: str
) -> None:
    event = VIEWED | ({"writeKey": key} if place == "event" else {})
    body = batch(event, **({"writeKey": key} if place == "batch" else {}))
    headers = {"header": {"Authorization": basic(key)}, "bearer": {"Authorization": f"Bearer {key}"}}.get(
        place, {}
    )
    path = f"/v1/batch?writeKey={key}" if place == "query" else "/v1/batch"
    assert client.post(path, body, content_type="application/json", headers=headers).status_code == 200
    assert stored(workspace).source == "tracking"


def test_a_server_may_use_its_secret_key(client: Client, workspace: Workspace) -> None:
    _, secret = make_key(workspace=workspace, kind="secret", name="server", scopes=["events:write"])
    headers = {"Authorization": basic(secret)}
    client.post("/v1/batch", batch(VIEWED), content_type="application/json", headers=headers)
    assert stored(workspace).source == "api"


@pytest.mark.parametrize("key", ["", "wk_unknown", "wk_\x00", "ключ"])
def test_an_unknown_key_is_refused_and_nothing_is_written(client: Client, key: str) -> None:
    response = client.post("/v1/batch", batch(VIEWED, writeKey=key), content_type="application/json")
    assert response.status_code == 401
    assert (response.json()["success"], response.json()["code"]) == (False, "unknown_write_key")
    assert response.json()["message"]
    assert not Event.objects.exists()


def test_a_secret_key_without_the_scope_is_refused(client: Client, workspace: Workspace) -> None:
    _, secret = make_key(workspace=workspace, kind="secret", name="server", scopes=["customers:read"])
    response = client.post("/v1/batch", batch(VIEWED, writeKey=secret), content_type="application/json")
    assert response.status_code == 401
    assert not Event.objects.exists()


def test_a_revoked_key_stops_within_five_seconds(
    send: Send, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send("/v1/batch", batch(VIEWED)).status_code == 200
    revoke_key(key=workspace.api_keys.get(), now=datetime.now(UTC))
    clock = tracking_keys.time.monotonic()
    monkeypatch.setattr(tracking_keys.time, "monotonic", lambda: clock + 5)
    assert send("/v1/batch", batch(VIEWED)).status_code == 401


def test_an_event_belongs_to_the_workspace_of_its_key_alone(send: Send, workspace: Workspace) -> None:
    other = make.workspace()
    make.customer(other, external_id="ada")
    send("/v1/batch", batch(VIEWED))
    assert Customer.objects.filter(workspace=workspace, external_id="ada").count() == 1
    assert not Event.objects.filter(workspace=other).exists()
