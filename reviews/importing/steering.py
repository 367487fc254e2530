"""A person decides how a file is read, and when it is checked, imported, stopped and undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from engagement.auditing import record
from reviews.importing.dates import day_stands_first
from reviews.importing.formats import PRODUCT_TARGETS, TARGETS
from reviews.models import ImportState, LineOutcome, MissingProducts, ReviewImport, Unstated

CHECKABLE = (ImportState.UPLOADED, ImportState.CHECKED, ImportState.UNDONE)


class WrongState(ValueError):
    """It cannot be done with the import as it stands; the text says what it is doing."""


class BadMapping(ValueError):
    """Columns without which no review can be made; `problems` are {field: what to do}."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


@transaction.atomic
def check_import(
    *,
    batch: ReviewImport,
    mapping: Mapping[str, str],
    missing_products: str,
    unstated: str,
    day_first: bool | None,
    may_share: bool = False,
    now: datetime,
) -> ReviewImport:
    """Read every line so, without making anything of it; the clock does it. Raises BadMapping and WrongState.

    `mapping` is {target: column}; `day_first` None: find out from the file's own dates; `may_share`: authors agreed,
    where they wrote, that feeds hold their reviews.
    """
    batch = _held(batch, CHECKABLE)
    wanted = {target: column for target, column in mapping.items() if column}
    if problems := _wrong(batch, wanted, missing_products, unstated):
        raise BadMapping(problems)
    batch.mapping, batch.missing_products, batch.unstated = wanted, missing_products, unstated
    batch.may_share = may_share
    batch.day_first = _day_first(batch) if day_first is None else day_first
    batch.lines.update(outcome="", message="", parsed=None, at=None, external_id="", review_id=None)
    batch.counts = {}
    return _move(batch, ImportState.CHECKING, now)


@transaction.atomic
def start_import(*, batch: ReviewImport, actor: User | None, now: datetime) -> ReviewImport:
    """Import every line that the check found good. Raises WrongState."""
    batch = _held(batch, (ImportState.CHECKED,))
    _note(batch, "import_reviews", actor, now)
    batch.counts = {**batch.counts, LineOutcome.READY.value: batch.lines.filter(outcome="ready").count()}
    return _move(batch, ImportState.RUNNING, now, done=batch.line_count - batch.counts["ready"])


@transaction.atomic
def stop_import(*, batch: ReviewImport, now: datetime) -> ReviewImport:
    """Do no more of it: a check is given up, an import stays as far as it is and can go on or be undone."""
    batch = _held(batch, (ImportState.CHECKING, ImportState.RUNNING))
    is_check = batch.state == ImportState.CHECKING
    return _move(
        batch,
        ImportState.UPLOADED if is_check else ImportState.STOPPED,
        now,
        done=None if not is_check else 0,
    )


@transaction.atomic
def go_on(*, batch: ReviewImport, now: datetime) -> ReviewImport:
    """Go on where it was stopped. Raises WrongState."""
    return _move(_held(batch, (ImportState.STOPPED,)), ImportState.RUNNING, now, done=None)


@transaction.atomic
def undo_import(*, batch: ReviewImport, actor: User | None, now: datetime) -> ReviewImport:
    """Take out again what it brought in, but for reviews that their authors have changed since. Raises WrongState."""
    batch = _held(batch, (ImportState.DONE, ImportState.STOPPED))
    _note(batch, "undo_review_import", actor, now)
    return _move(batch, ImportState.UNDOING, now)


def _held(batch: ReviewImport, allowed: tuple[ImportState, ...]) -> ReviewImport:
    held = ReviewImport.objects.select_for_update().get(pk=batch.pk, workspace_id=batch.workspace_id)
    if held.state not in allowed:
        raise WrongState(
            _("This import is in the state “%(state)s”; that cannot be done now.")
            % {"state": held.get_state_display()}
        )
    return held


def _move(batch: ReviewImport, state: ImportState, now: datetime, done: int | None = 0) -> ReviewImport:
    """`done` None: as many lines as before."""
    batch.state, batch.changed_at = state, now
    batch.done_count = batch.done_count if done is None else done
    batch.save()
    return batch


def _note(batch: ReviewImport, action: str, actor: User | None, now: datetime) -> None:
    detail = {"file": batch.file_name, "source": batch.source, "lines": batch.line_count}
    record(workspace=batch.workspace, actor=actor, action=action, target=batch, detail=detail, now=now)


def _wrong(
    batch: ReviewImport, mapping: dict[str, str], missing_products: str, unstated: str
) -> dict[str, str]:
    problems: dict[str, str] = {}
    for target in ("rating", "body", "date"):
        if target not in mapping:
            problems[target] = _("Choose the column.")
    if not any(target in mapping for target in PRODUCT_TARGETS):
        problems["product_id"] = _("Choose at least one column that says which product it is.")
    for target, column in mapping.items():
        if target not in TARGETS or column not in batch.columns:
            problems[target] = _("The file has no column “%(column)s”.") % {"column": column[:80]}
    if missing_products not in MissingProducts.values:
        problems["missing_products"] = _("Choose one of the two.")
    if unstated not in Unstated.values:
        problems["unstated"] = _("Choose one of the two.")
    return problems


def _day_first(batch: ReviewImport) -> bool | None:
    """What the dates of the whole file show."""
    place = batch.columns.index(batch.mapping["date"])
    cells = batch.lines.annotate(told=KeyTextTransform(place, "cells")).values_list("told", flat=True)
    return day_stands_first(told or "" for told in cells.distinct().iterator())
