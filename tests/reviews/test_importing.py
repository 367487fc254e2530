"""Reviews from elsewhere come in: resumed, repeated without harm, never over what was written here."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.models import AuditEntry, Customer
from reviews.importing import start_import, work_on_imports
from reviews.models import ModerationEntry, Review, ReviewImportLine
from reviews.summaries import rating_summary
from reviews.tallying import tally_ratings
from tests import make, make_reviews
from tests.reviews import import_files
from tests.reviews.imported import NOW, checked, imported, outcomes, report_of, tern, uploaded, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def product(workspace):
    return tern(workspace)


def test_a_killed_import_goes_on_after_its_last_chunk(workspace, product):
    rows = "".join(f"TERN-2,{1 + n % 5},2024-01-{1 + n % 28:02},Text {n},p{n}@x.org\n" for n in range(23))
    batch = checked(uploaded(workspace, "sku,rating,date,body,email\n" + rows))
    start_import(batch=batch, actor=None, now=NOW)
    work_on_imports(now=NOW, limit=10)
    killed = transaction.savepoint()
    work_on_imports(now=NOW, limit=10)
    transaction.savepoint_rollback(killed)
    batch.refresh_from_db()
    assert (batch.done_count, batch.percent, Review.objects.count()) == (10, 43, 10)
    worked(batch, limit=10)
    assert (batch.state, batch.counts, Review.objects.count()) == ("done", {"imported": 23}, 23)


def test_the_same_file_again_changes_nothing(workspace, product):
    imported(workspace, import_files.SHOPIFY)
    before = list(Review.objects.order_by("pk").values())
    batch = imported(workspace, import_files.SHOPIFY)
    assert batch.counts == {"known": 2}
    assert list(Review.objects.order_by("pk").values()) == before
    assert {line["review_id"] for line in report_of(batch)} == {str(row["id"]) for row in before}
    assert Customer.objects.count() == 2


def test_a_line_that_stands_twice_comes_in_once(workspace, product):
    row = "TERN-2,5,2024-01-02,Fine\n"
    batch = imported(workspace, f"sku,rating,date,body\n{row}{row}")
    assert outcomes(batch) == {2: "imported", 3: "known"}
    assert Review.objects.count() == 1


def test_of_two_by_one_person_the_newer_is_shown_and_the_older_kept(workspace, product):
    text = (
        "sku,rating,date,body,email\n"
        "TERN-2,5,2024-01-02,First I loved them.,a@x.org\nTERN-2,2,2024-09-02,Then they broke.,A@x.org\n"
    )
    batch = imported(workspace, text)
    (review,) = Review.objects.all()
    assert review.body == "Then they broke."
    assert outcomes(batch) == {2: "earlier", 3: "imported"}
    assert {origin.columns["body"]: origin.is_shown for origin in review.origins.all()} == {
        "First I loved them.": False,
        "Then they broke.": True,
    }


def test_what_somebody_wrote_here_is_never_touched(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    mine = make_reviews.review(product, ada, title="My own")
    imported(workspace, import_files.SHOPIFY)
    mine.refresh_from_db()
    assert (mine.title, mine.collected_by) == ("My own", "form")
    assert mine.origins.get().is_shown is False
    assert Review.objects.filter(customer=ada).count() == 1


def test_an_order_of_ours_verifies_and_a_claim_never_does(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    make_reviews.order(ada, product)
    imported(workspace, import_files.LOOX)
    assert [review.is_verified for review in Review.objects.order_by("submitted_at")] == [True, False]


def test_nobody_is_written_to_because_they_once_wrote_a_review(workspace, product):
    imported(workspace, import_files.SHOPIFY)
    assert not Customer.objects.exclude(addresses=None).exists()


def test_figures_follow_and_the_trail_says_what_was_done(workspace, product):
    batch = imported(workspace, import_files.SHOPIFY)
    tally_ratings(now=NOW)
    summary = rating_summary(product)
    assert (summary.published, summary.mean) == (1, 5.0)
    assert ModerationEntry.objects.filter(action="import").count() == 2
    assert AuditEntry.objects.get(action="import_reviews").object_id == str(batch.pk)


def test_one_workspaces_products_and_customers_are_not_anothers(workspace, product):
    other = make.workspace()
    batch = imported(other, import_files.SHOPIFY)
    assert batch.counts == {"refused": 2}
    line = batch.lines.first()
    ReviewImportLine.objects.filter(pk=line.pk).update(workspace=workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()
    ReviewImportLine.objects.filter(pk=line.pk).update(workspace=other)


def test_a_chunk_costs_the_same_queries_for_10_lines_and_100(
    workspace, product, django_assert_max_num_queries
):
    def rows(count, offset):
        lines = (f"TERN-2,5,2024-01-02,Text {n},p{n}@x.org\n" for n in range(offset, offset + count))
        return "sku,rating,date,body,email\n" + "".join(lines)

    for count, offset in ((10, 0), (100, 1000)):
        batch = checked(uploaded(workspace, rows(count, offset)))
        start_import(batch=batch, actor=None, now=NOW)
        with django_assert_max_num_queries(20):
            work_on_imports(now=NOW)
    assert Review.objects.count() == 110
