"""manage.py import_reviews FILE --workspace SLUG: check a CSV export of another system and import its reviews."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engagement.models import Workspace
from reviews.importing import (
    BadMapping,
    check_import,
    go_on,
    start_import,
    undo_import,
    upload_reviews,
    work_on_imports,
)
from reviews.importing.files import BadFile
from reviews.importing.formats import LABELS, TARGETS
from reviews.imports import report_lines
from reviews.models import MissingProducts, ReviewImport, Unstated


class Command(BaseCommand):
    help = "Check a CSV export of reviews, import what is good, and say what became of each line. Can be repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN",
                            help=f"where a field stands; fields: {', '.join(TARGETS)}")  # fmt: skip
        parser.add_argument("--missing-products", choices=MissingProducts.values, default="refuse")
        parser.add_argument("--unstated", choices=Unstated.values, default="publish",
                            help="reviews of which the file doesn't say whether they were published")  # fmt: skip
        parser.add_argument("--days-first", choices=["yes", "no"], help="in dates such as 03/04/2024")
        parser.add_argument("--may-share", action="store_true",
                            help="authors agreed that Google and Meta are given what they wrote")  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="check only")
        parser.add_argument("--report", type=Path, metavar="CSV", help="write what became of each line")
        parser.add_argument("--resume", type=int, metavar="N", help="go on with import N, which was stopped")
        parser.add_argument("--undo", type=int, metavar="N", help="take import N out again")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"--workspace: there is none with the slug {options['workspace']}")
        try:
            batch = self.run(workspace, options)
        except (BadFile, BadMapping, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["report"]:
            with options["report"].open("w", newline="") as report:
                report.writelines(report_lines(batch))

    def run(self, workspace: Workspace, options: dict[str, Any]) -> ReviewImport:
        now = timezone.now()
        if options["undo"]:
            batch = undo_import(batch=self.find(workspace, options["undo"]), actor=None, now=now)
            return self.work(batch, "undone")
        if options["resume"]:
            batch = self.find(workspace, options["resume"])
            return self.work(batch if batch.is_at_work else go_on(batch=batch, now=now), "imported")
        if options["file"] is None:
            raise CommandError("FILE: name the CSV file, or an import by --resume or --undo")
        batch = self.work(self.read(workspace, options), "checked")
        if options["dry_run"]:
            return batch
        return self.work(start_import(batch=batch, actor=None, now=now), "imported")

    def read(self, workspace: Workspace, options: dict[str, Any]) -> ReviewImport:
        now = timezone.now()
        with options["file"].open("rb") as file:
            batch = upload_reviews(
                workspace=workspace, file=file, file_name=options["file"].name, user=None, now=now
            )
        self.stdout.write(f"import {batch.pk}: {batch.line_count} lines, read as {LABELS[batch.source]}")
        told = dict(one.partition("=")[::2] for one in options["map"])
        return check_import(
            batch=batch,
            mapping=batch.mapping | told,
            missing_products=options["missing_products"],
            unstated=options["unstated"],
            day_first={"yes": True, "no": False}.get(options["days_first"]),
            may_share=options["may_share"],
            now=now,
        )

    def find(self, workspace: Workspace, number: int) -> ReviewImport:
        batch = ReviewImport.objects.filter(pk=number, workspace=workspace).first()
        if batch is None:
            raise CommandError(f"there is no import {number} in this workspace")
        return batch

    def work(self, batch: ReviewImport, what: str) -> ReviewImport:
        """Work until this import is done with, here or by a worker elsewhere."""
        while batch.is_at_work:
            work_on_imports(now=timezone.now())
            batch.refresh_from_db()
            self.stdout.write(f"{batch.done_count} of {batch.line_count} lines {what}")
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(batch.counts.items()))
        self.stdout.write(f"import {batch.pk} {batch.get_state_display().lower()}: {counts}")
        return batch
