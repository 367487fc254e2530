"""Rows as lines of CSV that a spreadsheet shows and never calculates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

RISKY = ("=", "+", "-", "@", "\t", "\r")
LINES_AT_ONCE = 200


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """RFC 4180, several lines a piece, each cell guarded."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for number, row in enumerate(rows, 1):
        writer.writerow([guarded(cell) for cell in row])
        if number % LINES_AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    if rest := buffer.getvalue():
        yield rest


def guarded(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RISKY) else cell
