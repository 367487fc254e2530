"""The pages on which a marketer imports reviews."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagement.models import AuditEntry
from reviews.importing import work_on_imports
from reviews.models import Review, ReviewImport
from tests import make
from tests.make_dashboard import Office
from tests.reviews import import_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    office = Office()
    make.product(office.workspace, "TERN-2", url="https://shop.example/products/tern-2")
    return office


@pytest.fixture
def client(office):
    return office.enter("marketer")


def upload(client, text=import_files.SHOPIFY):
    file = SimpleUploadedFile("export.csv", text.encode(), content_type="text/csv")
    return client.post("/reviews/imports", {"file": file})


def choices(batch, **changes):
    columns = {f"column.{target}": column for target, column in batch.mapping.items()}
    return columns | {"missing_products": "refuse", "unstated": "publish", "day_first": ""} | changes


def work():
    while work_on_imports(now=make.NOW).done:
        pass


def test_a_file_is_uploaded_checked_imported_and_undone(office, client):
    page = upload(client)["Location"]
    batch = ReviewImport.objects.get()
    shown = client.get(page).content.decode()
    assert "read as Shopify Product Reviews" in shown
    assert "Lovely · So so" in shown
    assert client.post(page, choices(batch)).status_code == 302
    assert "every 1s" in client.get(page).content.decode()
    work()
    assert "Import 2 reviews" in client.get(page).content.decode()
    assert not Review.objects.exists()
    client.post(f"{page}/change", {"change": "import"})
    work()
    shown = client.get(page).content.decode()
    assert "Undo the import" in shown
    assert "every 1s" not in shown
    assert Review.objects.filter(workspace=office.workspace).count() == 2
    client.post(f"{page}/change", {"change": "undo"})
    work()
    assert not Review.objects.exists()
    actions = AuditEntry.objects.filter(workspace=office.workspace).values_list("action", "actor_label")
    assert {action for action, _ in actions} == {"import_reviews", "undo_review_import"}


def test_what_is_missing_is_said_and_what_was_chosen_is_kept(client):
    page = upload(client)["Location"]
    batch = ReviewImport.objects.get()
    answer = client.post(page, choices(batch, **{"column.rating": "", "column.title": "location"}))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#column-rating"' in html
    assert "<option selected>location</option>" in html
    batch.refresh_from_db()
    assert (batch.state, batch.mapping["title"]) == ("uploaded", "title")


def test_the_report_is_a_table_that_no_spreadsheet_calculates(client):
    text = "sku,rating,date,body\n=cmd|x,5,2024-01-02,+1\n"
    page = upload(client, text)["Location"]
    client.post(page, choices(ReviewImport.objects.get()))
    work()
    answer = client.get(f"{page}/report")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0] == "line,outcome,message,review_id,sku,rating,date,body"
    assert lines[1].startswith("2,refused,")
    assert lines[1].endswith("'=cmd|x,5,2024-01-02,'+1")
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize("data", [{}, {"file": SimpleUploadedFile("x.csv", b"nothing")}])
def test_what_is_no_table_is_refused_with_a_reason(client, data):
    answer = client.post("/reviews/imports", data, follow=True)
    assert b"ts-toast-error" in answer.content
    assert not ReviewImport.objects.exists()


def test_what_cannot_be_done_now_is_refused(client):
    page = upload(client)["Location"]
    assert client.post(f"{page}/change", {"change": "undo"}).status_code == 302
    assert client.post(f"{page}/change", {"change": "x"}).status_code == 404
    assert ReviewImport.objects.get().state == "uploaded"


def test_the_page_costs_the_same_for_10_lines_and_500(client, django_assert_max_num_queries):
    for count in (10, 500):
        rows = "".join(f"nowhere,5,2024-01-02,Text {n}\n" for n in range(count))
        page = upload(client, f"sku,rating,date,body\n{rows}")["Location"]
        client.post(page, choices(ReviewImport.objects.order_by("-id").first()))
        work()
        with django_assert_max_num_queries(7):
            client.get(page)
