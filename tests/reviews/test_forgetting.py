"""Reviews that nobody confirmed are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.models import Customer
from reviews.forgetting import KEPT_FOR, forget_unconfirmed
from reviews.models import Review
from reviews.submitting import submit_unconfirmed
from tests import make, make_reviews

pytestmark = pytest.mark.django_db
NOW = make.NOW


def unconfirmed(at):
    product = make.product(make.workspace())
    return submit_unconfirmed(
        workspace=product.workspace,
        product=product,
        content=make_reviews.content(),
        email="a@example.org",
        now=at,
    )


def test_an_old_one_goes_with_its_visitor():
    unconfirmed(NOW - KEPT_FOR - timedelta(seconds=1))
    assert forget_unconfirmed(now=NOW)["taken"] == 1
    assert not Review.objects.exists()
    assert not Customer.objects.exists()


def test_one_whose_link_still_works_stays():
    unconfirmed(NOW - KEPT_FOR + timedelta(seconds=1))
    assert forget_unconfirmed(now=NOW)["taken"] == 0
    assert Review.objects.exists()


def test_a_waiting_or_published_review_is_never_forgotten():
    product = make.product(make.workspace())
    long_ago = NOW - timedelta(days=400)
    make_reviews.review(product, at=long_ago)
    make_reviews.review(product, at=long_ago, published=False)
    forget_unconfirmed(now=NOW)
    assert Review.objects.count() == 2


def test_a_visitor_who_is_somebody_by_now_stays():
    review = unconfirmed(NOW - KEPT_FOR - timedelta(days=1))
    make_reviews.review(make.product(review.workspace), review.customer)
    forget_unconfirmed(now=NOW)
    assert Customer.objects.filter(pk=review.customer_id).exists()
