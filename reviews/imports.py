"""Imports as they are shown: their lines with what became of each, as a table to download."""

from __future__ import annotations

from collections.abc import Iterator

from engagement.models import Workspace
from reviews.exporting.sheets import csv_lines
from reviews.models import LineOutcome, ReviewImport, ReviewImportLine

SHOWN = 50


def recent_imports(workspace: Workspace) -> list[ReviewImport]:
    return list(ReviewImport.objects.filter(workspace=workspace).order_by("-uploaded_at", "-id")[:SHOWN])


def sample_lines(batch: ReviewImport, count: int = 3) -> list[ReviewImportLine]:
    """The first lines of the file."""
    return list(batch.lines.order_by("number")[:count])


def told_lines(batch: ReviewImport, count: int = SHOWN) -> list[ReviewImportLine]:
    """The first lines that were not imported, or not as they stand."""
    told = batch.lines.exclude(message="").order_by("number")
    return sorted(told[:count], key=lambda line: (line.outcome != LineOutcome.REFUSED, line.number))


def report_lines(batch: ReviewImport) -> Iterator[str]:
    """CSV: the number of each line, its outcome, what is to be said of it, its review, and all of its columns."""
    yield from csv_lines([["line", "outcome", "message", "review_id", *batch.columns]])
    rows = batch.lines.order_by("number").values_list("number", "outcome", "message", "review_id", "cells")
    yield from csv_lines(
        [number, outcome, message, review_id, *cells]
        for number, outcome, message, review_id, cells in rows.iterator(chunk_size=2000)
    )
