"""Reviews for elsewhere: sheets, JSON lines, and the feeds of Google and Meta."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.keys import make_key
from reviews.exporting.feeds import google_feed, shown_reviews
from reviews.exporting.records import as_csv, as_json_lines
from reviews.importing import check_import, start_import, upload_reviews, work_on_imports
from reviews.models import Review, ReviewPolicy
from tests import make, make_reviews
from tests.make_dashboard import Office
from tests.reviews import import_files
from tests.reviews.google_schema import wrong_with

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def workspace():
    return make.workspace(name="Larkfell & Sons", slug="larkfell")


@pytest.fixture
def product(workspace):
    return make.product(
        workspace,
        "tern/2",
        name="Tern <2>",
        brand="Larkfell",
        url="https://shop.example/tern?a=1&b=2",
        attributes={"gtin": "04012345678901", "mpn": 77},
    )


@pytest.fixture
def key(workspace):
    ReviewPolicy.objects.create(workspace=workspace, gives_to_feeds=True)
    return make_key(workspace=workspace, kind="write", name="Shop")[1]


def sheet(what, workspace):
    return list(csv.DictReader(io.StringIO("".join(as_csv(what, workspace)))))


def feed_of(workspace):
    """The reviews of the feed, which is held against the schema."""
    root = ElementTree.fromstring("".join(google_feed(workspace)))
    assert wrong_with(root) == []
    return root.findall("reviews/review")


def test_a_sheet_has_every_review_and_calculates_nothing(workspace, product):
    ada = make.customer(workspace, email="ada@example.org")
    make_reviews.review(
        product,
        ada,
        title="=HYPERLINK(1)",
        body="+49 is no formula, nor is a second line\n-x",
        pros=("a", "b"),
    )
    make_reviews.review(product, published=False, title="Waits")
    make_reviews.review(make.product(make.workspace()), title="Another's")
    first, second = sheet("reviews", workspace)
    assert first["title"] == "'=HYPERLINK(1)"
    assert first["body"] == "'+49 is no formula, nor is a second line\n-x"
    assert (first["overall"], first["pros"], first["author_email"]) == ("4", "a\nb", "ada@example.org")
    assert (second["status"], second["is_verified"]) == ("pending", "no")


def test_json_lines_hold_texts_as_they_are_and_where_they_are_from(workspace, product):
    make_reviews.review(product, title="=1+1")
    (record,) = map(json.loads, "".join(as_json_lines("reviews", workspace)).splitlines())
    assert (record["title"], record["origins"]) == ("=1+1", [])


def test_what_was_exported_can_be_imported_elsewhere(workspace, product):
    make_reviews.review(
        product, title="-20 °C and dry", body="Good in the cold, and that for years.", overall=2
    )
    other = make.workspace()
    make.product(other, "tern/2", name="Tern")
    text = "".join(as_csv("reviews", workspace))
    batch = upload_reviews(
        workspace=other, file=io.BytesIO(text.encode()), file_name="x.csv", user=None, now=NOW
    )
    assert batch.source == "touchstone"
    check_import(
        batch=batch, mapping=batch.mapping, missing_products="refuse", unstated="queue", day_first=None,
        now=NOW + timedelta(days=1),
    )  # fmt: skip
    work_on_imports(now=NOW)
    start_import(batch=batch, actor=None, now=NOW)
    work_on_imports(now=NOW)
    copy = Review.objects.get(workspace=other)
    assert (copy.title, copy.rating.overall, copy.status) == ("-20 °C and dry", 2, "published")
    assert (copy.submitted_at, copy.is_verified_there) == (NOW, False)


def test_googles_feed_is_in_the_schemas_order_with_all_stars(workspace, product):
    ada = make.customer(workspace)
    make_reviews.order(ada, product)
    make_reviews.review(
        product,
        ada,
        overall=1,
        title="Bad & ugly",
        body="It broke\x0b on the first day <sadly>.",
        cons=("weak",),
        may_share=True,
    )
    make_reviews.review(product, overall=5, incentive="A voucher", may_share=True)
    bad, good = feed_of(workspace)
    assert bad.findtext("ratings/overall") == "1"
    assert bad.find("ratings/overall").attrib == {"min": "1", "max": "5"}
    assert bad.findtext("content") == "It broke on the first day <sadly>."
    assert (bad.findtext("is_verified_purchase"), good.findtext("is_verified_purchase")) == ("true", "false")
    assert good.findtext("is_incentivized_review") == "true"
    assert good.findtext("collection_method") == "unsolicited"
    assert bad.findtext("review_timestamp") == "2026-03-04T12:00:00+00:00"
    item = bad.find("products/product")
    assert item.findtext("product_ids/gtins/gtin") == "04012345678901"
    assert item.findtext("product_ids/mpns/mpn") == "77"
    assert item.findtext("product_url") == product.url
    assert bad.findtext("review_url").endswith("/e/reviews/larkfell/tern%2F2/")


def test_a_feed_holds_only_what_is_published_about_products_with_a_page(workspace, product):
    elsewhere = make.product(make.workspace(), url="https://other.example/y")
    outside = make.product(workspace, "outside", kind="outside", url="https://other.example/x")
    make_reviews.review(product, published=False, may_share=True)
    make_reviews.review(product, kind="chose_other", overall=None, may_share=True)
    for other in (
        outside,
        make.product(workspace, "no-page"),
        make.product(workspace, "path", url="/path"),
        elsewhere,
    ):
        make_reviews.review(other, may_share=True)
    assert feed_of(workspace) == []


def test_what_is_no_number_does_not_make_the_feed_invalid(workspace, product):
    product.attributes = {"gtin": "n/a", "ean": "4012345678901", "mpn": "  "}
    product.save()
    make_reviews.review(product, may_share=True)
    (review,) = feed_of(workspace)
    assert [gtin.text for gtin in review.iter("gtin")] == ["4012345678901"]
    assert review.find("products/product/product_ids/mpns") is None


def test_the_check_sees_what_the_schema_forbids(workspace, product):
    make_reviews.review(product, may_share=True)
    text = "".join(google_feed(workspace))
    for right, wrong in [
        ("<version>2.4", "<version>2.3"),
        ("<is_verified_purchase>false", "<is_verified_purchase>no"),
        ("</reviewer>", "</reviewer><reviewer><name>B</name></reviewer>"),
        ('type="group"', ""),
        ("<publisher>", "<favicon>x.y</favicon><publisher>"),
        ("</review_url>", "</review_url><title>Late</title>"),
        ("<sku>tern/2</sku>", ""),
    ]:
        assert right in text
        assert len(wrong_with(ElementTree.fromstring(text.replace(right, wrong)))) >= 1, wrong
    assert wrong_with(ElementTree.fromstring(text)) == []


def test_only_those_are_in_a_feed_whose_authors_agree_whatever_they_rate(workspace, product):
    for overall, may_share in [(1, True), (5, True), (1, False), (5, None)]:
        make_reviews.review(product, overall=overall, may_share=may_share)
    assert [review.findtext("ratings/overall") for review in feed_of(workspace)] == ["1", "5"]
    assert shown_reviews(workspace) == {"all": 4, "shared": 2}


def test_an_imported_review_is_verified_only_by_the_word_of_its_file(workspace, product):
    import_of(workspace, product)
    feed = feed_of(workspace)
    assert [review.findtext("is_verified_purchase") for review in feed] == ["true"]
    assert [review.find("collection_method") for review in feed] == [None]


def test_an_imported_review_is_in_no_feed_unless_who_imports_says_that_authors_agreed(workspace, product):
    import_of(workspace, product, may_share=False)
    assert feed_of(workspace) == []
    assert shown_reviews(workspace)["all"] >= 1


def import_of(workspace, product, may_share=True):
    product.url = "https://shop.example/tern-2"
    product.save()
    file = io.BytesIO(import_files.LOOX.encode())
    batch = upload_reviews(workspace=workspace, file=file, file_name="x.csv", user=None, now=NOW)
    check_import(
        batch=batch,
        mapping=batch.mapping,
        missing_products="refuse",
        unstated="publish",
        day_first=None,
        may_share=may_share,
        now=NOW,
    )
    work_on_imports(now=NOW)
    start_import(batch=batch, actor=None, now=NOW)
    work_on_imports(now=NOW)


def test_the_feeds_are_fetched_with_the_public_key_and_tell_nothing_private(client, workspace, product, key):
    ada = make.customer(workspace, email="ada@example.org", external_id="c-secret", name="Ada Lovelace")
    make_reviews.review(product, ada, title="=1+1", may_share=True)
    google = client.get("/e/feeds/v1/google.xml", {"key": key})
    meta = client.get("/e/feeds/v1/meta.csv", {"key": key})
    texts = [b"".join(answer.streaming_content).decode() for answer in (google, meta)]
    for text in texts:
        assert "ada@example.org" not in text
        assert "c-secret" not in text
        assert "Lovelace" not in text
    (row,) = csv.DictReader(io.StringIO(texts[1]))
    assert (row["rating"], row["title"], row["has_verified_purchase"]) == ("4", "'=1+1", "false")
    assert row["store.storeUrls"] == "https://shop.example"
    assert not google.cookies


def test_without_the_companys_word_or_a_key_there_is_no_feed(client, workspace, product, key):
    assert client.get("/e/feeds/v1/google.xml").status_code == 404
    assert client.get("/e/feeds/v1/other.xml", {"key": key}).status_code == 404
    ReviewPolicy.objects.update(gives_to_feeds=False)
    assert client.get("/e/feeds/v1/google.xml", {"key": key}).status_code == 404
    assert client.post("/e/feeds/v1/google.xml", {"key": key}).status_code == 405


def test_readers_are_told_of_feeds_while_they_are_on(client, workspace, product, key):
    told = b"also given to Google and Meta where their authors agree"
    page = f"/e/reviews/{workspace.slug}/tern%2F2/"
    assert told in client.get(page).content
    ReviewPolicy.objects.update(gives_to_feeds=False)
    assert told not in client.get(page).content


def test_a_feed_asks_as_much_for_one_review_as_for_fifty(workspace, product):
    first = make_reviews.review(product, may_share=True)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            "".join(google_feed(workspace))
        return len(captured)

    few = queries()
    make_reviews.many(first, 49)
    assert queries() == few


def test_an_owner_switches_feeds_and_a_marketer_downloads():
    office = Office().furnish()
    owner, marketer = office.enter("owner"), office.enter("marketer")
    assert owner.post("/reviews/exports", {"gives_to_feeds": "on"}).status_code == 302
    page = marketer.get("/reviews/exports").content.decode()
    assert f"/e/feeds/v1/google.xml?key={office.key.public_key}" in page
    assert " checked" in page
    answer = marketer.get("/reviews/exports/reviews/csv")
    assert b"".join(answer.streaming_content).startswith(b"review_id,sku,")
    assert marketer.get("/reviews/exports/reviews/xml").status_code == 404
    assert office.enter("moderator").get("/reviews/exports/reviews/csv").status_code == 403
