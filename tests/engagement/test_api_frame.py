"""What every resource of the API does alike: who may call, how it refuses, how often, how it is traced."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import IntegrityError, OperationalError
from django.http import Http404
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.exceptions import Throttled

from engagement import limits
from engagement.api.idempotency import once
from engagement.api.problems import read_problem
from engagement.api.resources import Resource
from engagement.keys import SCOPES, find_key, make_key, revoke_key
from engagement.models import ApiKey, Product
from tests import make
from tests.make_api import Caller, caller, public_caller

pytestmark = pytest.mark.django_db


def test_a_key_is_accepted_as_bearer_and_as_basic() -> None:
    workspace = make.workspace()
    make.product(workspace, "tent")
    text = caller(workspace, "catalogue:read").text
    basic = base64.b64encode(f"{text}:".encode()).decode()
    for header in (f"Bearer {text}", f"bearer  {text}", f"Basic {basic}"):
        answer = Client().get("/api/v1/products", headers={"Authorization": header})
        assert [row["sku"] for row in answer.json()["data"]] == ["tent"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "key_missing"),
        ("Bearer sk_00000000_unknown", "key_invalid"),
        ("Bearer ", "key_invalid"),
        ("Basic ***", "key_invalid"),
        ("Basic Og==", "key_invalid"),
        ("Digest x", "key_invalid"),
        ("Bearer a\x00b", "key_invalid"),
    ],
)
def test_without_a_good_key_nothing_is_read(header: str | None, code: str) -> None:
    answer = Client().get("/api/v1/products", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_what_is_wrong_comes_with_its_remedy() -> None:
    shop = caller(make.workspace())
    promise = next(
        error["detail"]
        for error in shop.post("nudges", {"promise": "peace"}).json()["errors"]
        if error["pointer"] == "/promise"
    )
    assert promise == "Write one of choose_well, choose_us, feel_good, adapt, service."
    outcome = shop.get("decisions", outcome="lost").json()["errors"][0]
    assert outcome["parameter"] == "outcome"
    assert outcome["detail"].startswith("Write one of ")
    assert "Known are: sku," in shop.get("products", prise="1").json()["errors"][0]["detail"]
    unknown = Client().get("/api/v1/products")
    assert "Authorization: Bearer" in unknown.json()["detail"]
    plain = shop.client.post("/api/v1/products", "sku=a", content_type="text/plain")
    assert (plain.status_code, "application/json" in plain.json()["detail"]) == (415, True)
    assert not Product.objects.exists()


def test_a_revoked_key_stops_at_once() -> None:
    shop = caller(make.workspace())
    assert shop.get("products").status_code == 200
    assert shop.key is not None
    revoke_key(key=shop.key, now=timezone.now())
    assert shop.get("products").json()["code"] == "key_invalid"
    assert shop.post("products", {"sku": "a"}).status_code == 401
    assert not Product.objects.exists()


def test_a_public_write_key_reads_and_writes_nothing_here() -> None:
    page = public_caller(make.workspace())
    for answer in (
        page.get("products"),
        page.post("products", {"sku": "a"}),
        page.post("events", {"items": []}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "write_key")
    assert not Product.objects.exists()


def test_each_method_needs_its_own_scope() -> None:
    workspace = make.workspace()
    product = make.product(workspace, "tent", name="Tent")
    reader = caller(workspace, "catalogue:read")
    assert reader.get(f"products/{product.pk}").status_code == 200
    for answer in (
        reader.post("products", {"sku": "a"}),
        reader.post("products/batch", {"items": [{"sku": "a"}]}),
        reader.patch(f"products/{product.pk}", {"name": "x"}),
        reader.delete(f"products/{product.pk}"),
    ):
        assert (answer.status_code, answer.json()["scope"]) == (403, "catalogue:write")
    assert [(row.sku, row.name) for row in Product.objects.all()] == [("tent", "Tent")]


def views_below(patterns: Any, prefix: str = "") -> list[tuple[str, type[Resource]]]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += views_below(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "view_class"):
            found.append((prefix + str(pattern.pattern), pattern.callback.view_class))
    return [(path, view) for path, view in found if path.startswith("api/v1/") and issubclass(view, Resource)]


def test_every_method_of_every_resource_names_a_scope_that_exists_and_acts_once() -> None:
    views = [
        (path, view) for path, view in views_below(get_resolver().url_patterns) if view.authentication_classes
    ]
    assert len(views) > 50
    for path, view in views:
        methods = {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
        assert methods == set(view.required_scopes), path
        assert set(view.required_scopes.values()) <= set(SCOPES), path
        if hasattr(view, "post"):
            assert getattr(view.post, "acts_once", False), f"{path} lacks @{once.__name__}"


def test_a_path_that_is_not_there_is_answered_as_a_problem() -> None:
    for path in ("nothing", "products/abc", "products/1/2", ""):
        answer = Client().post(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer["Content-Type"] == "application/problem+json"


def test_a_method_that_is_not_there_is_answered_as_a_problem() -> None:
    shop = caller(make.workspace())
    answer = shop.delete("products")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]
    assert "OPTIONS" not in answer["Allow"]
    assert shop.client.options("/api/v1/products").status_code == 405


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "unreadable"),
        (b'{"sku": NaN}', "application/json", 400, "unreadable"),
        (b'{"sku": "\\u0000"}', "application/json", 400, "unreadable"),
        (b'{"sku": "\\ud800"}', "application/json", 400, "unreadable"),
        (b"\xff\xfe", "application/json", 400, "unreadable"),
        (b"[" * 100_000, "application/json", 400, "unreadable"),
        (b'{"attributes": ' + b'{"a": ' * 40 + b"1" + b"}" * 41, "application/json", 400, "unreadable"),
        (b"sku=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"sku": "a"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"sku": "' + b"a" * 5_300_000 + b'"}', "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = caller(make.workspace()).client.post("/api/v1/products", body, content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Product.objects.exists()


def test_json_is_answered_whatever_is_asked_for() -> None:
    shop = caller(make.workspace())
    answer = shop.client.get("/api/v1/products", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


def test_a_problem_has_all_that_the_standard_asks_for() -> None:
    answer = caller(make.workspace()).get("products/1")
    assert answer.json() == {
        "type": "urn:touchstone:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such object in this workspace.",
        "instance": "/api/v1/products/1",
        "code": "not_found",
        "errors": [],
        "request_id": answer["X-Request-Id"],
    }


def test_the_request_id_is_echoed_or_made() -> None:
    client = caller(make.workspace()).client
    assert client.get("/api/v1/products", headers={"X-Request-Id": "order-42"})["X-Request-Id"] == "order-42"
    for bad in ("two words", "x" * 200, "<b>"):
        made = client.get("/api/v1/products", headers={"X-Request-Id": bad})["X-Request-Id"]
        assert len(made) == 32


def test_our_own_failure_is_a_problem_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a secret of the program")

    monkeypatch.setattr("engagement.api.products.save_products", fail)
    shop = caller(make.workspace())
    with pytest.raises(RuntimeError):  # what error reporting sees
        shop.post("products", {"sku": "a"})
    shop.client.raise_request_exception = False
    answer = shop.post("products", {"sku": "a"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "status"),
    [(Http404(), 404), (Throttled(wait=3), 429), (IntegrityError(), 422), (OperationalError(), 503)],
)
def test_what_others_raise_becomes_a_problem(error: Exception, status: int) -> None:
    problem = read_problem(error)
    assert problem.status == status
    if status in (429, 503):
        assert int(problem.headers["Retry-After"]) >= 1


def test_what_the_database_refuses_is_a_conflict() -> None:
    workspace = make.workspace()
    make.category(workspace, "tips")
    answer = caller(workspace).post("categories", {"slug": "tips", "name": "Again"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert workspace.categories.count() == 1


def test_a_key_runs_dry_and_fills_up_again(settings: Any) -> None:
    settings.API_RATE_LIMIT = 3
    shop = caller(make.workspace())
    left = [shop.get("products")["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = shop.post("products", {"sku": "a"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused["Retry-After"]) <= 20
    assert refused["RateLimit-Policy"] == '"default";q=3;w=60'
    assert refused["RateLimit"].startswith('"default";r=0;t=')
    assert not Product.objects.exists()
    assert caller(make.workspace()).get("products").status_code == 200  # a bucket of its own


def test_while_redis_is_away_the_process_limits_by_itself(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE_LIMIT = 2
    asked = []

    def unreachable() -> redis.Redis:
        asked.append(1)
        return redis.Redis(port=1, socket_connect_timeout=0.1, retry=None)

    limits._take_script()  # made once a process, with a client of its own
    monkeypatch.setattr(limits, "redis_client", unreachable)
    monkeypatch.setattr(limits._outage, "until", 0.0)
    shop = caller(make.workspace())
    assert [shop.get("products").status_code for _ in range(3)] == [200, 200, 429]
    assert len(asked) == 1  # not asked again while it is known to be away
    limits._outage.until = 0.0


def test_a_local_bucket_refills_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: clock[0])
    buckets = limits.LocalBuckets()
    assert [buckets.take("a", 2).allowed for _ in range(3)] == [True, True, False]
    clock[0] += 30
    assert [buckets.take("a", 2).allowed for _ in range(2)] == [True, False]


def test_a_key_is_marked_as_used_once_a_minute(django_assert_num_queries: Any) -> None:
    key, text = make_key(workspace=make.workspace(), kind="secret", name="k", scopes=["needs:read"])
    with django_assert_num_queries(2):
        assert find_key(text) == key
    with django_assert_num_queries(1):
        find_key(text)
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    assert first is not None
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=first - timedelta(minutes=2))
    find_key(text)
    renewed = ApiKey.objects.get(pk=key.pk).last_used_at
    assert renewed is not None
    assert renewed > first - timedelta(minutes=1)


def test_the_text_of_a_secret_key_is_kept_nowhere() -> None:
    key, text = make_key(workspace=make.workspace(), kind="secret", name="k", scopes=["needs:read"])
    assert text.startswith("sk_")
    assert len(text) == 3 + 8 + 1 + 43
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert text not in str(row)
    assert text.startswith(row["prefix"])
    public, shown = make_key(workspace=key.workspace, kind="write", name="w")
    assert (public.public_key, len(shown)) == (shown, 35)


def test_keys_with_wrong_scopes_are_not_made() -> None:
    workspace = make.workspace()
    with pytest.raises(ValueError, match="everything:write"):
        make_key(workspace=workspace, kind="secret", name="k", scopes=["everything:write"])
    with pytest.raises(ValueError, match="write key"):
        make_key(workspace=workspace, kind="write", name="k", scopes=["needs:read"])
    assert not ApiKey.objects.exists()


def test_a_caller_without_a_key_meets_the_same_refusal_everywhere() -> None:
    nobody = Caller(None)
    for path in ("customers", "needs", "guides", "reviews", "nudges", "decisions", "messages", "policy"):
        assert nobody.get(path).status_code == 401, path
