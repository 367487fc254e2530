"""A review comes in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.models import Address, Customer, Event, Merge
from reviews.contents import BadReview
from reviews.models import ModerationEntry, Review, ReviewPolicy, ReviewRating, ReviewStatus
from reviews.submitting import confirm_review, submit_review, submit_unconfirmed
from tests import make, make_reviews
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(days=30)


def submit(product, customer, *, now=NOW, **fields):
    return submit_review(
        workspace=product.workspace,
        product=product,
        customer=customer,
        content=make_reviews.content(**fields),
        collected_by="form",
        now=now,
    )


@pytest.fixture
def product():
    return make.product(make.workspace(), sku="tern", category="Road shoes")


@pytest.fixture
def customer(product):
    return make.customer(product.workspace)


def events(customer, name):
    return Event.objects.filter(customer_id=customer.pk, name=name)


def test_a_review_waits_for_a_person_and_is_not_shown(product, customer):
    review = submit(product, customer)
    assert review.status == ReviewStatus.PENDING
    assert review.published_at is None
    assert [entry.action for entry in ModerationEntry.objects.filter(review_id=review.pk)] == ["submit"]


def test_the_timeline_tells_of_it_but_not_how_it_rates(product, customer):
    submit(product, customer, overall=2)
    event = events(customer, "Review Submitted").get()
    assert event.properties["product_id"] == "tern"
    assert not {"overall", "rating", "stars", "fit"} & event.properties.keys()


def test_a_second_review_is_the_next_version_of_the_first(product, customer):
    first = submit(product, customer, body="After two weeks they still rub at the heel.", overall=2)
    second = submit(
        product, customer, now=LATER, body="After two months they are my favourite pair.", overall=5
    )
    assert second.pk == first.pk
    assert second.version == 2
    assert [v.figures["overall"] for v in second.versions.order_by("number")] == [2, 5]
    assert ReviewRating.objects.get(review=second).overall == 5


def test_no_version_keeps_figures_among_its_words(product, customer):
    version = submit(product, customer).versions.get()
    assert not {"overall", "quality", "value", "fit"} & version.content.keys()
    assert version.figures["overall"] == 4


def test_only_an_order_of_the_same_customer_with_the_product_verifies(product, customer):
    other = make.customer(product.workspace)
    make_reviews.order(customer, make.product(product.workspace))
    make_reviews.order(other, product)
    assert not submit(product, customer).is_verified
    make_reviews.order(customer, product)
    assert submit(product, customer, now=LATER).is_verified


def test_numbers_sent_as_numbers_verify_too(customer):
    product = make.product(customer.workspace, sku="4711")
    make_reviews.order(customer, products=[{"product_id": 4711}])
    assert submit(product, customer).is_verified


def test_an_order_without_a_list_of_products_verifies_its_one_product(product, customer):
    make_reviews.order(customer, products=None, sku="tern")
    assert submit(product, customer).is_verified


def test_there_is_no_way_to_hand_in_a_verified_badge():
    with pytest.raises(TypeError):
        make_reviews.content(order_event_id=1)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("body", {"body": "Nice"}),
        ("body", {"body": "x" * 5001}),
        ("title", {"title": "x" * 151}),
        ("author_name", {"author_name": "  "}),
        ("author_name", {"author_name": "ada@example.org"}),
        ("overall", {"overall": None}),
        ("overall", {"overall": 6}),
        ("overall", {"overall": True}),
        ("quality", {"quality": 0}),
        ("kind", {"kind": "advert"}),
        ("pros", {"pros": ("light",) * 6}),
        ("cons", {"cons": ("x" * 121,)}),
        ("fit", {"fit": "gigantic"}),
        ("situation.width", {"situation": {"width": "square"}}),
        ("situation.shoe", {"situation": {"shoe": "left"}}),
        ("body", {"body": "Ten letters and a \x00 byte."}),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(product, customer, field, fields):
    shoe_need(product.workspace)
    with pytest.raises(BadReview) as refused:
        submit(product, customer, **fields)
    assert list(refused.value.problems) == [field]
    assert not Review.objects.exists()


def test_who_chose_something_else_need_not_rate_what_they_did_not_use(product, customer):
    review = submit(product, customer, kind="chose_other", overall=None)
    assert not ReviewRating.objects.filter(review=review).exists()


def test_the_situation_is_kept_and_told_to_the_context_record(product, customer):
    shoe_need(product.workspace)
    review = submit(product, customer, situation={"width": "wide"}, fit="too small")
    assert review.need_slug == "running-shoes"
    told = events(customer, "Context Told").get()
    assert told.properties["facts"] == {"width": "wide"}
    assert told.properties["topic"] == "running-shoes"


def test_a_product_of_another_workspace_is_refused(customer):
    foreign = make.product(make.workspace())
    with pytest.raises(BadReview) as refused:
        submit_review(
            workspace=customer.workspace,
            product=foreign,
            customer=customer,
            content=make_reviews.content(),
            collected_by="form",
            now=NOW,
        )
    assert "product" in refused.value.problems


def test_what_the_pipeline_notices_is_kept_with_its_step(product, customer):
    ReviewPolicy.objects.create(workspace=product.workspace, blocked_words=["rubbish"])
    review = submit(product, customer, body="Rubbish. See https://spam.example for a better pair of shoes.")
    assert [flag["step"] for flag in review.flags] == ["links", "blocked_words"]
    assert review.status == ReviewStatus.PENDING


# ---- Authors who have to confirm


def unconfirmed(product, email="ada@example.org", now=NOW, **fields):
    return submit_unconfirmed(
        workspace=product.workspace,
        product=product,
        content=make_reviews.content(**fields),
        email=email,
        now=now,
    )


def test_an_unconfirmed_review_is_not_queued_and_keeps_no_address(product):
    review = unconfirmed(product)
    assert review.status == ReviewStatus.UNCONFIRMED
    assert not ModerationEntry.objects.exists()
    assert not Address.objects.exists()
    assert not Event.objects.filter(workspace_id=product.workspace_id).exists()


def test_an_unusable_address_is_refused(product):
    with pytest.raises(BadReview) as refused:
        unconfirmed(product, email="nonsense")
    assert "email" in refused.value.problems
    assert not Customer.objects.exists()


def test_confirming_gives_the_review_to_the_customer_with_that_address(product):
    owner = make.customer(product.workspace, email="ada@example.org")
    make_reviews.order(owner, product)
    review = confirm_review(review_id=unconfirmed(product).pk, email="ada@example.org", now=LATER)
    assert (review.customer, review.status, review.is_verified) == (owner, ReviewStatus.PENDING, True)
    assert Merge.objects.get().target == owner
    assert Address.objects.get().verified_at == LATER


def test_confirming_makes_an_unknown_author_a_customer_with_an_address(product):
    review = confirm_review(review_id=unconfirmed(product).pk, email="new@example.org", now=LATER)
    address = Address.objects.get()
    assert (address.value, address.customer, address.verified_at) == (
        "new@example.org",
        review.customer,
        LATER,
    )
    assert events(review.customer, "Review Submitted").count() == 1


def test_confirming_twice_changes_nothing_more(product):
    review = unconfirmed(product)
    confirm_review(review_id=review.pk, email="new@example.org", now=NOW)
    confirm_review(review_id=review.pk, email="new@example.org", now=LATER)
    assert ModerationEntry.objects.count() == 1


def test_typing_the_address_of_another_does_not_touch_their_review(product):
    owner = make.customer(product.workspace, email="ada@example.org")
    theirs = make_reviews.review(product, owner)
    unconfirmed(product, body="Somebody else says that this is a terrible thing.")
    theirs.refresh_from_db()
    assert (theirs.status, theirs.version) == (ReviewStatus.PUBLISHED, 1)


def test_a_confirmed_second_review_becomes_the_next_version(product):
    owner = make.customer(product.workspace, email="ada@example.org")
    make_reviews.review(product, owner, body="First impressions: stiff but promising shoes.")
    newer = unconfirmed(product, now=LATER, body="A month later: soft, and I take them everywhere.")
    review = confirm_review(review_id=newer.pk, email="ada@example.org", now=LATER)
    assert review.customer == owner
    assert review.version == 2
    assert [version.number for version in review.versions.order_by("number")] == [1, 2]
    assert review.body.startswith("First impressions")
    assert review.edit["body"].startswith("A month later")
    assert Review.objects.count() == 1


def test_a_burst_about_one_product_is_held_and_what_was_imported_is_none(product):
    for _ in range(11):
        last = submit(product, make.customer(product.workspace), body=make_reviews.content().body)
    assert "burst" in [flag["step"] for flag in last.flags]
    Review.objects.update(collected_by="import")
    after = submit(product, make.customer(product.workspace), body=make_reviews.content().body)
    assert "burst" not in [flag["step"] for flag in after.flags]
    elsewhere = submit(make.product(product.workspace), make.customer(product.workspace))
    assert "burst" not in [flag["step"] for flag in elsewhere.flags]
