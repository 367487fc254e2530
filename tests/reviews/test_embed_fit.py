"""How a product fitted people like the reader, on the shop's pages: said with its doubt, or not at all."""

from __future__ import annotations

import json
import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.keys import make_key
from reviews.models import FitDue, FitTopic, Review
from reviews.tallying import mark_stale, tally_ratings
from reviews.voting import vote_helpful
from tests import make, make_fit, make_reviews

pytestmark = pytest.mark.django_db
WIDE = {"s.foot": "wide"}


@pytest.fixture
def workspace():
    made = make.workspace()
    make_fit.need(made)
    return made


@pytest.fixture
def key(workspace):
    return make_key(workspace=workspace, kind="write", name="Shop")[1]


@pytest.fixture
def product(workspace):
    made = make_fit.shop(workspace)[0]
    mark_stale(workspace_id=workspace.pk, product_ids=[made.pk], now=make.NOW)
    return made


@pytest.fixture
def ask(client, key, product):
    def get(kind="reviews", **query):
        tally_ratings(now=make.NOW)
        answer = client.get(f"/e/f/{kind}/", {"key": key, "product": product.sku, **query})
        assert answer.status_code == 200, answer.content
        return answer.content.decode()

    return get


def text(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def shown(html):
    return [int(number) for number in re.findall(r'id="review-(\d+)"', html)]


@pytest.mark.parametrize("kind", ["reviews", "fit"])
def test_who_tells_their_situation_sees_the_share_its_range_and_whose_word_it_is(ask, kind):
    page = text(ask(kind, **WIDE))
    assert "How it fitted people like you" in page
    assert re.search(r"small \d+ % \d+ to \d+", page)
    assert "What made a difference here: Foot width" in page
    assert re.search(r"as good as \d+ reviews by people just like you", page)
    assert "Above all because of: Ada : small same: Foot width" in page


def test_who_tells_nothing_is_told_nothing_of_people_like_them(ask):
    page = text(ask())
    assert "people like you" not in page
    assert "Tell your situation" not in page


def test_where_too_few_are_alike_no_figure_is_given_for_them(ask, workspace, product):
    Review.objects.filter(product=product).exclude(
        pk__in=Review.objects.filter(product=product).values("pk")[:3]
    ).update(status="withdrawn")
    make_fit.learn([product])
    page = text(ask(**WIDE))
    assert "Not enough people like you yet" in page
    assert "This is what all reviewers said" in page
    assert "How it fitted people like you" not in page


def test_people_like_the_reader_come_first_and_say_what_they_share(ask, product):
    html = ask(**WIDE)
    first = Review.objects.get(pk=shown(html)[0])
    assert first.situation["foot"] == "wide"
    assert text(html).count("same: Foot width") > 5
    kinds = set(Review.objects.filter(pk__in=shown(html)[:5]).values_list("rating__fit", flat=True))
    assert "right" in kinds
    assert len(kinds) > 1


def test_pages_of_people_like_me_show_every_review_once(ask, product):
    html = ask(**WIDE)
    seen = shown(html)
    while cursor := re.search(r"cursor=([\w-]+)", html):
        html = ask(cursor=cursor.group(1), order="similar", **WIDE)
        assert "ts-mine" not in html
        seen += shown(html)
    assert len(seen) == len(set(seen)) == Review.objects.filter(product=product).count() == 25


def test_every_kind_of_answer_is_taken_from_the_readers_form(ask):
    html = ask(**{"s.use": ["road", "trail"], "s.weight": "70,5", "s.foot": "wide", "s.colour": "plaid"})
    assert html.count("checked") == 2
    assert 'value="70.5"' in html
    assert "<option selected>wide</option>" in html
    assert "plaid" not in html


def test_readers_held_out_see_no_such_figure_and_no_such_order(ask, product):
    FitTopic.objects.update(holdout_percent=100)
    html = ask(reader="17", **WIDE)
    assert "Not shown, to learn whether showing it helps" in text(html)
    assert "same: Foot width" not in html
    assert "How it fitted people like you" in text(ask(**WIDE))  # nobody knows who this is


def test_only_a_group_of_readers_is_ever_told_not_who_it_is(ask):
    FitTopic.objects.update(holdout_percent=100)
    assert "How it fitted people like you" in text(ask(reader="ada@example.org", **WIDE))


def test_the_figure_never_reaches_search_engines(ask):
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', ask(**WIDE), re.S)
    assert (
        json.loads(data)["aggregateRating"]["ratingValue"]
        == json.loads(re.search(r"ld\+json\">(.*?)</script>", ask(), re.S).group(1))["aggregateRating"][
            "ratingValue"
        ]
    )
    assert "people like" not in data


def test_the_page_reads_the_sheet_once_however_many_reviews_there_are(client, key, product):
    def asked():
        tally_ratings(now=make.NOW)
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get("/e/f/reviews/", {"key": key, "product": product.sku, **WIDE})
            assert "How it fitted people like you" in answer.content.decode()
        return [query["sql"] for query in captured if not query["sql"].startswith("UPDATE")]

    few = asked()
    first = Review.objects.filter(product=product).values_list("situation", "rating__fit")
    make_fit.reviews(product, list(first) * 20)
    make_fit.learn([product])
    many = asked()
    assert len(many) == len(few) <= 8
    assert sum("reviews_fitsheet" in sql for sql in many) == 1


def test_where_nothing_is_asked_the_fit_alone_is_not_found(client, key, workspace):
    other = make.product(workspace, category="lamps")
    assert client.get("/e/f/fit/", {"key": key, "product": other.sku}).status_code == 404


def test_publishing_and_votes_make_fit_due(workspace):
    product = make.product(workspace, category="shoes")
    review = make_reviews.review(product)
    assert FitDue.objects.filter(product=product).count() == 1
    vote_helpful(workspace=workspace, review_id=review.pk, voter="a", is_helpful=True, now=make.NOW)
    assert FitDue.objects.filter(product=product).count() == 2
