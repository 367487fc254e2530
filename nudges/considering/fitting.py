"""Whoever fits the condition of a flow asks to come in: those who fit when it goes live, and whoever comes to fit."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from engagement.conditions import ConditionError, customers_matching
from engagement.counts import Counts
from nudges.considering.flows import Asking, ask_to_enter
from nudges.models import Flow, FlowRun, FlowState, FlowTrigger, FlowVersion, ReEntry, RunState

logger = logging.getLogger(__name__)

CHUNK = 1000


def consider_fitting(*, now: datetime, limit: int = 20_000) -> Counts:
    """Let up to `limit` who fit ask to come into the live flows that are for them, a chunk at a time.

    Who was asked for before is passed over, for ever or for as many days as the flow says. The same day asks
    for a customer once. Counts: taken (asked), asked_into_flows.
    """
    counts = Counts()
    flows = Flow.objects.filter(state=FlowState.LIVE, version__trigger=FlowTrigger.CONDITION)
    for flow in flows.select_related("version", "workspace").order_by("pk"):
        if flow.version is None or counts["taken"] >= limit:
            continue
        try:
            made = _ask_all(flow, flow.version, now, limit - counts["taken"])
        except ConditionError as error:
            # The flow's fault, and shown at the flow: it must not hold up the others.
            logger.warning("flow %s: its conditions cannot be checked: %s", flow.pk, error)
            continue
        if made:
            counts["taken"] += made
            counts["asked_into_flows"] += made
    return counts


def _ask_all(flow: Flow, version: FlowVersion, now: datetime, most: int) -> int:
    fitting = customers_matching(version.conditions, workspace=flow.workspace, now=now).order_by("pk")
    occasion = "fits" if version.re_entry == ReEntry.NEVER else f"fits:{now:%Y-%m-%d}"
    fitting = fitting.filter(~Exists(_in_the_way(flow, version, occasion, now)))
    asked = last = 0
    while asked < most:
        chunk = list(fitting.filter(pk__gt=last).values_list("pk", flat=True)[: min(CHUNK, most - asked)])
        if not chunk:
            break
        last = chunk[-1]
        asked += ask_to_enter(flow=flow, asking=[Asking(pk, occasion) for pk in chunk], now=now)
    return asked


def _in_the_way(flow: Flow, version: FlowVersion, occasion: str, now: datetime) -> QuerySet[FlowRun]:
    """What keeps a customer from asking. On the day's occasion each asks once, also who is out again by now."""
    runs = FlowRun.objects.filter(flow=flow, customer=OuterRef("pk"))
    if version.re_entry == ReEntry.NEVER:
        return runs
    inside = Q(state__in=[RunState.ENTERING, RunState.RUNNING])
    return runs.filter(
        inside | Q(occasion=occasion) | Q(asked_at__gt=now - timedelta(days=version.re_entry_days or 0))
    )
