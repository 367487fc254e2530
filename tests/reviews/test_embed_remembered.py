"""Pages that are remembered: given without a look at the database, made anew as soon as they would look different."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.embed import remembering
from engagement.erasing import erase_customer
from engagement.keys import make_key, revoke_key
from engagement.models import ApiKey, Workspace
from reviews.moderating import reject_review, respond_to_review
from reviews.tallying import tally_ratings
from tests import make, make_reviews

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example"


@pytest.fixture(autouse=True)
def _remembering(settings):
    cache.clear()
    remembering.forget_answers()
    settings.EMBED_REMEMBERED_SECONDS = 60
    yield
    remembering.forget_answers()


@pytest.fixture
def workspace():
    return make.workspace(allowed_origins=[SHOP])


@pytest.fixture
def product(workspace):
    return make.product(workspace, "tern", name="Tern 2")


@pytest.fixture
def review(product):
    written = make_reviews.review(product, title="Dry feet")
    tally_ratings(now=make.NOW)
    return written


@pytest.fixture
def ask(client, workspace):
    key = make_key(workspace=workspace, kind="write", name="Shop")[1]

    def ask(**headers):
        return client.get("/e/f/reviews/", {"key": key, "product": "tern"}, headers=headers)

    return ask


def queries_of(ask):
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def let_time_pass():
    """What is remembered must now be asked about: as after EMBED_REMEMBERED_SECONDS."""
    for name, kept in remembering._kept.items():
        remembering._kept[name] = kept._replace(until=0.0)


def test_the_same_page_is_given_again_without_any_query(ask, review):
    first = ask()
    assert queries_of(ask) == 0
    again = ask()
    assert again.content == first.content
    assert again.headers.items() == first.headers.items()
    assert not again.cookies


def test_after_a_while_it_is_asked_once_whether_anything_changed(ask, review):
    made = queries_of(ask)
    let_time_pass()
    assert queries_of(ask) < made - 2
    assert queries_of(ask) == 0


def test_what_is_in_no_version_shows_after_a_minute(ask, review, product, monkeypatch):
    respond_to_review(
        workspace=product.workspace, review_id=review.pk, text="Thanks.", actor=None, now=make.NOW
    )
    assert b"Larkfell answers" not in ask().content
    Workspace.objects.update(name="Larkfell")
    let_time_pass()
    assert b"Larkfell answers" not in ask().content
    let_time_pass()
    monkeypatch.setattr(remembering, "LONGEST", 0.0)
    assert b"Larkfell answers" in ask().content


@pytest.mark.parametrize(
    "change",
    [
        lambda review: respond_to_review(
            workspace=review.workspace, review_id=review.pk, text="Thanks, all.", actor=None, now=make.NOW
        ),
        lambda review: reject_review(
            workspace=review.workspace, review_id=review.pk, reason="spam", actor=None, now=make.NOW
        ),
        lambda review: make_reviews.review(review.product, title="Another one"),
        lambda review: erase_customer(customer=review.customer, actor=None, now=make.NOW),
    ],
)
def test_whatever_changes_reviews_makes_it_anew(ask, review, change):
    first = ask().content
    change(review)
    let_time_pass()
    assert ask().content != first


def test_a_vote_shows(ask, review, client):
    ask()
    key = ApiKey.objects.get().public_key
    client.post(f"/e/f/review/vote/?key={key}", {"review": review.pk, "helpful": "1"})
    let_time_pass()
    assert b"1 of 1 found this helpful" in ask().content


def test_another_site_gets_an_answer_of_its_own_or_none(ask, review):
    assert ask(origin=SHOP)["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Origin" not in ask()
    for _ in range(2):
        assert ask(origin="https://evil.example").status_code == 403


def test_a_revoked_key_gets_nothing_once_it_is_asked_about(ask, review):
    ask()
    revoke_key(key=ApiKey.objects.get(), now=make.NOW)
    let_time_pass()
    assert ask().status_code == 404


def test_who_has_it_already_is_told_so_with_the_same_headers(ask, review):
    etag = ask(origin=SHOP)["ETag"]
    for _ in range(2):
        told = ask(origin=SHOP, if_none_match=f'"other", W/{etag}')
        assert (told.status_code, told.content) == (304, b"")
        assert told["Access-Control-Allow-Origin"] == SHOP
        assert told["ETag"] == etag
        assert "Content-Length" not in told
    assert ask(origin=SHOP, if_none_match='"other"').status_code == 200


def test_a_flood_of_addresses_forgets_the_oldest_and_grows_no_further(ask, review, monkeypatch):
    size = len(ask().content)
    monkeypatch.setattr(remembering, "MOST_BYTES", 3 * size)
    for number in range(6):
        ask(origin=SHOP, x_other=str(number))
        remembering._put((f"/{number}", ""), remembering._kept[next(reversed(remembering._kept))])
    assert len(remembering._kept) <= 3


def test_an_installation_may_remember_nothing(ask, review, settings):
    settings.EMBED_REMEMBERED_SECONDS = 0
    ask()
    assert queries_of(ask) > 3


def test_the_hosted_page_is_remembered_too(client, workspace, review):
    def ask():
        return client.get(f"/e/reviews/{workspace.slug}/tern/")

    first = ask()
    assert queries_of(ask) == 0
    assert "frame-ancestors 'self' https://shop.example" in ask()["Content-Security-Policy"]
    assert ask().content == first.content
