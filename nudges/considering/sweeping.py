"""Flows by condition look through all customers, a slice at a time, for those who came to fit without any news.

"Last seen longer ago than 30 days" comes true by time alone, and nobody says so. A flow keeps how far it has come
(`swept_to`), in one transaction with those who ask, so a killed worker neither skips nor repeats anybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from engagement.counts import Counts
from engagement.models import Customer
from nudges.considering.fitting import ask_fitting
from nudges.considering.listening import FITTED
from nudges.models import Flow

SLICE = 1000
REST = timedelta(minutes=10)  # from the end of one way through all customers to the beginning of the next


def sweep_fitting(*, now: datetime, limit: int = 5000) -> Counts:
    """Look at up to `limit` customers, a slice of each flow whose turn it is, and let those who fit ask to come in.

    Every workspace has a slice before any has a second one. Counts: taken (customers looked at), asked_into_flows.
    """
    counts = Counts()
    while counts["taken"] < limit:
        turn = _turn(now)[: -(-(limit - counts["taken"]) // SLICE)]
        done = [one for flow_id in turn if (one := _sweep_slice(flow_id, now)) is not None]
        if not done:
            break
        for one in done:
            counts.update(one)
    return counts


def _due(now: datetime) -> QuerySet[Flow]:
    """Those that are on their way, and those that have rested."""
    return Flow.objects.filter(FITTED).filter(
        Q(swept_to__gt=0) | Q(swept_at=None) | Q(swept_at__lte=now - REST)
    )


def _turn(now: datetime) -> list[int]:
    """Flows in the order in which they have their turn: of the workspace first that was served the longest ago."""
    place = Window(
        RowNumber(), partition_by="workspace", order_by=[F("swept_at").asc(nulls_first=True), "pk"]
    )
    served = Window(Max("swept_at"), partition_by="workspace")
    flows = _due(now).annotate(place=place, served=served)
    return list(flows.order_by("place", F("served").asc(nulls_first=True), "pk").values_list("pk", flat=True))


@transaction.atomic
def _sweep_slice(flow_id: int, now: datetime) -> Counts | None:
    """The next customers of one flow; None where another worker has it, or it was paused since."""
    held = _due(now).select_for_update(skip_locked=True, no_key=True, of=("self",))
    flow = held.select_related("version", "workspace").filter(pk=flow_id).first()
    if flow is None:
        return None
    people = Customer.objects.filter(workspace=flow.workspace, pk__gt=flow.swept_to).order_by("pk")
    slice_ids = list(people.values_list("pk", flat=True)[:SLICE])
    asked = ask_fitting(flow, slice_ids, now=now)
    is_through = len(slice_ids) < SLICE
    Flow.objects.filter(pk=flow.pk).update(swept_to=0 if is_through else slice_ids[-1], swept_at=now)
    counts = Counts(taken=len(slice_ids))
    if asked:
        counts["asked_into_flows"] = asked
    return counts
