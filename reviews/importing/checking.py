"""The dry run: lines are read, compared with what is there, and told apart; nothing else is written."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from reviews.importing.formats import OURS
from reviews.importing.lines import Reading, read_line
from reviews.importing.matching import find_products, known_ids
from reviews.importing.settling import Settled, settle_lines
from reviews.models import LineOutcome, MissingProducts, ReviewImport, ReviewImportLine


def check_lines(batch: ReviewImport, *, now: datetime, limit: int) -> int:
    """Check up to `limit` lines in the order of the file; returns how many there were."""
    lines = list(batch.lines.filter(outcome="").order_by("number")[:limit])
    readings = [read(batch, line, now) for line in lines]
    names = [name for reading in readings for name in reading.parsed.products]
    products = find_products(workspace_id=batch.workspace_id, names=names)
    ids = [reading.parsed.external_id for reading in readings]
    known = known_ids(batch=batch, external_ids=ids)
    twice = set(
        batch.lines.filter(outcome=LineOutcome.READY, external_id__in=ids).values_list(
            "external_id", flat=True
        )
    )
    settled: list[Settled] = []
    for line, reading in zip(lines, readings, strict=True):
        _note_product(batch, reading, products)
        external_id = reading.parsed.external_id
        outcome = _outcome(reading, is_known=external_id in known, is_twice=external_id in twice)
        if outcome == LineOutcome.READY:
            twice.add(external_id)
        message = " ".join([*reading.problems, *reading.notes])
        settled.append(Settled(line, outcome, message, known.get(external_id), reading.parsed.as_json()))
    settle_lines(settled)
    return len(lines)


def read(batch: ReviewImport, line: ReviewImportLine, now: datetime) -> Reading:
    cells = dict(zip(batch.columns, line.cells, strict=False))
    given = {target: cells.get(column, "") for target, column in batch.mapping.items()}
    return read_line(given, day_first=batch.day_first, now=now, is_guarded=batch.source == OURS.name)


def _note_product(batch: ReviewImport, reading: Reading, products: dict[str, int]) -> None:
    names = reading.parsed.products
    if not names or any(name in products for name in names):
        return
    shown = {"names": ", ".join(f"“{name}”" for name in names)[:200]}
    if batch.missing_products == MissingProducts.STUB:
        reading.notes.append(_("No product goes by %(names)s; one is made, without a page.") % shown)
    else:
        reading.problems.append(
            _("No product goes by %(names)s: put it into the catalogue, or have products made.") % shown
        )


def _outcome(reading: Reading, *, is_known: bool, is_twice: bool) -> LineOutcome:
    if is_known:
        reading.problems, reading.notes = [], [_("It was imported before.")]
        return LineOutcome.KNOWN
    if reading.problems:
        return LineOutcome.REFUSED
    if is_twice:
        reading.notes = [_("The same review stands in another line.")]
        return LineOutcome.KNOWN
    return LineOutcome.READY
