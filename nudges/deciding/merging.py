"""Two customers found to be one: their candidates, decisions, messages, pressure, replies and preferences joined.

Until that is done nothing is decided for the one that stays (claim_customers.sql passes it over): what had been sent to
either must count for both.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from engagement.counts import Counts
from engagement.models import Merge
from engagement.statements import run_statement
from nudges.models import (
    Candidate,
    Decision,
    EndedBy,
    Entry,
    FlowRun,
    InboundText,
    Message,
    Preference,
    Pressure,
    Reception,
    Reply,
    RunState,
    Waiting,
)
from nudges.noting import note_signs
from nudges.tallying import tally_left

NAME = "nudges"


def absorb_merges(*, now: datetime, limit: int = 1000) -> Counts:
    """Move the nudges' rows of merged customers to the customer that stays, merge by merge, oldest first.

    Counts: `taken` merges. Idempotent, and safe on several workers: each locks the merges that it takes.
    """
    counts = Counts()
    while counts["taken"] < limit and _absorb_next(now):
        counts["taken"] += 1
    return counts


@transaction.atomic
def _absorb_next(now: datetime) -> bool:
    open_merges = Merge.objects.exclude(absorbed_by__contains=[NAME])
    # A customer merged twice is moved in order: first into the middle one, then on.
    before = open_merges.filter(target=OuterRef("source"))
    merge = (
        open_merges.filter(~Exists(before))
        .order_by("id")
        .select_for_update(skip_locked=True, no_key=True)
        .first()
    )
    if merge is None:
        return False
    _lock_pressures(merge)
    _move_candidates(merge)
    _move_runs(merge, now)
    _move_messages(merge, now)
    _move_preference(merge)
    run_statement("nudges.absorb_pressure", {"source": merge.source_id, "target": merge.target_id})
    Reception.objects.filter(pk=merge.source_id).delete()
    note_signs(workspace_id=merge.workspace_id, customer_ids=[merge.target_id], now=now)
    merge.absorbed_by = [*merge.absorbed_by, NAME]
    merge.save(update_fields=["absorbed_by"])
    return True


def _lock_pressures(merge: Merge) -> None:
    """Both rows, in the order of their ids, so that nobody decides or gives back a slot meanwhile."""
    pair = sorted([merge.source_id, merge.target_id])
    Pressure.objects.bulk_create(
        [Pressure(customer_id=customer_id, workspace_id=merge.workspace_id) for customer_id in pair],
        ignore_conflicts=True,
    )
    list(Pressure.objects.filter(pk__in=pair).order_by("pk").select_for_update().values_list("pk"))


def _move_candidates(merge: Merge) -> None:
    """Candidates and their decisions. Where both were put forward on one occasion, the one that was decided stays."""
    twins = Candidate.objects.filter(nudge=OuterRef("nudge"), occasion=OuterRef("occasion"))
    theirs = Candidate.objects.filter(customer_id=merge.source_id)
    ours = Candidate.objects.filter(customer_id=merge.target_id)
    undecided = Q(decision=None) | Q(decision__outcome="defer")
    ours.filter(undecided, Exists(twins.filter(customer_id=merge.source_id, waiting=None))).delete()
    theirs.filter(undecided, Exists(twins.filter(customer_id=merge.target_id))).delete()
    # Both were decided before anybody knew: both stay in the ledger, the second under an occasion of its own.
    for candidate in theirs.filter(Exists(twins.filter(customer_id=merge.target_id))).order_by("pk"):
        candidate.occasion = f"{candidate.occasion[:60]}:merged:{merge.pk}"
        candidate.save(update_fields=["occasion"])
    Waiting.objects.filter(customer_id=merge.source_id).update(customer_id=merge.target_id)
    theirs.update(customer_id=merge.target_id)
    Entry.objects.filter(customer_id=merge.source_id).update(customer_id=merge.target_id)
    Decision.objects.filter(customer_id=merge.source_id).update(customer_id=merge.target_id)


def _move_runs(merge: Merge, now: datetime) -> None:
    """Their ways through flows. Where both are inside one, theirs ends, and so does what it has put forward."""
    theirs = FlowRun.objects.filter(customer_id=merge.source_id)
    ours = FlowRun.objects.filter(customer_id=merge.target_id, flow=OuterRef("flow"))
    inside_both = theirs.filter(Exists(ours.filter(state=RunState.RUNNING)), state=RunState.RUNNING)
    tally_left(list(inside_both.values("workspace_id", "flow_id", "version_id", "step")), EndedBy.MERGED)
    inside_both.update(state=RunState.EXITED, ended_by=EndedBy.MERGED, ended_at=now, until=None)
    for run in theirs.filter(Exists(ours.filter(occasion=OuterRef("occasion")))).order_by("pk"):
        run.occasion = f"{run.occasion[:60]}:merged:{merge.pk}"
        run.save(update_fields=["occasion"])
    theirs.update(customer_id=merge.target_id)


def _move_messages(merge: Merge, now: datetime) -> None:
    Message.objects.filter(customer_id=merge.source_id).update(
        customer_id=merge.target_id, moved_from=Coalesce(F("moved_from"), merge.source_id), moved_at=now
    )
    Reply.objects.filter(customer_id=merge.source_id).update(customer_id=merge.target_id)
    InboundText.objects.filter(customer_id=merge.source_id).update(customer_id=merge.target_id)


def _move_preference(merge: Merge) -> None:
    """The customer's own limits: where both had some, the later word stays, and a pause of either holds."""
    theirs = Preference.objects.filter(pk=merge.source_id).first()
    if theirs is None:
        return
    ours = Preference.objects.filter(pk=merge.target_id).first()
    if ours is None:
        Preference.objects.filter(pk=merge.source_id).update(customer_id=merge.target_id)
        return
    later, earlier = (theirs, ours) if theirs.updated_at > ours.updated_at else (ours, theirs)
    later.paused_until = max(filter(None, [later.paused_until, earlier.paused_until]), default=None)
    said = {one.may_be_watched for one in (later, earlier)} - {None}
    later.may_be_watched = all(said) if said else None  # no goes before yes
    later.paused_categories = earlier.paused_categories | later.paused_categories
    theirs.delete()
    later.customer_id = merge.target_id
    later.save()
