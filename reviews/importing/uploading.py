"""A file comes in: its lines are kept as they are, before anything is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import IO

from django.contrib.auth.models import User
from django.db import transaction

from engagement.models import Workspace
from engagement.statements import run_statement
from reviews.importing.files import read_table
from reviews.importing.formats import detect
from reviews.models import ReviewImport

AT_ONCE = 5000


@transaction.atomic
def upload_reviews(
    *, workspace: Workspace, file: IO[bytes], file_name: str, user: User | None, now: datetime
) -> ReviewImport:
    """Keep a CSV file's lines, and what its header says of the format. Raises BadFile; then nothing is kept."""
    table = read_table(file)
    source, mapping = detect(table.columns)
    batch = ReviewImport.objects.create(
        workspace=workspace,
        file_name=file_name[-200:],
        digest=table.digest,
        source=source,
        columns=table.columns,
        mapping=mapping,
        uploaded_by=user,
        uploaded_at=now,
        changed_at=now,
    )
    for rows in _chunks(table.rows):
        _write(batch, rows)
        batch.line_count += len(rows)
    batch.save(update_fields=["line_count"])
    return batch


def _chunks(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk


def _write(batch: ReviewImport, rows: list[tuple[int, list[str]]]) -> None:
    run_statement(
        "reviews.write_import_lines",
        {
            "workspace": batch.workspace_id,
            "batch": batch.pk,
            "numbers": [number for number, _ in rows],
            "cells": [json.dumps(cells) for _, cells in rows],
        },
    )
