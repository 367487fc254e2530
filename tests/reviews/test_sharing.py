"""Authors who agree that Google and Meta are given their review, and those who take it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache

from engagement.keys import make_key
from engagement.people.merging import merge_customers
from reviews.absorbing import absorb_merges
from reviews.exporting.feeds import feed_reviews
from reviews.links import writing_url
from reviews.models import ModerationEntry, Review, ReviewPolicy
from reviews.records import records_of
from tests import make, make_reviews

pytestmark = pytest.mark.django_db
NOW = make.NOW
WORDS = {
    "kind": "in_use",
    "overall": "2",
    "author_name": "Ada",
    "body": "Wet feet after an hour on the moor, and then for a week.",
}
BOX = 'name="may_share"'


@pytest.fixture
def product():
    cache.clear()
    workspace = make.workspace(sender_email="hello@shop.example")
    ReviewPolicy.objects.create(workspace=workspace, gives_to_feeds=True)
    make_key(workspace=workspace, kind="write", name="Shop")
    return make.product(workspace, "tern", url="https://shop.example/tern")


@pytest.fixture
def author(product):
    return make.customer(product.workspace, external_id="u1", email="ada@example.org")


@pytest.fixture
def link(product, author):
    return writing_url(product, customer=author)


def given(product):
    return [review.pk for review in feed_reviews(product.workspace)]


def test_the_box_is_open_at_first_and_what_it_says_is_kept(client, product, author, link):
    form = client.get(link).content.decode()
    assert BOX in form
    assert "checked" not in form[form.index(BOX) : form.index(BOX) + 40]
    assert client.post(link, WORDS).status_code == 303
    review = Review.objects.get(customer=author)
    assert review.shared_at is None
    assert client.post(link, WORDS | {"may_share": "1"}).status_code == 303
    review.refresh_from_db()
    assert review.shared_at is not None
    assert client.get(link).content.decode().count('may_share" value="1" checked') == 1


def test_while_there_are_no_feeds_nobody_is_asked_and_what_was_said_stays(client, product, author, link):
    review = make_reviews.review(product, author, may_share=True)
    ReviewPolicy.objects.update(gives_to_feeds=False)
    assert BOX not in client.get(link).content.decode()
    client.post(link, WORDS)
    review.refresh_from_db()
    assert review.shared_at == NOW


def test_who_is_not_known_yet_is_asked_too(client, product):
    assert (
        client.post(writing_url(product), WORDS | {"email": "eve@example.org", "may_share": "1"}).status_code
        == 303
    )
    assert Review.objects.get().shared_at is not None


def test_an_author_takes_it_back_and_the_next_feed_is_without(client, product, author, link):
    review = make_reviews.review(product, author, may_share=True)
    assert given(product) == [review.pk]
    assert "Not any more" in client.get(link).content.decode()
    assert client.post(link, {"act": "unshare"}).status_code == 303
    assert client.post(link, {"act": "unshare"}).status_code == 303
    assert given(product) == []
    review.refresh_from_db()
    assert (review.version, review.status) == (1, "published")
    actions = list(
        ModerationEntry.objects.filter(review_id=review.pk).order_by("id").values_list("action", flat=True)
    )
    assert actions == ["submit", "publish", "unshare"]
    client.post(link, {"act": "share"})
    assert given(product) == [review.pk]


def test_nobody_takes_back_what_another_said(client, product, author):
    review = make_reviews.review(product, author, may_share=True)
    client.post(writing_url(product, customer=make.customer(product.workspace)), {"act": "unshare"})
    assert given(product) == [review.pk]


def test_of_two_reviews_of_one_person_the_newer_one_says_whether(product, author):
    visitor = make.customer(product.workspace)
    make_reviews.review(product, author, may_share=True)
    make_reviews.review(product, visitor, may_share=False, at=NOW + timedelta(days=1))
    merge_customers(
        workspace_id=product.workspace_id,
        source_id=visitor.pk,
        target_id=author.pk,
        cause="identify",
        now=NOW,
    )
    absorb_merges(now=NOW)
    assert Review.objects.get().shared_at is None


def test_what_an_author_agreed_to_is_in_what_they_take_along(product, author):
    make_reviews.review(product, author, may_share=True)
    assert records_of(author)["reviews"][0]["shared_at"] == NOW
