"""Customers found to be one: their reviews joined."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.models import Merge
from engagement.people.merging import merge_customers
from reviews.absorbing import absorb_merges
from reviews.models import HelpfulVote, Review, ReviewStatus
from reviews.moderating import publish_review, reject_review
from reviews.summaries import rating_summary
from reviews.tallying import tally_ratings
from reviews.voting import vote_helpful
from tests import make, make_reviews

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(days=1)


@pytest.fixture
def product():
    return make.product(make.workspace())


@pytest.fixture
def known(product):
    return make.customer(product.workspace)


@pytest.fixture
def visitor(product):
    return make.customer(product.workspace, external_id="")


def merge(source, target):
    assert merge_customers(
        workspace_id=target.workspace_id,
        source_id=source.pk,
        target_id=target.pk,
        cause="identify",
        now=LATER,
    )


def test_what_the_visitor_wrote_is_the_customers(product, visitor, known):
    review = make_reviews.review(product, visitor)
    vote_helpful(workspace=product.workspace, review_id=review.pk, voter="a", is_helpful=True, now=NOW)
    merge(visitor, known)
    assert absorb_merges(now=LATER)["moved"] == 1
    review.refresh_from_db()
    assert (review.customer, review.status) == (known, ReviewStatus.PUBLISHED)
    assert HelpfulVote.objects.filter(review=review).count() == 1


def test_of_two_reviews_the_newer_stands_with_the_versions_of_both(product, visitor, known):
    make_reviews.review(product, known, body="The old words about this thing, told before.", overall=2)
    make_reviews.review(
        product, visitor, at=LATER, body="The new words about this thing, told after.", overall=5
    )
    merge(visitor, known)
    absorb_merges(now=LATER)
    review = Review.objects.get(product=product)
    assert (review.customer, review.version, review.rating.overall) == (known, 2, 5)
    assert [v.figures["overall"] for v in review.versions.order_by("number")] == [2, 5]
    tally_ratings(now=LATER)
    assert rating_summary(product).rated == 1


def test_what_readers_see_stays_until_the_newer_one_of_the_other_is_judged(product, visitor, known):
    make_reviews.review(product, known, title="Old", overall=2)
    make_reviews.review(product, visitor, at=LATER, published=False, title="New", overall=5)
    merge(visitor, known)
    absorb_merges(now=LATER)
    review = Review.objects.get(product=product)
    assert (review.title, review.rating.overall, review.edit["title"]) == ("Old", 2, "New")
    publish_review(workspace=review.workspace, review_id=review.pk, actor=None, now=LATER)
    tally_ratings(now=LATER)
    review = Review.objects.get(product=product)
    assert (review.title, review.rating.overall, review.edit) == ("New", 5, None)


def test_a_rejected_newer_one_does_not_replace_what_stands(product, visitor, known):
    standing = make_reviews.review(product, known)
    newer = make_reviews.review(product, visitor, at=LATER, published=False)
    reject_review(workspace=product.workspace, review_id=newer.pk, reason="spam", actor=None, now=LATER)
    merge(visitor, known)
    absorb_merges(now=LATER)
    assert Review.objects.get(product=product).pk == standing.pk


def test_an_order_of_the_customer_verifies_what_the_visitor_wrote(product, visitor, known):
    review = make_reviews.review(product, visitor)
    make_reviews.order(known, product)
    merge(visitor, known)
    absorb_merges(now=LATER)
    review.refresh_from_db()
    assert review.is_verified


def test_absorbing_is_done_once_and_keeps_the_names_of_others(product, visitor, known):
    merge(visitor, known)
    Merge.objects.update(absorbed_by=["journeys"])
    assert absorb_merges(now=LATER)["taken"] == 1
    assert absorb_merges(now=LATER)["taken"] == 0
    assert Merge.objects.get().absorbed_by == ["journeys", "reviews"]
