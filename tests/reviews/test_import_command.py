"""manage.py import_reviews."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reviews.models import Review, ReviewImport
from tests import make
from tests.reviews import import_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    made = make.workspace(slug="tern")
    make.product(made, "TERN-2", url="https://shop.example/products/tern-2")
    return made


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(import_files.SHOPIFY)
    return path


def run(*arguments):
    out = StringIO()
    call_command("import_reviews", *map(str, arguments), workspace="tern", stdout=out)
    return out.getvalue()


def test_a_dry_run_reports_and_imports_nothing(workspace, file, tmp_path):
    said = run(file, "--dry-run", "--report", tmp_path / "report.csv")
    assert "read as Shopify Product Reviews" in said
    assert "2 ready" in said
    assert not Review.objects.exists()
    rows = list(csv.DictReader((tmp_path / "report.csv").open(newline="")))
    assert [row["outcome"] for row in rows] == ["ready", "ready"]


def test_it_imports_once_and_can_be_taken_back(workspace, file):
    assert "2 imported" in run(file)
    assert "2 known" in run(file)
    assert Review.objects.count() == 2
    first = ReviewImport.objects.order_by("id").first()
    assert "2 undone" in run("--undo", first.pk)
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "body=Nowhere"], "no column “Nowhere”"),
        (["--undo", "999"], "no import 999"),
        (["--resume", "999"], "no import 999"),
    ],
)
def test_what_is_wrong_is_said(workspace, file, arguments, said):
    with pytest.raises(CommandError, match=said):
        run(file, *arguments)
    assert not Review.objects.exists()


def test_without_a_file_or_a_workspace_it_says_what_to_name(workspace):
    with pytest.raises(CommandError, match="FILE"):
        run()
    with pytest.raises(CommandError, match="--workspace"):
        call_command("import_reviews", "x.csv", workspace="none")
