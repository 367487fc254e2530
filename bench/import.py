# ruff: noqa: N999 - called by the name of what it measures
"""Lines a second of an import of 50,000 reviews, checked and imported, beside a bare COPY of the rows that it makes.

Ours: the file as Judge.me exports it, uploaded, checked line by line, imported with a customer, figures, a version, an
origin and an entry of the trail for each, then imported again, which must change nothing. The reference writes the same
reviews and figures as text into the same tables with their indexes and foreign keys: no parsing, no customers, no
versions, no origins, no report.
"""

from __future__ import annotations

import csv
import io
import time

from django.utils import timezone

from bench.measuring import Measured, say
from bench.reviewing.writing import write
from bench.world import raw_connection, settle
from engagement.models import Product, Workspace
from reviews.importing import check_import, start_import, upload_reviews, work_on_imports
from reviews.models import Review, ReviewImport, ReviewOrigin

LINES, PRODUCTS = 50_000, 500
HEADER = (
    "title,body,rating,review_date,source,curated,reviewer_name,reviewer_email,product_id,product_handle,reply,"
    "reply_date,picture_urls,ip_address,location,metaobject_handle"
)
COLUMNS = """
workspace_id, product_id, customer_id, kind, title, body, pros, cons, author_name, language, situation, need_slug,
order_event_id, collected_by, incentive, status, rejection_reason, flags, version, shown_version, appeal,
helpful_count, unhelpful_count, response, submitted_at, published_at
"""


def measure() -> Measured:
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    Product.objects.bulk_create(
        Product(workspace=workspace, sku=f"p{n}", name=f"Product {n}") for n in range(PRODUCTS)
    )
    file = export()
    settle()
    seconds = {"first": bring(workspace, file), "again": bring(workspace, file)}
    count = Review.objects.count()
    kept = ReviewOrigin.objects.first()
    assert count == LINES, count
    assert kept is not None
    assert set(kept.columns) == set(HEADER.split(",")), kept.columns
    say(
        f"  {count:,} reviews in {seconds['first']:.1f} s; again in {seconds['again']:.1f} s, nothing changed"
    )
    return Measured(LINES / seconds["first"], LINES / copy(), "lines/s", notes={"seconds": seconds})


def export() -> bytes:
    """A file of reviews by as many people."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER.split(","))
    for n, one in enumerate(write(LINES)):
        at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(one.at))
        person = (one.author, f"reader{n}@example.org", f"p{n % PRODUCTS}", f"p{n % PRODUCTS}")
        rest = ("", "", "", "192.0.2.1", "Riga", f"jm-{n}")
        writer.writerow(["Title", one.body, 1 + n % 5, at, "web", "ok", *person, *rest])
    return text.getvalue().encode()


def bring(workspace: Workspace, file: bytes) -> float:
    """Upload, check and import as the dashboard and the clock do; the seconds it took. Says how far it is."""
    began = time.perf_counter()
    batch = upload_reviews(
        workspace=workspace, file=io.BytesIO(file), file_name="reviews.csv", user=None, now=timezone.now()
    )
    check_import(
        batch=batch,
        mapping=batch.mapping,
        missing_products="refuse",
        unstated="publish",
        day_first=None,
        now=timezone.now(),
    )
    work(batch)
    start_import(batch=batch, actor=None, now=timezone.now())
    work(batch)
    say(f"  {batch.get_state_display()}: {batch.counts} after {time.perf_counter() - began:.1f} s")
    return time.perf_counter() - began


def work(batch: ReviewImport) -> None:
    told = 0
    while work_on_imports(now=timezone.now()).done:
        batch.refresh_from_db()
        if batch.percent >= told + 25:
            told = batch.percent
            say(f"  {batch.get_state_display()}: {told} %")
    batch.refresh_from_db()


def copy() -> float:
    """Seconds to copy as many reviews with their figures into the same tables, in one commit."""
    with raw_connection() as connection, connection.cursor() as cursor:
        reviews, figures = io.StringIO(), io.StringIO()
        cursor.copy_expert(f"COPY (SELECT {COLUMNS} FROM reviews_review ORDER BY id) TO STDOUT", reviews)
        cursor.copy_expert(
            "COPY (SELECT workspace_id, overall, fit, version FROM reviews_reviewrating ORDER BY review_id) TO STDOUT",
            figures,
        )
        cursor.execute("TRUNCATE reviews_review CASCADE")
        connection.commit()
        cursor.execute("SELECT nextval(pg_get_serial_sequence('reviews_review', 'id'))")
        first = cursor.fetchone()[0] + 1
        lines = "".join(
            f"{first + n}\t{line}" for n, line in enumerate(figures.getvalue().splitlines(keepends=True))
        )
        began = time.perf_counter()
        cursor.copy_expert(f"COPY reviews_review ({COLUMNS}) FROM STDIN", io.StringIO(reviews.getvalue()))
        cursor.copy_expert(
            "COPY reviews_reviewrating (review_id, workspace_id, overall, fit, version) FROM STDIN",
            io.StringIO(lines),
        )
        connection.commit()
        return time.perf_counter() - began
