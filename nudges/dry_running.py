"""Dry runs: a nudge tried on everybody it is for, a chunk at a time, by the rules of deciding. Nothing goes out.

Each chunk is simulated and counted in one transaction that writes the dry run's own row and nothing else, so a crash
neither skips nor repeats anybody, and any number of workers may go on with any number of dry runs.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from engagement.conditions import ConditionError, customers_matching
from engagement.counts import Counts
from engagement.customers import customers_of
from engagement.models import Customer
from nudges.deciding import simulate
from nudges.models import DryRun, DryRunState, Nudge, NudgeStatus, Trigger
from nudges.overviews import at_stage

logger = logging.getLogger(__name__)
CHUNK = 2000
KEPT = 20  # finished ones of each nudge


class DryRunError(ValueError):
    """A dry run that cannot be started or cancelled; the message says why and what helps."""


def audience_of(nudge: Nudge, *, now: datetime) -> QuerySet[Customer]:
    """Whom a nudge would be put forward to: who stands at its stage now, who had its event in the last 30 days,
    or everybody its conditions fit.

    Raises ConditionError on broken conditions.
    """
    if nudge.trigger == Trigger.STAGE_CHANGE:
        return customers_of(nudge.workspace).filter(at_stage(nudge.trigger_need, nudge.trigger_stage))
    condition = nudge.conditions
    if nudge.trigger == Trigger.EVENT:
        condition = {"event": nudge.trigger_event, "where": nudge.trigger_where, "within": "30d"}
    return customers_matching(condition, workspace=nudge.workspace, now=now)


@transaction.atomic
def start_dry_run(
    *, nudge: Nudge, started_by: User | None, now: datetime, at: datetime | None = None
) -> DryRun:
    """Begin to count what would become of the nudge at `at`, now or later; the clock goes on with it.

    Raises DryRunError while another of the nudge runs, for an archived nudge, or for a time that has passed;
    ConditionError on broken conditions. All but the newest finished ones of the nudge are forgotten.
    """
    if nudge.status == NudgeStatus.ARCHIVED:
        raise DryRunError(_("nudge: an archived nudge can't be tried; make another"))
    if at is not None and at < now:
        raise DryRunError(_("at: has passed; leave it out to try it now"))
    values = {"workspace_id": nudge.workspace_id, "nudge": nudge, "nudge_version": nudge.version}
    audience = audience_of(nudge, now=at or now).count()
    try:
        with transaction.atomic():
            made = DryRun.objects.create(
                **values, at=at or now, started_at=now, started_by=started_by, audience=audience
            )
    except IntegrityError as error:
        raise DryRunError(_("nudge: a dry run of it is under way; wait for it or cancel it")) from error
    _forget_old(nudge)
    return made


def _forget_old(nudge: Nudge) -> None:
    finished = DryRun.objects.filter(nudge=nudge).exclude(state=DryRunState.RUNNING).order_by("-id")
    DryRun.objects.filter(pk__in=list(finished.values_list("pk", flat=True)[KEPT:])).delete()


@transaction.atomic
def cancel_dry_run(*, dry_run_id: int, now: datetime) -> DryRun:
    """End it where it is; what is counted stays to be looked at. Waits for a chunk under way (a second or so)."""
    held = DryRun.objects.select_for_update().get(pk=dry_run_id)
    if held.state != DryRunState.RUNNING:
        raise DryRunError(_("state: it is over already"))
    return _end(held, DryRunState.CANCELLED, now)


def count_dry_runs(*, now: datetime, limit: int = 10_000) -> Counts:
    """Go on with the dry runs under way, a chunk of each in turn. Counts: `taken` customers looked at."""
    counts = Counts()
    running = list(
        DryRun.objects.filter(state=DryRunState.RUNNING).order_by("pk").values_list("pk", flat=True)
    )
    while running and counts["taken"] < limit:
        going_on = []
        for dry_run_id in running:
            taken = _count_chunk(dry_run_id, now)
            counts["taken"] += taken
            if taken == CHUNK:
                going_on.append(dry_run_id)
        running = going_on
    return counts


@transaction.atomic
def _count_chunk(dry_run_id: int, now: datetime) -> int:
    """Look at the next customers of one, unless another worker just does; how many they were."""
    held = (
        DryRun.objects.filter(pk=dry_run_id, state=DryRunState.RUNNING)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("nudge__workspace", "nudge__trigger_need")
        .first()
    )
    if held is None:
        return 0
    if held.nudge.version != held.nudge_version:
        held.error = _("The nudge was changed meanwhile; start another dry run.")
        _end(held, DryRunState.FAILED, now)
        return 0
    try:
        chunk = _chunk(held)
    except ConditionError as error:
        held.error = str(error)[:500]
        _end(held, DryRunState.FAILED, now)
        return 0
    if chunk:
        _count(held, chunk)
    if len(chunk) < CHUNK:
        _end(held, DryRunState.DONE, now)
    return len(chunk)


def _chunk(held: DryRun) -> list[int]:
    audience = audience_of(held.nudge, now=held.at).filter(pk__gt=held.last_customer_id)
    return list(audience.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def _count(held: DryRun, chunk: list[int]) -> None:
    found = simulate(nudge=held.nudge, customer_ids=chunk, now=held.at)
    total = Counter(held.by_reason) + found.counts
    held.counts = {}
    for (outcome, reason), n in sorted(total.items()):
        held.counts.setdefault(outcome, {})[reason] = n
    held.looked_at += len(chunk)
    held.last_customer_id = chunk[-1]
    held.save(update_fields=["counts", "looked_at", "last_customer_id"])


def _end(held: DryRun, state: DryRunState, now: datetime) -> DryRun:
    held.state, held.finished_at = state, now
    held.save(update_fields=["state", "finished_at", "error"])
    return held
