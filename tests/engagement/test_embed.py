"""What every embed keeps to: keys, origins, no cookies, small files, turns."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from engagement.keys import make_key, revoke_key
from engagement.limits import hidden, take_turn
from engagement.models import Customer
from tests import make, make_guides, make_reviews

SHOP = "https://shop.example"


@pytest.fixture
def workspace(db):
    return make.workspace(allowed_origins=[SHOP + "/"])


@pytest.fixture
def key(workspace):
    return make_key(workspace=workspace, kind="write", name="Shop")[1]


@pytest.fixture
def guide(workspace):
    return make_guides.guide(workspace)


@pytest.fixture
def product(workspace):
    return make.product(workspace, "tern", name="Tern")


def get_guide(client, guide, key, **headers):
    return client.get("/e/f/guide/", {"key": key, "need": guide.need.slug}, headers=headers)


def test_a_page_of_an_allowed_origin_may_read_it(client, guide, key):
    answer = get_guide(client, guide, key, origin=SHOP)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example"]
)
def test_a_page_of_another_origin_may_not(client, guide, key, origin):
    answer = get_guide(client, guide, key, origin=origin)
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer
    assert b"allowed origins" in answer.content


def test_the_shops_server_needs_no_origin(client, guide, key):
    assert get_guide(client, guide, key).status_code == 200


def test_a_key_that_is_wrong_secret_or_revoked_opens_nothing(client, guide, workspace):
    secret = make_key(workspace=workspace, kind="secret", name="Server")[1]
    revoked, text = make_key(workspace=workspace, kind="write", name="Old")
    revoke_key(key=revoked, now=make.NOW)
    for wrong in ("", "wk_nonsense", secret, text, "a\x00b"):
        assert get_guide(client, guide, wrong).status_code == 404


def test_the_key_of_one_workspace_shows_nothing_of_another(client, key):
    foreign = make_guides.guide(make.workspace())
    thing = make.product(make.workspace(), "theirs", name="Theirs")
    assert get_guide(client, foreign, key).status_code == 404
    for path in ("/e/f/reviews/", "/e/f/review/"):
        assert client.get(path, {"key": key, "product": thing.sku}).status_code == 404


def test_a_preflight_is_answered_for_allowed_origins_only(client, key):
    asked = {"access-control-request-method": "POST"}
    allowed = client.options(f"/e/f/review/?key={key}", headers={"origin": SHOP, **asked})
    assert (allowed.status_code, allowed["Access-Control-Allow-Origin"]) == (204, SHOP)
    refused = client.options(f"/e/f/review/?key={key}", headers={"origin": "https://evil.example", **asked})
    assert refused.status_code == 403


def walk(client, workspace, key, guide, product):
    """One answer of every kind that this door gives."""
    review = make_reviews.review(product)
    base = {"key": key}
    yield client.get("/e/touchstone.js")
    yield client.get("/e/touchstone.css")
    yield client.get("/e/f/guide/", base | {"need": guide.need.slug})
    yield client.get("/e/f/guide/", base | {"need": "nothing"})
    yield client.post(f"/e/f/guide/read/?key={key}", {"guide": guide.slug, "anonymous_id": "a"})
    yield client.get("/e/f/reviews/", base | {"product": "tern"})
    yield client.get("/e/f/reviews/", base | {"product": "tern", "cursor": "x"})
    yield client.get("/e/f/review/", base | {"product": "tern"})
    yield client.post(f"/e/f/review/?key={key}&product=tern", {"body": "short"})
    yield client.post(
        f"/e/f/review/vote/?key={key}", {"review": review.pk, "helpful": "1", "anonymous_id": "a"}
    )
    yield client.get(f"/e/guide/{workspace.slug}/{guide.slug}/")
    yield client.get(f"/e/guide/{workspace.slug}/nothing/")
    yield client.get(f"/e/reviews/{workspace.slug}/tern/")
    yield client.get(f"/e/review/{workspace.slug}/tern/")
    yield client.post(f"/e/review/{workspace.slug}/tern/", {"body": "short"})
    yield client.post(f"/e/vote/{workspace.slug}/", {"review": review.pk, "helpful": "0"})
    yield client.get(f"/e/confirm/{workspace.slug}/nonsense/")
    yield client.get("/e/reviews/nobody/tern/")


def test_no_answer_sets_a_cookie_or_may_run_what_is_inline(workspace, key, guide, product):
    # As a signed-in member, too: what they are must not come near the embeds.
    member = make.member(workspace)
    visitor, insider = Client(), Client()
    insider.force_login(member.user)
    for client in (visitor, insider):
        answers = list(walk(client, workspace, key, guide, product))
        assert len(answers) == 18
        for answer in answers:
            assert not answer.cookies, answer.request["PATH_INFO"]
            assert "Cookie" not in answer.get("Vary", ""), answer.request["PATH_INFO"]
            policy = answer.get("Content-Security-Policy", "default-src 'none'")
            assert "unsafe" not in policy
            assert b"style=" not in answer.content.lower() if not answer.streaming else True


def test_a_hosted_page_may_be_framed_by_the_shop_only(client, workspace, guide):
    answer = client.get(f"/e/guide/{workspace.slug}/{guide.slug}/")
    assert f"frame-ancestors 'self' {SHOP}" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer


def test_who_has_it_already_is_told_so(client, guide, key):
    first = get_guide(client, guide, key)
    assert "max-age=60" in first["Cache-Control"]
    again = get_guide(client, guide, key, **{"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_refused_or_sent_is_not_kept_by_caches(client, key, product):
    for answer in (
        client.get("/e/f/reviews/", {"key": key, "product": "none"}),
        client.post(f"/e/f/review/?key={key}&product=tern", {}),
    ):
        assert answer.get("Cache-Control", "no-store") == "no-store"


def test_reading_changes_nothing(client, workspace, key, guide, product):
    before = Customer.objects.count()
    client.get("/e/f/guide/", {"key": key, "need": guide.need.slug, "anonymous_id": "a"})
    client.get("/e/f/guide/read/", {"key": key, "guide": guide.slug, "anonymous_id": "a"})
    assert Customer.objects.count() == before


def test_the_files_are_small_and_known_again(client):
    for name, most in (("touchstone.js", 8 * 1024), ("touchstone.css", 6 * 1024)):
        plain = (Path(settings.BASE_DIR) / "static" / "embed" / name).read_bytes()
        assert len(gzip.compress(plain, 9)) <= most
        answer = client.get(f"/e/{name}", headers={"accept-encoding": "gzip, br"})
        assert gzip.decompress(answer.content) == plain
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert (
            client.get(f"/e/{name}", headers={"if-none-match": client.get(f"/e/{name}")["ETag"]}).status_code
            == 304
        )
        assert client.get(f"/e/{name}").content == plain


def test_the_script_needs_nothing_that_a_strict_policy_forbids():
    script = (Path(settings.BASE_DIR) / "static" / "embed" / "touchstone.js").read_text()
    for forbidden in ("eval(", "new Function", "document.cookie", "document.write", 'setAttribute("style"'):
        assert forbidden not in script


def test_an_address_that_sends_too_often_has_to_wait(client, key, product):
    answers = [
        client.post(f"/e/f/review/?key={key}&product=tern", {}, REMOTE_ADDR="192.0.2.9").status_code
        for _ in range(60)
    ]
    assert answers[:20] == [422] * 20
    assert 429 in answers
    other = client.post(f"/e/f/review/?key={key}&product=tern", {}, REMOTE_ADDR="192.0.2.10")
    assert other.status_code == 422


def test_turns_are_counted_apart_and_keep_no_address():
    assert [take_turn(who="192.0.2.1", what="a", limit=2) > 0 for _ in range(3)] == [False, False, True]
    assert take_turn(who="192.0.2.1", what="b", limit=2) == 0
    assert "192" not in hidden("192.0.2.1")[:3] or len(hidden("192.0.2.1")) == 24


@pytest.fixture(autouse=True)
def _fresh_turns():
    from django.core.cache import cache

    cache.clear()
