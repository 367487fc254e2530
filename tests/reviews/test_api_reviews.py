"""Reviews by API: brought in, moderated, answered."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Product
from reviews.models import ModerationEntry, Review, ReviewRating
from reviews.summaries import rating_summary
from reviews.tallying import tally_ratings
from reviews.voting import vote_helpful, voter_name
from tests import make, make_reviews
from tests.make_api import caller

pytestmark = pytest.mark.django_db


def review_in(to: Product, by: Any, **fields: Any) -> dict[str, Any]:
    return {
        "product": to.sku,
        "customer": by.pk,
        "kind": "in_use",
        "body": "It kept us dry through three nights of rain on the coast.",
        "author_name": "Ann",
        "overall": 4,
    } | fields


def test_a_review_is_brought_in_published_and_answered() -> None:
    workspace = make.workspace()
    product, customer = make.product(workspace), make.customer(workspace)
    shop = caller(workspace)
    made = shop.post("reviews", review_in(product, customer, is_import=True, pros=["dry"]))
    assert made.status_code == 201
    review = made.json()
    path = f"reviews/{review['id']}"
    assert (review["status"], review["collected_by"], review["is_verified"]) == ("pending", "import", False)
    assert (review["rating"]["overall"], review["pros"]) == (4, ["dry"])
    published = shop.post(f"{path}/publish", {"version": 1}).json()
    assert published["status"] == "published"
    assert shop.put(f"{path}/response", {"text": "Thank you!"}).json()["response"] == "Thank you!"
    read = shop.get(path).json()
    assert (read["status"], read["response"], read["rating"]["overall"]) == ("published", "Thank you!", 4)
    assert [row["id"] for row in shop.pages("reviews", product=product.sku, status="published")] == [
        review["id"]
    ]
    assert shop.pages("reviews", status="pending") == []


def test_an_order_verifies_a_review_and_nothing_else_does() -> None:
    workspace = make.workspace()
    product, buyer, other = make.product(workspace), make.customer(workspace), make.customer(workspace)
    make_reviews.order(buyer, product)
    shop = caller(workspace)
    assert shop.post("reviews", review_in(product, buyer)).json()["is_verified"] is True
    refused = shop.post("reviews", review_in(product, other, is_verified=True))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/is_verified")
    assert Review.objects.count() == 1


def test_who_moderates_is_not_shown_the_figures() -> None:
    workspace = make.workspace()
    review = make_reviews.review(make.product(workspace), published=False)
    moderator = caller(workspace, "reviews:moderate")
    with CaptureQueriesContext(connection) as captured:
        rejected = moderator.post(f"reviews/{review.pk}/reject", {"reason": "spam"})
    assert rejected.status_code == 200
    assert (rejected.json()["status"], rejected.json()["rejection_reason"]) == ("rejected", "spam")
    assert "rating" not in rejected.json()
    assert not [query for query in captured if "reviewrating" in query["sql"]]
    assert moderator.post(f"reviews/{review.pk}/undo").json()["status"] == "pending"
    assert moderator.get(f"reviews/{review.pk}").status_code == 403


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"product": "unknown"}, "/product"),
        ({"customer": 999_999_999}, "/customer"),
        ({"overall": 6}, "/overall"),
        ({"overall": None}, "/overall"),
        ({"body": "short"}, "/body"),
        ({"author_name": "ann@example.org"}, "/author_name"),
        ({"kind": "rumour"}, "/kind"),
        ({"situation": {"shoe": "44"}}, "/situation/shoe"),
        ({"status": "published"}, "/status"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(fields: dict[str, Any], pointer: str) -> None:
    workspace = make.workspace()
    body = review_in(make.product(workspace), make.customer(workspace), **fields)
    answer = caller(workspace).post("reviews", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Review.objects.exists()
    assert not ReviewRating.objects.exists()


def test_a_review_that_changed_meanwhile_is_not_published_unread() -> None:
    workspace = make.workspace()
    product, customer = make.product(workspace), make.customer(workspace)
    shop = caller(workspace)
    first = shop.post("reviews", review_in(product, customer)).json()
    second = shop.post("reviews", review_in(product, customer, title="On second thought")).json()
    assert (second["id"], second["version"]) == (first["id"], 2)
    late = shop.post(f"reviews/{first['id']}/publish", {"version": 1})
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert Review.objects.get().status == "pending"
    assert shop.post(f"reviews/{first['id']}/reject", {"reason": "too_critical"}).status_code == 422


def test_only_the_own_workspace_and_the_right_scope_touch_a_review() -> None:
    workspace = make.workspace()
    review = make_reviews.review(make.product(workspace), published=False)
    entries = ModerationEntry.objects.count()
    stranger, writer = caller(make.workspace()), caller(workspace, "reviews:write", "reviews:read")
    for other, status in ((stranger, 404), (writer, 403)):
        assert other.post(f"reviews/{review.pk}/publish").status_code == status
        assert other.post(f"reviews/{review.pk}/reject", {"reason": "spam"}).status_code == status
        assert other.post(f"reviews/{review.pk}/undo").status_code == status
    assert stranger.get(f"reviews/{review.pk}").status_code == 404
    assert stranger.put(f"reviews/{review.pk}/response", {"text": "x"}).status_code == 404
    foreign = review_in(review.product, review.customer)
    assert stranger.post("reviews", foreign).status_code == 422
    assert stranger.pages("reviews") == []
    review.refresh_from_db()
    assert (review.status, review.response) == ("pending", "")
    assert ModerationEntry.objects.count() == entries


def test_a_product_that_somebody_wrote_about_is_not_deleted() -> None:
    workspace = make.workspace()
    review = make_reviews.review(make.product(workspace))
    answer = caller(workspace).delete(f"products/{review.product_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert "review" in answer.json()["detail"]
    assert Review.objects.filter(pk=review.pk).exists()
    assert Product.objects.filter(pk=review.product_id).exists()


def test_erasing_a_customer_takes_their_reviews_and_votes_out_of_the_figures() -> None:
    workspace = make.workspace()
    product, ann = make.product(workspace), make.customer(workspace)
    make_reviews.review(product, ann)
    other = make_reviews.review(product)
    for voter, is_helpful in ((voter_name(customer_id=ann.pk), True), (voter_name(anonymous_id="x"), True)):
        vote_helpful(
            workspace=workspace, review_id=other.pk, voter=voter, is_helpful=is_helpful, now=make.NOW
        )
    tally_ratings(now=make.NOW)
    assert rating_summary(product).published == 2
    assert caller(workspace).delete(f"customers/{ann.pk}").status_code == 204
    tally_ratings(now=make.NOW)
    assert rating_summary(product).published == 1
    other.refresh_from_db()
    assert (other.helpful_count, other.unhelpful_count, other.votes.count()) == (1, 0, 1)


def test_a_list_takes_as_many_queries_for_a_hundred_reviews_as_for_ten() -> None:
    workspace = make.workspace()
    make_reviews.many(make_reviews.review(make.product(workspace)), 110)
    shop = caller(workspace)
    shop.get("reviews")
    counts = []
    for limit in (10, 100):
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.get("reviews", limit=limit).json()["data"]) == limit
        counts.append(len(captured))
    assert counts == [2, 2]  # the key, the reviews with their figures


def test_shops_read_what_to_show_and_what_to_order_by() -> None:
    workspace = make.workspace()
    loved, known, unknown = (make.product(workspace, sku, category="Tents") for sku in ("L", "K", "U"))
    make_reviews.review(loved, overall=5)
    for overall in (5, 5, 5, 5, 5, 5, 5, 5, 4, 1):
        make_reviews.review(known, overall=overall)
    make_reviews.review(unknown, kind="chose_other", overall=None)
    make_reviews.review(make.product(workspace, category="Mats"), overall=1)
    make_reviews.review(make.product(make.workspace(), "L", category="Tents"), overall=1)
    tally_ratings(now=make.NOW)
    rows = {row["product"]: row for row in caller(workspace).get("ratings", category="Tents").json()["data"]}
    assert {sku: (row["published"], row["rated"], row["mean"]) for sku, row in rows.items()} == {
        "L": (1, 1, 5.0), "K": (10, 10, 4.5), "U": (1, 0, None),
    }  # fmt: skip
    assert rows["K"]["stars"] == [1, 0, 0, 1, 8]
    mean = 50 / 11
    assert rows["L"]["score"] == pytest.approx((5 * mean + 5) / 6, abs=1e-4), (
        "one voice is drawn to the others"
    )
    assert rows["K"]["score"] == pytest.approx((5 * mean + 45) / 15, abs=1e-4)
    assert rows["U"]["score"] == pytest.approx(mean, abs=1e-4)
    assert [row["product"] for row in caller(workspace).get("ratings", product="K").json()["data"]] == ["K"]


def test_ratings_take_as_many_queries_for_a_hundred_products_as_for_ten() -> None:
    workspace = make.workspace()
    for n in range(12):
        make_reviews.review(make.product(workspace, category=f"Category {n}"))
    tally_ratings(now=make.NOW)
    shop = caller(workspace)
    shop.get("ratings")
    counts = []
    for limit in (2, 12):
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.get("ratings", limit=limit).json()["data"]) == limit
        counts.append(len(captured))
    assert counts == [3, 3]  # the key, the figures, the categories' means
