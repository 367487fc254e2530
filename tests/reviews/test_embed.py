"""Reviews on the shop's pages and as pages of their own: reading, writing, confirming, voting."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Customer
from reviews.links import author_token, confirmation_url, writing_url
from reviews.models import HelpfulVote, Review, ReviewStatus
from reviews.tallying import tally_ratings
from tests import make, make_reviews
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def workspace():
    return make.workspace(name="Larkfell", sender_email="hello@shop.example")


@pytest.fixture
def key(workspace):
    return make_key(workspace=workspace, kind="write", name="Shop")[1]


@pytest.fixture
def product(workspace):
    shoe_need(workspace)
    return make.product(
        workspace, "tern/2 wide", name="Tern 2", category="Road shoes", url="https://shop.example/tern"
    )


@pytest.fixture
def shown(client, key, product):
    """The list as a fragment, with the given query."""

    def show(**query):
        tally_ratings(now=NOW)
        return client.get("/e/f/reviews/", {"key": key, "product": product.sku, **query}).content.decode()

    return show


def form(**changes):
    given = {
        "kind": "in_use",
        "overall": "4",
        "fit": "as expected",
        "body": "Ran a wet week in them and they dried by morning.",
        "author_name": "Ada",
        "email": "ada@example.org",
        "pros": "light\nquick to dry\n",
        "situation.width": "wide",
    }
    return given | changes


def page(product, kind="review"):
    return f"/e/{kind}/{product.workspace.slug}/tern%2F2%20wide/"


def link_in_mail():
    return re.search(r"http\S+/e/confirm/\S+", mail.outbox[-1].body).group()


# ---- Reading


def test_published_reviews_are_shown_with_what_the_reader_needs(shown, product):
    buyer = make.customer(product.workspace)
    make_reviews.order(buyer, product)
    make_reviews.review(
        product,
        buyer,
        title="Dry feet",
        situation={"width": "wide"},
        fit="too small",
        pros=("light",),
        cons=("dear",),
    )
    make_reviews.review(product, published=False, title="Not yet")
    html = shown()
    for expected in ("Dry feet", "Bought here", "wide", "too small", "light", "dear", "4 of 5 stars"):
        assert expected in html
    assert "Not yet" not in html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"collected_by": "form"}, "Written unasked"),
        ({"collected_by": "link"}, "Written on our invitation"),
        ({"collected_by": "import", "imported_from": "loox"}, "First on Loox</span>"),
        (
            {"collected_by": "import", "imported_from": "loox", "is_verified_there": True},
            "First on Loox, which says it was bought",
        ),
        ({"collected_by": "import", "imported_from": "other"}, "Brought from an earlier system"),
    ],
)
def test_readers_see_how_a_review_came_to_be(shown, product, fields, said):
    review = make_reviews.review(product)
    Review.objects.filter(pk=review.pk).update(**fields)
    html = shown()
    assert said in html
    assert '">Bought here</span>' not in html


def test_what_authors_typed_is_not_executed(shown, client, product):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    make_reviews.review(product, body=evil * 2, title=evil, author_name=evil[:60], pros=(evil,), cons=(evil,))
    for html in (shown(), client.get(page(product, "reviews")).content.decode()):
        assert "<script>alert" not in html
        assert "<img" not in html


def test_json_for_search_engines_cannot_be_broken_out_of(shown, product):
    make_reviews.review(product, body="</script><script>alert(1)</script> & so on, one more word")
    html = shown()
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)
    assert json.loads(data)["review"][0]["reviewBody"].startswith("</script>")


def test_search_engines_get_the_plain_mean_under_the_shops_own_id(shown, product):
    for overall in (5, 4, 4):
        make_reviews.review(product, overall=overall)
    data = json.loads(
        re.search(r"ld\+json\">(.*?)</script>", shown(**{"product-id": "#product"}), re.S).group(1)
    )
    assert data["@id"] == "#product"
    assert data["aggregateRating"]["ratingValue"] == 4.33
    assert data["aggregateRating"]["ratingCount"] == 3
    assert "offers" not in data
    assert json.loads(re.search(r"ld\+json\">(.*?)</script>", shown(), re.S).group(1))["@id"] == product.url
    assert "ld+json" not in shown(jsonld="off")


def test_nothing_is_said_to_search_engines_without_a_figure(shown, product):
    make_reviews.review(product, kind="chose_other", overall=None)
    assert "ld+json" not in shown()


def test_the_next_page_follows_and_only_adds_reviews(shown, product):
    reviews = [make_reviews.review(product, at=NOW + timedelta(hours=n)) for n in range(10)]
    first = shown()
    cursor = re.search(r"cursor=([\w-]+)", first).group(1)
    rest = shown(cursor=cursor)
    assert f"review-{reviews[9].pk}" in first
    assert f"review-{reviews[0].pk}" not in first
    assert f"review-{reviews[0].pk}" in rest
    assert "ts-summary" not in rest


def test_the_readers_situation_brings_people_like_them_first(shown, product):
    other = make_reviews.review(product, situation={"width": "narrow"}, at=NOW + timedelta(days=1))
    alike = make_reviews.review(product, situation={"width": "wide"})
    html = shown(order="similar", **{"s.width": "wide"})
    assert html.index(f"review-{alike.pk}") < html.index(f"review-{other.pk}")
    assert "<option selected>wide</option>" in html


@pytest.mark.parametrize("query", [{"cursor": "zzz"}, {"order": "best"}, {"cursor": "é"}])
def test_nonsense_is_refused_politely(client, key, product, query):
    answer = client.get("/e/f/reviews/", {"key": key, "product": product.sku, **query})
    assert answer.status_code == 400


def test_a_list_costs_the_same_queries_for_10_reviews_and_1000(client, key, product):
    first = make_reviews.review(product, situation={"width": "wide"}, fit="too small", pros=("a",))

    def queries():
        tally_ratings(now=NOW)
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get("/e/f/reviews/", {"key": key, "product": product.sku})
            assert answer.status_code == 200
        return len([query for query in captured if "UPDATE" not in query["sql"]])

    make_reviews.many(first, 9)
    few = queries()
    make_reviews.many(first, 990)
    assert queries() == few <= 7


# ---- Writing


def test_the_form_shows_no_figure_of_others(client, key, product):
    for overall in (1, 1, 2):
        make_reviews.review(product, overall=overall)
    tally_ratings(now=NOW)
    for html in (
        client.get("/e/f/review/", {"key": key, "product": product.sku}).content.decode(),
        client.get(page(product)).content.decode(),
    ):
        assert "1.3" not in html
        assert "ts-summary" not in html
        assert "ts-mean" not in html


def test_the_page_takes_a_review_without_scripts_and_mails_a_link(client, product):
    answer = client.post(page(product), form())
    assert answer.status_code == 303
    assert b"look into your mail" in client.get(answer["Location"]).content
    review = Review.objects.get()
    assert review.status == ReviewStatus.UNCONFIRMED
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.org"]
    assert sent.from_email == "Larkfell <hello@shop.example>"
    assert review.body not in sent.body


def test_following_the_link_only_asks_and_pressing_the_button_confirms(client, product):
    client.post(page(product), form())
    link = link_in_mail()
    asked = client.get(link)
    assert b"Yes, I wrote this" in asked.content
    assert Review.objects.get().status == ReviewStatus.UNCONFIRMED
    assert client.post(link).status_code == 200
    assert Review.objects.get().status == ReviewStatus.PENDING
    assert Review.objects.get().customer.email == "ada@example.org"


def test_a_link_that_is_too_old_or_touched_confirms_nothing(client, product, monkeypatch):
    client.post(page(product), form())
    link = link_in_mail()
    assert client.post(link[:-6] + "AAAAA/").status_code == 404
    monkeypatch.setattr("reviews.links.CONFIRMATION_FOR", timedelta(seconds=-1))
    assert client.post(link).status_code == 410
    assert Review.objects.get().status == ReviewStatus.UNCONFIRMED


def test_a_link_under_another_workspaces_name_is_not_found(client, product):
    client.post(page(product), form())
    other = make.workspace()
    assert client.post(link_in_mail().replace(product.workspace.slug, other.slug)).status_code == 404


def test_what_was_wrong_is_shown_and_what_was_typed_is_kept(client, product):
    answer = client.post(page(product), form(body="Short", overall="", title="My title"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Write at least one sentence" in html
    assert 'href="#ts-overall"' in html
    assert 'value="My title"' in html
    assert not Review.objects.exists()
    assert not mail.outbox


def test_a_field_that_is_hidden_from_people_catches_machines(client, product):
    assert client.post(page(product), form(website="https://spam.example")).status_code == 303
    assert not Review.objects.exists()
    assert not mail.outbox


def test_a_link_of_ours_says_who_writes(client, product):
    customer = make.customer(product.workspace, name="Ada Lovelace")
    link = writing_url(product, customer=customer)
    html = client.get(link).content.decode()
    assert 'value="Ada"' in html
    assert 'name="email"' not in html
    assert client.post(link, form(email="")).status_code == 303
    review = Review.objects.get()
    assert (review.customer, review.status, review.collected_by) == (customer, ReviewStatus.PENDING, "link")
    assert not mail.outbox


def test_a_link_for_one_product_does_not_open_another(client, product):
    other = make.product(product.workspace, "other", name="Other")
    token = author_token(customer=make.customer(product.workspace), product=other)
    client.post(f"{page(product)}?author={token}", form())
    assert not Review.objects.exists()


def test_who_the_shops_server_names_needs_no_mail(client, key, product):
    customer = make.customer(product.workspace, external_id="u1")
    token = make_token(
        workspace=product.workspace, external_id="u1", expires_at=timezone.now() + timedelta(hours=1)
    )
    answer = client.post(f"/e/f/review/?key={key}&product=tern/2 wide", form(token=token, email=""))
    assert answer.status_code == 200
    assert Review.objects.get().customer == customer
    assert not mail.outbox


def test_the_same_address_is_not_flooded_with_mails(client, product):
    answers = [client.post(page(product), form(), REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(3)]
    assert answers == [303, 303, 422]
    assert len(mail.outbox) == 2


def test_a_mail_that_cannot_be_sent_leaves_no_review_behind(client, product, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = client.post(page(product), form())
    assert answer.status_code == 422
    assert b"could not send" in answer.content
    assert not Review.objects.exists()
    assert not Customer.objects.exists()


def test_a_product_without_a_name_yet_cannot_be_reviewed(client, workspace):
    make.product(workspace, "stub", is_stub=True)
    assert client.get(f"/e/review/{workspace.slug}/stub/").status_code == 404


def test_the_confirmation_link_never_shows_in_the_answer(client, product):
    answer = client.post(page(product), form(), follow=True)
    assert "confirm/" not in answer.content.decode()
    assert confirmation_url(Review.objects.get(), email="ada@example.org").startswith("http")


# ---- Voting


@pytest.fixture
def review(product):
    return make_reviews.review(product)


def vote(client, key, review, helpful="1", **fields):
    return client.post(f"/e/f/review/vote/?key={key}", {"review": review.pk, "helpful": helpful, **fields})


def test_a_readers_word_counts_once_and_may_change(client, key, review):
    vote(client, key, review, anonymous_id="b1")
    answer = vote(client, key, review, "0", anonymous_id="b1")
    assert b"0 of 1 found this helpful" in answer.content
    assert HelpfulVote.objects.count() == 1


def test_without_an_id_one_address_counts_once_a_day(client, key, review):
    for _ in range(3):
        assert vote(client, key, review).status_code == 200
    review.refresh_from_db()
    assert review.helpful_count == 1


def test_ids_that_one_address_makes_up_count_like_a_household(client, key, review):
    def say(browser, helpful="1", address="192.0.2.1"):
        said = {"review": review.pk, "helpful": helpful, "anonymous_id": browser}
        client.post(f"/e/f/review/vote/?key={key}", said, REMOTE_ADDR=address)
        review.refresh_from_db()
        return review.helpful_count, review.unhelpful_count

    assert [say(f"b{n}") for n in range(5)][-1] == (3, 0)
    assert say("b0", "0") == (2, 1), "who said something may change it"
    assert say("b9", address="192.0.2.2") == (3, 1)


def test_authors_do_not_vote_for_themselves(client, workspace, key, product):
    review = make_reviews.review(product, make.customer(workspace, external_id="author"))
    token = make_token(
        workspace=workspace, external_id="author", expires_at=timezone.now() + timedelta(hours=1)
    )
    assert vote(client, key, review, token=token).status_code == 200
    assert not HelpfulVote.objects.exists()


def test_the_hosted_page_votes_without_scripts(client, review):
    answer = client.post(f"/e/vote/{review.workspace.slug}/", {"review": review.pk, "helpful": "1"})
    assert (answer.status_code, answer["Location"].rpartition("#")[2]) == (303, f"review-{review.pk}")
    review.refresh_from_db()
    assert review.helpful_count == 1


@pytest.mark.parametrize(
    "fields", [{"review": "x"}, {"review": "²"}, {"review": "9" * 30}, {"helpful": "2"}, {"review": "0"}]
)
def test_a_word_on_nothing_is_not_found(client, key, review, fields):
    given = {"review": review.pk, "helpful": "1"} | fields
    assert client.post(f"/e/f/review/vote/?key={key}", given).status_code == 404
    assert not HelpfulVote.objects.exists()


def test_a_review_of_another_workspace_or_not_published_cannot_be_voted_on(client, key, product):
    waiting = make_reviews.review(product, published=False)
    foreign = make_reviews.review(make.product(make.workspace()))
    for review in (waiting, foreign):
        assert vote(client, key, review, anonymous_id="b").status_code == 404
    assert not HelpfulVote.objects.exists()
