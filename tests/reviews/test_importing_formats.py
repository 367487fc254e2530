"""What is made of the six formats, and of a file that is none of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reviews.importing import start_import
from reviews.models import Review, ReviewStatus
from tests import make
from tests.reviews import import_files
from tests.reviews.imported import NOW, checked, imported, outcomes, tern, uploaded, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def product(workspace):
    return tern(workspace)


def test_judgeme(workspace, product):
    batch = imported(workspace, import_files.JUDGEME)
    assert batch.source == "judgeme"
    published, spam = Review.objects.order_by("-submitted_at")
    assert published.body == 'Ran a wet week in them,\nand they "dried" by morning.'
    assert published.response == "Thank you!"
    assert published.published_at == datetime(2024, 3, 5, 6, 7, 8, tzinfo=UTC)
    assert (published.collected_by, published.imported_from) == ("import", "judgeme")
    assert published.is_verified_there is None
    assert not published.is_verified
    assert (spam.status, spam.rejection_reason, spam.author_name) == ("rejected", "spam", "Anonymous")


def test_loox_says_who_bought_and_shows_no_address(workspace, product):
    imported(workspace, import_files.LOOX)
    active, hidden = Review.objects.order_by("submitted_at")
    assert active.body == "Fits well & dries fast."
    assert active.is_verified_there is True
    assert not active.is_verified, "only an order of ours verifies"
    assert (hidden.status, hidden.is_verified_there) == (ReviewStatus.PENDING, False)
    assert hidden.body == "Fell apart.\n\nTwice."
    assert hidden.author_name == "Anonymous"
    assert hidden.customer.email == "bert@example.org"


def test_shopify(workspace, product):
    imported(workspace, import_files.SHOPIFY)
    first, second = Review.objects.order_by("submitted_at")
    assert first.submitted_at == datetime(2019, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert [first.status, second.status] == ["published", "pending"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_yotpo_in_any_encoding_with_semicolons_and_days_first(workspace, product, encoding):
    batch = checked(uploaded(workspace, import_files.YOTPO.replace("\n", "\r\n"), encoding))
    assert (batch.source, batch.day_first) == ("yotpo", True)
    worked(start_import(batch=batch, actor=None, now=NOW))
    newer, older = Review.objects.order_by("-submitted_at")
    assert newer.body == "Größe passt – prima"
    assert older.submitted_at.date().isoformat() == "2024-03-04"
    assert (newer.is_verified_there, older.is_verified_there) == (True, False)


def test_okendo_keeps_columns_that_we_do_not_know(workspace, product):
    batch = imported(workspace, import_files.OKENDO)
    (review,) = Review.objects.all()
    (origin,) = review.origins.all()
    assert origin.columns["Skin Type"] == "Dry"
    assert set(origin.columns) == set(batch.columns)
    assert (origin.source, origin.external_id) == ("okendo", "OK-1")


def test_powerreviews_has_months_first(workspace, product):
    batch = imported(workspace, import_files.POWERREVIEWS)
    assert batch.day_first is False
    approved, rejected = Review.objects.order_by("-submitted_at")
    assert (approved.status, rejected.status) == ("published", "pending")
    assert rejected.submitted_at.date().isoformat() == "2024-03-04"


def test_another_file_is_read_by_names_that_speak_for_themselves(workspace, product):
    batch = uploaded(
        workspace, "SKU\tStars\tReview text\tReviewer\tDate\nTERN-2\t5\tWell made.\tAda\t2024-01-02\n"
    )
    assert batch.source == "other"
    assert batch.mapping == {
        "sku": "SKU",
        "rating": "Stars",
        "body": "Review text",
        "author_name": "Reviewer",
        "date": "Date",
    }
    checked(batch)
    assert outcomes(batch) == {2: "ready"}
