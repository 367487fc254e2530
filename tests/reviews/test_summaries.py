"""The figures of a product."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reviews.models import RatingTally
from reviews.moderating import undo_moderation
from reviews.summaries import category_means, posterior_mean, rating_summary
from reviews.tallying import tally_ratings
from tests import make, make_reviews
from tests.make_journeys_base import shoe_need

NOW = make.NOW


@pytest.fixture
def product():
    return make.product(make.workspace(), category="Road shoes")


@pytest.mark.django_db
def test_a_product_without_reviews_has_no_mean(product):
    summary = rating_summary(product)
    assert (summary.published, summary.mean, summary.rated) == (0, None, 0)


@pytest.mark.django_db
def test_the_mean_is_the_plain_one_of_published_reviews(product):
    for overall in (5, 4, 1):
        make_reviews.review(product, overall=overall)
    make_reviews.review(product, overall=1, published=False)
    make_reviews.review(product, kind="chose_other", overall=None)
    assert tally_ratings(now=NOW)["taken"] == 1
    summary = rating_summary(product)
    assert (summary.published, summary.rated, round(summary.mean, 2)) == (4, 3, 3.33)
    assert [(band.label, band.number, band.percent) for band in summary.stars] == [
        ("5", 1, 33), ("4", 1, 33), ("3", 0, 0), ("2", 0, 0), ("1", 1, 33),
    ]  # fmt: skip


@pytest.mark.django_db
def test_fit_is_told_in_the_order_of_its_options(product):
    need = shoe_need(product.workspace)
    for fit in ("too small", "as expected", "as expected"):
        make_reviews.review(product, fit=fit)
    tally_ratings(now=NOW)
    bands = rating_summary(product).fit_bands(tuple(need.fit_options))
    assert [(band.label, band.number, band.percent) for band in bands] == [
        ("too small", 1, 33), ("as expected", 2, 67), ("too large", 0, 0),
    ]  # fmt: skip


@pytest.mark.django_db
def test_taking_a_review_back_takes_its_figures_back(product):
    review = make_reviews.review(product)
    tally_ratings(now=NOW)
    undo_moderation(workspace=product.workspace, review_id=review.pk, actor=None, now=NOW)
    tally_ratings(now=NOW)
    assert rating_summary(product).rated == 0


@pytest.mark.django_db
def test_counting_again_without_news_does_nothing(product):
    make_reviews.review(product)
    tally_ratings(now=NOW)
    assert tally_ratings(now=NOW)["taken"] == 0


@pytest.mark.django_db
def test_the_longest_stale_are_counted_first(product):
    other = make.product(product.workspace)
    make_reviews.review(other, at=NOW - timedelta(hours=1))
    make_reviews.review(product)
    tally_ratings(now=NOW, limit=1)
    assert RatingTally.objects.get(stale_since=None).product == other


@pytest.mark.django_db
def test_verified_ones_are_counted(product):
    buyer = make.customer(product.workspace)
    make_reviews.order(buyer, product)
    make_reviews.review(product, buyer)
    make_reviews.review(product)
    tally_ratings(now=NOW)
    assert rating_summary(product).verified == 1


@pytest.mark.django_db
def test_categories_have_the_mean_of_their_reviews_or_that_of_nobody_knows(product):
    workspace = product.workspace
    asked = {"workspace_id": workspace.pk, "categories": ["Road shoes", "Tents"]}
    assert category_means(**asked) == {"Road shoes": 3.5, "Tents": 3.5}
    for other, overall in ((product, 2), (make.product(workspace, category="Road shoes"), 4)):
        make_reviews.review(other, overall=overall)
    make_reviews.review(make.product(make.workspace(), category="Tents"), overall=1)
    tally_ratings(now=NOW)
    assert category_means(**asked) == {"Road shoes": 3.0, "Tents": 3.5}


def test_few_reviews_are_drawn_towards_the_category():
    assert posterior_mean([0, 0, 0, 0, 1], prior_mean=3.5) == pytest.approx(3.75)
    assert posterior_mean([0, 0, 0, 0, 1000], prior_mean=3.5) == pytest.approx(4.99, abs=0.01)
    assert posterior_mean([0] * 5, prior_mean=3.5) == 3.5
