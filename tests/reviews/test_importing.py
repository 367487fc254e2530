"""Reviews from elsewhere: what is made of the six formats, and that it can be checked, resumed, repeated and undone."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.erasing import erase_customer
from engagement.models import AuditEntry, Customer, Product
from reviews.forgetting import forget_imports
from reviews.import_models import ReviewImport, ReviewImportLine, ReviewOrigin
from reviews.importing import (
    BadMapping,
    WrongState,
    check_import,
    go_on,
    start_import,
    stop_import,
    undo_import,
    upload_reviews,
    work_on_imports,
)
from reviews.importing.files import BadFile
from reviews.imports import report_lines
from reviews.models import ModerationEntry, RatingTally, Review, ReviewStatus
from reviews.summaries import rating_summary
from reviews.tallying import tally_ratings
from tests import make, make_reviews
from tests.reviews import import_files

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def product(workspace):
    return make.product(
        workspace,
        "TERN-2",
        name="Tern 2",
        url="https://shop.example/products/tern-2",
        attributes={"product_id": "111"},
    )


def uploaded(workspace, text, encoding="utf-8"):
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode(encoding))
    return upload_reviews(workspace=workspace, file=file, file_name="reviews.csv", user=None, now=NOW)


def worked(batch, **options):
    while work_on_imports(now=NOW, **options).done:
        pass
    batch.refresh_from_db()
    return batch


def checked(batch, **changes):
    told = {"mapping": batch.mapping, "missing_products": "refuse", "unstated": "publish", "day_first": None}
    return worked(check_import(batch=batch, now=NOW, **told | changes))


def imported(workspace, text, **changes):
    batch = checked(uploaded(workspace, text), **changes)
    return worked(start_import(batch=batch, actor=None, now=NOW))


def outcomes(batch):
    return dict(batch.lines.values_list("number", "outcome"))


def report_of(batch):
    return list(csv.DictReader(io.StringIO("".join(report_lines(batch)))))


# ---- The formats


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


# ---- Checking


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


# ---- Importing


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


# ---- Stopping, undoing, forgetting


def test_a_stopped_import_goes_on_or_is_undone(workspace, product):
    batch = checked(uploaded(workspace, import_files.SHOPIFY))
    start_import(batch=batch, actor=None, now=NOW)
    work_on_imports(now=NOW, limit=1)
    stop_import(batch=batch, now=NOW)
    assert not work_on_imports(now=NOW).done
    assert Review.objects.count() == 1
    batch = worked(go_on(batch=batch, now=NOW))
    assert (batch.state, Review.objects.count()) == ("done", 2)


def test_what_cannot_be_done_now_is_refused(workspace, product):
    batch = uploaded(workspace, import_files.SHOPIFY)
    for action in (start_import, undo_import):
        with pytest.raises(WrongState):
            action(batch=batch, actor=None, now=NOW)
    with pytest.raises(WrongState):
        go_on(batch=batch, now=NOW)


def test_undoing_takes_out_all_that_the_import_made_and_nothing_else(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    other = make_reviews.review(make.product(workspace), ada)
    text = import_files.SHOPIFY + "new-one,published,4,Ok,Cleo,cleo@example.org,,Good,,2019-01-02,\n"
    batch = imported(workspace, text, missing_products="stub")
    assert Review.objects.count() == 4
    batch = worked(undo_import(batch=batch, actor=None, now=NOW))
    assert batch.counts == {"undone": 3}
    assert list(Review.objects.all()) == [other]
    assert list(Customer.objects.all()) == [ada]
    assert set(Product.objects.all()) == {product, other.product}
    assert not ReviewOrigin.objects.exists()
    tally_ratings(now=NOW)
    assert rating_summary(product).published == 0
    batch = worked(check_import(batch=batch, mapping=batch.mapping, missing_products="refuse", unstated="queue",
                        day_first=None, now=NOW))  # fmt: skip
    assert batch.counts == {"ready": 2, "refused": 1}


def test_a_review_that_its_author_made_their_own_stays(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    batch = imported(workspace, import_files.SHOPIFY)
    make_reviews.review(product, ada, at=NOW + timedelta(days=1))
    batch = worked(undo_import(batch=batch, actor=None, now=NOW))
    assert Review.objects.get().customer == ada
    assert batch.counts == {"known": 1, "undone": 1}


def test_an_erased_customer_leaves_no_line_behind(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    batch = imported(workspace, import_files.SHOPIFY)
    erase_customer(customer=ada, actor=None, now=NOW)
    assert list(batch.lines.values_list("number", flat=True)) == [3]
    assert not ReviewOrigin.objects.filter(columns__email="ada@example.org").exists()


def test_lines_are_forgotten_after_a_while_and_origins_stay(workspace, product):
    batch = imported(workspace, import_files.SHOPIFY)
    never = uploaded(workspace, import_files.LOOX)
    forget_imports(now=NOW + timedelta(days=59))
    assert batch.lines.count() == 2
    forget_imports(now=NOW + timedelta(days=61))
    assert not ReviewImportLine.objects.exists()
    assert ReviewOrigin.objects.count() == 2
    assert not ReviewImport.objects.filter(pk=never.pk).exists()
