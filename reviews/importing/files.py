"""A CSV file as shops really have them: any usual encoding and delimiter, marks at its start, newlines in quotes."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from typing import IO, NamedTuple

from django.utils.translation import gettext as _

LARGEST = 200 * 1024 * 1024  # bytes
MOST_LINES = 500_000
LONGEST_CELL = 1_000_000
DELIMITERS = ",;\t|"
PROBE = 64 * 1024
# Longest first: the mark of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class BadFile(Exception):
    """The file cannot be read as a table; the text says why and what to do."""


class Table(NamedTuple):
    """The header, and the rows after it, each with the number of the line where it begins. Rows are read once."""

    columns: list[str]
    rows: Iterator[tuple[int, list[str]]]
    digest: str


def read_table(file: IO[bytes]) -> Table:
    """Read a seekable file of bytes. Raises BadFile, also while rows are read."""
    digest, encoding = _examine(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    delimiter = _delimiter(text.read(PROBE))
    text.seek(0)
    rows = _rows(text, delimiter)
    _number, header = next(rows, (0, []))
    if len(header) < 2:
        raise BadFile(_("The first line must name the columns, such as product_id, rating, body."))
    return Table(_distinct(header), rows, digest)


def _examine(file: IO[bytes]) -> tuple[str, str]:
    """(SHA-256, encoding): by its mark; else UTF-8 when all of it is, else the usual one of Western Windows."""
    digest, size, start = hashlib.sha256(), 0, b""
    decoder, is_utf8 = codecs.getincrementaldecoder("utf-8")(), True
    while chunk := file.read(1024 * 1024):
        start = start or chunk[:4]
        size += len(chunk)
        if size > LARGEST:
            most = LARGEST // 1024 // 1024
            raise BadFile(_("The file is larger than %(most)s MB; split it.") % {"most": most})
        digest.update(chunk)
        try:
            is_utf8 = is_utf8 and decoder.decode(chunk) is not None
        except UnicodeDecodeError:
            is_utf8 = False
    if not size:
        raise BadFile(_("The file is empty."))
    marked = next((name for mark, name in MARKS if start.startswith(mark)), "")
    return digest.hexdigest(), marked or ("utf-8" if is_utf8 else "cp1252")


def _delimiter(text: str) -> str:
    """The sign that parts the header's names, quoted ones left out of account."""
    header = next(csv.reader(io.StringIO(text), delimiter="\x00"), [""])[0]
    unquoted = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)


def _rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    lines = csv.reader((line.replace("\x00", "") for line in text), delimiter=delimiter)
    count, begins = 0, 1
    try:
        for cells in lines:
            if any(cell.strip() for cell in cells):
                count += 1
                if count > MOST_LINES + 1:
                    raise BadFile(
                        _("The file has more than %(most)s lines; split it.") % {"most": MOST_LINES}
                    )
                yield begins, cells
            begins = lines.line_num + 1
    except (csv.Error, UnicodeError) as error:
        where = {"line": lines.line_num + 1, "error": error}
        raise BadFile(_("Line %(line)s cannot be read: %(error)s.") % where) from error


def _distinct(header: list[str]) -> list[str]:
    """The names, none empty, none twice, so that no column hides another."""
    names: list[str] = []
    for place, name in enumerate(header, 1):
        plain = name.strip() or f"column {place}"
        count = sum(known == plain or known.startswith(f"{plain} (") for known in names)
        names.append(f"{plain} ({count + 1})" if count else plain)
    return names
