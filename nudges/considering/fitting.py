"""Whoever comes to fit the condition of a flow asks to come in, as soon as something is known of them that was not.

Everything that is told of a customer leaves word for those who read events, so only they are looked at. What comes true
without a word, by time passing or since a category was changed, is found by `nudges.considering.sweeping`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from engagement.conditions import ConditionError, customers_matching
from engagement.counts import Counts
from engagement.models import Unread
from engagement.unread import claim_unread, finish_unread
from nudges.considering.flows import Asking, ask_to_enter
from nudges.considering.listening import NEWS_READER, fitted_flows
from nudges.models import Flow, FlowRun, FlowVersion, ReEntry, RunState

logger = logging.getLogger(__name__)


@transaction.atomic
def consider_fitting(*, now: datetime, limit: int = 500) -> Counts:
    """Look at up to `limit` customers with news, and let those who fit ask to come into flows, in one transaction.

    Whose news is not read by inference and learning yet goes to the end of the queue, so that a condition on a stage or
    a fact is not asked too early. Some statements for each flow, not for each customer. Counts: taken (customers),
    asked_into_flows.
    """
    claims = claim_unread(reader=NEWS_READER, limit=limit)
    if not claims:
        return Counts()
    unread = Unread.objects.filter(customer__in=[claim.customer_id for claim in claims])
    early = set(unread.filter(reader__in=settings.EVENT_READERS).values_list("customer_id", flat=True))
    unread.filter(reader=NEWS_READER, customer__in=early).update(since=now)
    ready: dict[int, list[int]] = defaultdict(list)
    for claim in claims:
        if claim.customer_id not in early:
            ready[claim.workspace_id].append(claim.customer_id)
    counts = Counts(taken=len(claims) - len(early))
    counts.update(ask_whoever_fits(ready, now=now))
    finish_unread(reader=NEWS_READER, customer_ids=[pk for some in ready.values() for pk in some])
    return counts


def ask_whoever_fits(customer_ids: Mapping[int, Collection[int]], *, now: datetime) -> Counts:
    """Let those of some customers, by workspace, who fit ask to come into live flows. Counts: asked_into_flows."""
    asked = sum(
        ask_fitting(flow, customer_ids[flow.workspace_id], now=now) for flow in fitted_flows(customer_ids)
    )
    return Counts(asked_into_flows=asked) if asked else Counts()


def ask_fitting(flow: Flow, customer_ids: Collection[int], *, now: datetime) -> int:
    """Let those of some customers whom it fits ask to come into a flow; how many ask anew.

    Who was asked for before is passed over, for ever or for as many days as the flow says. The same day asks for a
    customer once.
    """
    version = flow.version
    if version is None:
        raise ValueError(f"flow {flow.pk}: nobody can fit what was never published")
    try:
        fitting = customers_matching(version.conditions, workspace=flow.workspace, now=now)
    except ConditionError as error:
        # The flow's fault, and shown at the flow: it must not hold up the others.
        logger.warning("flow %s: its conditions cannot be checked: %s", flow.pk, error)
        return 0
    occasion = "fits" if version.re_entry == ReEntry.NEVER else f"fits:{now:%Y-%m-%d}"
    free = fitting.filter(~Exists(_in_the_way(flow, version, occasion, now)), pk__in=customer_ids)
    asking = [Asking(pk, occasion) for pk in free.order_by("pk").values_list("pk", flat=True)]
    return ask_to_enter(flow=flow, asking=asking, now=now)


def _in_the_way(flow: Flow, version: FlowVersion, occasion: str, now: datetime) -> QuerySet[FlowRun]:
    """What keeps a customer from asking. On the day's occasion each asks once, also who is out again by now."""
    runs = FlowRun.objects.filter(flow=flow, customer=OuterRef("pk"))
    if version.re_entry == ReEntry.NEVER:
        return runs
    inside = Q(state__in=[RunState.ENTERING, RunState.RUNNING])
    return runs.filter(
        inside | Q(occasion=occasion) | Q(asked_at__gt=now - timedelta(days=version.re_entry_days or 0))
    )
