"""The tracking door speaks as Segment's and RudderStack's clients expect, and refuses in words they understand."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from engagement.api import tracking, tracking_keys, tracking_rates
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


# ---- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("absent", [None, ""])
def test_an_empty_id_is_none_and_a_number_is_a_text(
    send: Send, workspace: Workspace, absent: str | None
) -> None:
    send("/v1/track", {"event": "Click", "userId": 42, "anonymousId": absent})
    customer = Customer.objects.get(workspace=workspace)
    assert customer.external_id == "42"
    assert list(customer.identities.values_list("kind", "value")) == [("external", "42")]


def test_traits_are_found_in_the_context_too(send: Send, workspace: Workspace) -> None:
    send(
        "/v1/identify",
        {"userId": "ada", "context": {"traits": {"plan": "gold", "age": 3}}, "traits": {"age": 4}},
    )
    assert Customer.objects.get(workspace=workspace).traits == {"plan": "gold", "age": 4}


def test_surroundings_are_kept_without_what_singles_out_a_person(send: Send, workspace: Workspace) -> None:
    context = {
        "ip": "203.0.113.77",
        "userAgent": "Mozilla",
        "locale": "de_AT",
        "timezone": "Europe/Riga",
        "page": {"url": "https://shop.example/a", "title": "A", "tab": 7},
        "campaign": {"name": "spring", "unknown": "x"},
        "library": {"name": "analytics-python", "version": "2"},
        "sessionId": 1234,
        "device": {"id": "tracking-id", "advertisingId": "x"},
        "traits": {"email": "a@b.cd"},
    }
    send(
        "/v1/track",
        {"event": "Click", "userId": "ada", "context": context, "channel": "web", "_metadata": {"a": 1}},
    )
    assert stored(workspace).context == {
        "ip": "203.0.113.0",
        "userAgent": "Mozilla",
        "locale": "de-AT",
        "timezone": "Europe/Riga",
        "page": {"url": "https://shop.example/a", "title": "A"},
        "campaign": {"name": "spring"},
        "library": {"name": "analytics-python", "version": "2"},
        "sessionId": "1234",
        "channel": "web",
    }


def test_a_batch_says_for_all_what_an_event_does_not_say_itself(send: Send, workspace: Workspace) -> None:
    send(
        "/v1/batch",
        batch(VIEWED | {"context": {"locale": "de"}}, context={"locale": "fr", "timezone": "Europe/Riga"}),
    )
    assert stored(workspace).context == {"locale": "de", "timezone": "Europe/Riga"}


def test_a_sender_can_ask_that_nothing_be_started(send: Send, workspace: Workspace) -> None:
    send("/v1/track", VIEWED | {"integrations": {"All": False}})
    assert stored(workspace).context["automation"] is False


def test_the_peer_stands_in_for_the_visitor_only_where_it_is_one(send: Send, workspace: Workspace) -> None:
    send("/v1/track", VIEWED | {"messageId": "server"})
    send("/v1/track", VIEWED | {"messageId": "browser", "context": {"userAgent": "Mozilla"}})
    contexts = dict(Event.objects.filter(workspace=workspace).values_list("message_id", "context"))
    assert contexts == {"server": {}, "browser": {"userAgent": "Mozilla", "ip": "127.0.0.0"}}


def test_a_page_has_its_category_and_a_group_its_id(send: Send, workspace: Workspace) -> None:
    send(
        "/v1/page",
        {"userId": "ada", "name": "Guide", "category": "Docs", "properties": {"url": "https://x.example"}},
    )
    send("/v1/group", {"userId": "ada", "groupId": 7, "traits": {"plan": "team"}})
    found = {
        event.type: (event.name, event.properties) for event in Event.objects.filter(workspace=workspace)
    }
    assert found == {
        "page": ("Guide", {"category": "Docs", "url": "https://x.example"}),
        "group": ("Group", {"groupId": "7", "plan": "team"}),
    }


def test_nul_characters_are_left_out(send: Send, workspace: Workspace) -> None:
    send("/v1/track", VIEWED | {"properties": {"a\x00b": ["x\x00", {"y": "\x00"}]}})
    assert stored(workspace).properties == {"ab": ["x", {"y": ""}]}
    assert refused(workspace) == []


@pytest.mark.parametrize("name", ["viewed product", "PRODUCT VIEWED", " Product Viewed "])
def test_older_names_mean_the_same(send: Send, workspace: Workspace, name: str) -> None:
    send("/v1/track", VIEWED | {"event": name})
    assert stored(workspace).name == "Product Viewed"


def test_an_alias_of_an_id_to_itself_does_nothing(send: Send, workspace: Workspace) -> None:
    response = send("/v1/alias", {"userId": "u-2", "previousId": "u-2"})
    assert response.content == b'{"success": true}'
    assert (Event.objects.count(), refused(workspace)) == (0, [])


def test_an_alias_of_two_known_customers_joins_nobody_and_says_so(send: Send, workspace: Workspace) -> None:
    alias = {"type": "alias", "userId": "ada", "previousId": "bob"}
    send("/v1/batch", batch(VIEWED, VIEWED | {"userId": "bob", "messageId": "m2"}, alias))
    assert Customer.objects.filter(workspace=workspace, merged_into=None).count() == 2
    assert refused(workspace) == [(2, "alias_of_two_known")]


def test_a_long_message_id_still_recognises_a_retry(send: Send, workspace: Workspace) -> None:
    for _ in range(2):
        send("/v1/track", VIEWED | {"messageId": "x" * 5000})
    assert Event.objects.filter(workspace=workspace).count() == 1


def test_without_a_message_id_each_call_counts(send: Send, workspace: Workspace) -> None:
    for _ in range(2):
        send("/v1/track", {"event": "Click", "userId": "ada"})
    assert Event.objects.filter(workspace=workspace).count() == 2


# ---- when it happened ------------------------------------------------------------------------------------------------

AGO = timedelta(minutes=10)


def moment(send: Send, workspace: Workspace, call: dict[str, Any], **members: Any) -> timedelta:
    """How long before it was received a call is said to have happened."""
    headers = members.pop("headers", {})
    send("/v1/batch", batch(VIEWED | call, **members), **headers)
    event = stored(workspace)
    return event.received_at - event.occurred_at


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(days=400), -timedelta(days=300)])
@pytest.mark.parametrize("place", ["batch", "event", "header"])
@pytest.mark.parametrize("field", ["timestamp", "originalTimestamp"])
def test_a_wrong_clock_of_the_sender_does_not_matter(
    send: Send, workspace: Workspace, skew: timedelta, place: str, field: str
) -> None:
    theirs = datetime.now(UTC) + skew
    call = {field: (theirs - AGO).isoformat()} | ({"sentAt": theirs.isoformat()} if place == "event" else {})
    members = {"sentAt": theirs.isoformat()} if place == "batch" else {}
    if place == "header":
        members = {"headers": {"SentAt": theirs.isoformat()}}
    assert moment(send, workspace, call, **members) == AGO


def test_a_time_given_outright_wins_over_the_time_of_the_call(send: Send, workspace: Workspace) -> None:
    now = datetime.now(UTC)
    call = {
        "timestamp": (now - AGO).isoformat(),
        "originalTimestamp": now.isoformat(),
        "sentAt": now.isoformat(),
    }
    assert moment(send, workspace, call) == AGO


def test_nothing_happens_after_it_was_received(send: Send, workspace: Workspace) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert moment(send, workspace, {"timestamp": later}) == timedelta(0)


@pytest.mark.parametrize("value", ["yesterday", "", 1e300, [], True, "9999-99-99"])
def test_a_time_that_is_none_is_the_time_of_arrival(send: Send, workspace: Workspace, value: Any) -> None:
    assert moment(send, workspace, {"timestamp": value}) == timedelta(0)


def test_times_may_be_numbers(send: Send, workspace: Workspace) -> None:
    at = datetime.now(UTC) - AGO
    assert (
        AGO
        <= moment(send, workspace, {"timestamp": int(at.timestamp() * 1000)})
        < AGO + timedelta(seconds=10)
    )


def test_what_the_workspace_would_not_keep_is_refused(send: Send, workspace: Workspace) -> None:
    old = datetime.now(UTC) - timedelta(days=workspace.retention_days + 1)
    send("/v1/batch", batch(VIEWED | {"timestamp": old.isoformat()}, VIEWED | {"messageId": "m2"}))
    assert stored(workspace).message_id == "m2"
    assert refused(workspace) == [(0, "too_old")]


# ---- bad events in good batches --------------------------------------------------------------------------------------

BAD = [
    ("text", "not_an_object"),
    ({"userId": "a"}, "unknown_type"),
    ({"type": "purchase", "userId": "a"}, "unknown_type"),
    ({"type": ["track"], "userId": "a"}, "unknown_type"),
    ({"type": "track", "event": "x"}, "id_missing"),
    ({"type": "track", "event": "x", "userId": "", "anonymousId": None}, "id_missing"),
    ({"type": "track", "event": "x", "userId": {"id": 1}}, "id_invalid"),
    ({"type": "track", "event": "x", "userId": "u" * 201}, "id_too_long"),
    ({"type": "track", "userId": "a"}, "event_missing"),
    ({"type": "track", "userId": "a", "event": "  "}, "event_missing"),
    ({"type": "track", "userId": "a", "event": "x" * 201}, "name_too_long"),
    ({"type": "track", "userId": "a", "event": "nudge replied"}, "reserved_name"),
    ({"type": "alias", "userId": "a"}, "id_missing"),
    ({"type": "alias", "previousId": "a"}, "id_missing"),
    ({"type": "group", "userId": "a"}, "group_missing"),
    ({"type": "track", "userId": "a", "event": "x", "properties": [1]}, "not_an_object"),
    ({"type": "identify", "userId": "a", "traits": "x"}, "not_an_object"),
    (
        {"type": "track", "userId": "a", "event": "x", "properties": {str(n): n for n in range(1001)}},
        "too_many_keys",
    ),
    (
        {
            "type": "track",
            "userId": "a",
            "event": "x",
            "properties": json.loads('{"a":' * 20 + "1" + "}" * 20),
        },
        "too_deep",
    ),
    ({"type": "track", "userId": "a", "event": "x", "properties": {"a": "x" * 600_000}}, "event_too_large"),
]


@pytest.mark.parametrize(("bad", "code"), BAD, ids=[f"{n} {code}" for n, (_, code) in enumerate(BAD)])
def test_a_bad_event_does_not_take_the_good_ones_with_it(
    send: Send, workspace: Workspace, bad: Any, code: str
) -> None:
    response = send("/v1/batch", batch(VIEWED, bad, VIEWED | {"messageId": "m3"}))
    assert (response.status_code, response.content) == (200, b'{"success": true}')
    assert set(Event.objects.filter(workspace=workspace).values_list("message_id", flat=True)) == {"m1", "m3"}
    assert refused(workspace) == [(1, code)]
    assert not Customer.objects.filter(workspace=workspace).exclude(external_id="ada").exists()


def test_a_refused_event_is_kept_as_sent_when_it_is_small_and_cut_when_it_is_not(
    send: Send, workspace: Workspace
) -> None:
    small, large = (
        {"type": "track", "event": "x"},
        {"type": "track", "event": "x", "properties": {"a": "x" * 9000}},
    )
    send("/v1/batch", batch(small, large))
    kept = list(
        RejectedEvent.objects.filter(workspace=workspace).order_by("index").values_list("payload", flat=True)
    )
    assert kept[0] == small
    assert (kept[1]["type"], len(str(kept[1])) < 200) == ("track", True)


def test_a_value_that_the_store_refuses_costs_only_its_event(send: Send, workspace: Workspace) -> None:
    raw = json.dumps(
        batch(VIEWED, VIEWED | {"messageId": "bad", "properties": {"n": 0}}, VIEWED | {"messageId": "m3"})
    )
    response = send("/v1/batch", raw.replace('"n": 0', '"n": 1e400').encode())
    taken = set(Event.objects.filter(workspace=workspace).values_list("message_id", flat=True))
    assert response.status_code in (200, 400)
    assert taken in ({"m1", "m3"}, {"m1", "m3", "bad"}, set())


def test_only_so_many_refused_events_of_a_request_are_kept(send: Send, workspace: Workspace) -> None:
    send("/v1/batch", batch(*[{"type": "track"}] * 300))
    assert RejectedEvent.objects.filter(workspace=workspace).count() == 100


# ---- refused requests ------------------------------------------------------------------------------------------------


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


# ---- browsers --------------------------------------------------------------------------------------------------------

BROWSER_PATHS = [
    "/v1/batch",
    "/v1/t",
    "/v1/track/",
    "/v1/projects/wk/settings",
    "/sourceConfig/",
    "/rsaMetrics",
    "/v1/m",
]
ASKED = (
    *(
        "authorization",
        "content-type",
        "accept",
        "anonymousid",
        "sentat",
        "x-retry-count",
        "rsa-retry-attempt",
    ),
    *("rsa-retry-reason", "rsa-since-first-attempt", "rsa-since-last-attempt"),
)


@pytest.mark.parametrize("path", BROWSER_PATHS)
def test_a_preflight_is_answered_without_a_key(client: Client, path: str) -> None:
    response = client.options(
        path, headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert set(ASKED) <= set(response.headers["Access-Control-Allow-Headers"].split(", "))
    assert response.headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize("slash", ["", "/"])
def test_segments_browser_client_gets_its_settings(client: Client, key: str, slash: str) -> None:
    response = client.get(f"/v1/projects/{key}/settings{slash}")
    assert response.json() == {
        "integrations": {"Segment.io": {"apiKey": key, "apiHost": "testserver/v1", "protocol": "http"}},
        "metrics": {"sampleRate": 0},  # else the client tells Segment how it fares
    }
    assert "max-age=300" in response.headers["Cache-Control"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("place", ["query", "header"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_rudderstacks_browser_client_gets_its_source_config(
    client: Client, workspace: Workspace, key: str, place: str, slash: str
) -> None:
    query = f"?p=npm&v=3&build=modern&writeKey={key}" if place == "query" else ""
    headers = {"Authorization": basic(key)} if place == "header" else {}
    source = client.get(f"/sourceConfig{slash}{query}", headers=headers).json()["source"]
    assert (source["writeKey"], source["enabled"], source["destinations"]) == (key, True, [])
    assert source["workspaceId"] == str(workspace.id)
    assert source["config"]["statsCollection"]["errors"]["enabled"] is False


def test_the_classic_snippet_gets_the_script(client: Client, key: str) -> None:
    response = client.get(f"/analytics.js/v1/{key}/analytics.min.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert len(response.content) > 50_000
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_the_script_gets_its_parts_and_nothing_else_of_ours(client: Client) -> None:
    part = "/analytics-next/bundles/queryString.bundle.34b193ada8fe288d1bd1.js"
    assert client.get(part).headers["Content-Type"].startswith("text/javascript")
    for other in ("nothing.js", "..js"):
        assert client.get(f"/analytics-next/bundles/{other}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/wk_no/settings",
        "/sourceConfig/?writeKey=wk_no",
        "/analytics.js/v1/wk_no/analytics.min.js",
    ],
)
def test_an_unknown_key_gets_no_settings(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (401, "unknown_write_key")


@pytest.mark.parametrize("path", ["/v1/m", "/rsaMetrics", "/rsaMetrics/"])
def test_what_clients_tell_about_themselves_is_not_kept(client: Client, path: str) -> None:
    assert client.post(path, b"{}", content_type="text/plain").content == b'{"success": true}'
    assert not Event.objects.exists()
