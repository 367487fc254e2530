"""Files of reviews uploaded, checked and imported, as tests tell of them."""

from __future__ import annotations

import csv
import io

from reviews.importing import check_import, start_import, upload_reviews, work_on_imports
from reviews.imports import report_lines
from tests import make

NOW = make.NOW


def tern(workspace):
    """What the files are about: found by number, id or the end of its address."""
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
