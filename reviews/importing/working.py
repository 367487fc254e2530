"""The step: a chunk of one import at a time, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from engagement.counts import Counts
from reviews.importing.bringing import bring_lines
from reviews.importing.checking import check_lines
from reviews.importing.undoing import forget_stubs, undo_lines
from reviews.models import ImportState, ReviewImport

WORK: dict[str, tuple[Callable[..., int], ImportState]] = {
    ImportState.CHECKING: (check_lines, ImportState.CHECKED),
    ImportState.RUNNING: (bring_lines, ImportState.DONE),
    ImportState.UNDOING: (undo_lines, ImportState.UNDONE),
}


@transaction.atomic
def work_on_imports(*, now: datetime, limit: int = 1000) -> Counts:
    """Do the next chunk of the import that has waited longest. Counts: `taken` lines, 1 at least when it ended one.

    The import's row is locked meanwhile, so that two workers never do the same; killed, the chunk is done again.
    """
    batch = (
        ReviewImport.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("workspace")
        .filter(state__in=list(WORK))
        .order_by("changed_at", "id")
        .first()
    )
    if batch is None:
        return Counts()
    work, ended = WORK[batch.state]
    done = work(batch, now=now, limit=limit)
    batch.done_count = min(batch.done_count + done, batch.line_count)
    batch.changed_at = now
    if done < limit:
        if batch.state == ImportState.UNDOING:
            forget_stubs(batch)
        batch.state, batch.done_count = ended, batch.line_count
        batch.counts = count_lines(batch)
    batch.save(update_fields=["state", "done_count", "changed_at", "counts"])
    return Counts(taken=max(done, 1))


def count_lines(batch: ReviewImport) -> dict[str, int]:
    """{outcome: lines}"""
    return dict(batch.lines.order_by().values_list("outcome").annotate(Count("id")))
