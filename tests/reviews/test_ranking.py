"""Published reviews, in the order asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.ranking import BadCursor, list_reviews
from reviews.voting import vote_helpful, voter_name
from tests import make, make_reviews
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def product():
    return make.product(make.workspace(), category="Road shoes")


def written(product, count, **fields):
    return [make_reviews.review(product, at=NOW + timedelta(hours=n), **fields) for n in range(count)]


def votes(review, yes, no):
    for n in range(yes + no):
        vote_helpful(
            workspace=review.workspace,
            review_id=review.pk,
            voter=voter_name(anonymous_id=f"reader {n}"),
            is_helpful=n < yes,
            now=NOW,
        )


def walk(product, **given):
    """Every page's reviews in turn."""
    seen, cursor = [], ""
    while True:
        page = list_reviews(product, cursor=cursor, limit=3, **given)
        seen += page.reviews
        cursor = page.next_cursor
        if not cursor:
            return seen


def test_the_newest_comes_first_and_no_page_overlaps(product):
    reviews = written(product, 8)
    assert walk(product) == reviews[::-1]


def test_only_published_reviews_of_the_product_are_listed(product):
    make_reviews.review(product, published=False)
    make_reviews.review(make.product(product.workspace))
    shown = make_reviews.review(product)
    assert walk(product) == [shown]


def test_one_vote_of_one_does_not_beat_many_of_nearly_as_many(product):
    loved, once, disliked, silent = written(product, 4)
    votes(loved, 18, 2)
    votes(once, 1, 0)
    votes(disliked, 1, 6)
    assert walk(product, order="helpful") == [loved, once, silent, disliked]


def test_a_reader_who_changes_their_mind_counts_once(product):
    review = make_reviews.review(product)
    for is_helpful in (True, True, False):
        voted = vote_helpful(
            workspace=product.workspace, review_id=review.pk, voter="a1", is_helpful=is_helpful, now=NOW
        )
    assert (voted.helpful_count, voted.unhelpful_count) == (0, 1)


def test_people_in_the_readers_situation_come_first(product):
    shoe_need(product.workspace)
    none = make_reviews.review(product, at=NOW + timedelta(hours=5))
    one = make_reviews.review(product, situation={"width": "wide", "ground": "trail"})
    both = make_reviews.review(product, situation={"width": "wide", "ground": "road"})
    mine = {"width": "wide", "ground": "road"}
    assert walk(product, order="similar", situation=mine) == [both, one, none]


def test_without_a_situation_similar_is_recent(product):
    reviews = written(product, 4)
    assert walk(product, order="similar") == reviews[::-1]


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "WzFd", "é" * 9, "W10", "WyJyZWNlbnQiLDEsMl0"])
def test_a_mark_that_is_not_ours_is_refused(product, cursor):
    with pytest.raises(BadCursor):
        list_reviews(product, cursor=cursor)


def test_a_mark_of_another_order_is_refused(product):
    written(product, 4)
    cursor = list_reviews(product, order="recent", limit=2).next_cursor
    with pytest.raises(BadCursor, match="another order"):
        list_reviews(product, order="helpful", cursor=cursor)


@pytest.mark.parametrize("order", ["recent", "helpful", "similar"])
def test_a_page_costs_the_same_number_of_queries_for_10_and_1000(product, order):
    first = make_reviews.review(product)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            page = list_reviews(product, order=order, situation={"width": "wide"})
            assert {review.rating.overall for review in page.reviews} == {4}
        return len(captured)

    make_reviews.many(first, 9)
    few = queries()
    make_reviews.many(first, 990)
    assert queries() == few == 1
