"""A file is checked: nothing is written but the report, which says what is wrong with each line."""

from __future__ import annotations

import pytest
from django.db import transaction

from engagement.models import Customer
from reviews.importing import BadMapping
from reviews.importing.files import BadFile
from reviews.models import RatingTally, Review, ReviewImport, ReviewOrigin, ReviewStatus
from tests import make
from tests.reviews import import_files
from tests.reviews.imported import checked, imported, report_of, tern, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def product(workspace):
    return tern(workspace)


def test_checking_writes_nothing_but_the_report(workspace, product):
    batch = checked(uploaded(workspace, import_files.JUDGEME))
    assert (batch.state, batch.counts) == ("checked", {"ready": 2})
    assert not Review.objects.exists()
    assert not Customer.objects.exists()
    assert not RatingTally.objects.exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("nowhere,5,2024-01-02,Fine", "No product goes by “nowhere”"),
        (",5,2024-01-02,Fine", "names no product"),
        ("TERN-2,4.5,2024-01-02,Fine", "no whole number"),
        ("TERN-2,0,2024-01-02,Fine", "no whole number"),
        ("TERN-2,5,soon,Fine", "no date that we can read"),
        ("TERN-2,5,2031-01-02,Fine", "in the future"),
        ("TERN-2,5,03/04/2024,Fine", "day or the month first"),
    ],
)
def test_a_line_that_cannot_be_imported_says_why(workspace, product, row, said):
    batch = imported(workspace, f"sku,rating,date,body\n{row}\n")
    assert batch.counts == {"refused": 1}
    (line,) = report_of(batch)
    assert said in line["message"]
    assert (line["line"], line["body"], line["review_id"]) == ("2", "Fine", "")
    assert not Review.objects.exists()


def test_a_person_may_say_which_stands_first_and_to_make_products(workspace):
    text = "sku,rating,date,body,product name\nNEW,5,03/04/2024,Fine,A new one\n"
    batch = imported(workspace, text, day_first=True, missing_products="stub")
    (review,) = Review.objects.all()
    assert review.submitted_at.month == 4
    assert (review.product.sku, review.product.name, review.product.is_stub) == ("NEW", "A new one", True)
    assert "one is made" in report_of(batch)[0]["message"]


def test_what_the_file_does_not_say_may_wait_for_a_moderator(workspace, product):
    imported(workspace, "sku,rating,date,body\nTERN-2,5,2024-01-02,Fine\n", unstated="queue")
    assert Review.objects.get().status == ReviewStatus.PENDING


@pytest.mark.parametrize(
    "changes",
    [
        {"mapping": {"sku": "sku", "rating": "rating", "date": "date"}},
        {"mapping": {"body": "body", "rating": "rating", "date": "date"}},
        {"mapping": {"sku": "sku", "rating": "rating", "date": "date", "body": "other"}},
        {"mapping": {"sku": "sku", "rating": "rating", "date": "date", "body": "body", "x": "sku"}},
        {"missing_products": "guess"},
        {"unstated": "guess"},
    ],
)
def test_a_mapping_without_what_a_review_needs_is_refused(workspace, product, changes):
    batch = uploaded(workspace, "sku,rating,date,body\nTERN-2,5,2024-01-02,Fine\n")
    with pytest.raises(BadMapping):
        checked(batch, **changes)
    batch.refresh_from_db()
    assert batch.state == "uploaded"


@pytest.mark.parametrize("data", [b"", b"only one column\nx\n", b'a,b\n"' + b"x" * 1_100_000 + b'",2\n'])
def test_a_file_that_is_no_table_is_refused_and_nothing_is_kept(workspace, data):
    with pytest.raises(BadFile), transaction.atomic():
        uploaded(workspace, data)
    assert not ReviewImport.objects.exists()


def test_columns_of_one_name_and_cells_without_a_column_are_not_lost(workspace, product):
    imported(workspace, "sku,rating,date,body,note,note,\nTERN-2,5,2024-01-02,Fine,a,b,c,d\n")
    columns = ReviewOrigin.objects.get().columns
    assert [columns[name] for name in ("note", "note (2)", "column 7", "column 8")] == ["a", "b", "c", "d"]
