"""Reads for the home page: where customers stand, what was said and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate

from engagement.models import Customer, Event, Workspace
from journeys.models import CustomerNeed, Need
from nudges.models import Decision, DecisionTally, Message, MessageState, Outcome, Reply, ReplyKind, Waiting

REACHED = [MessageState.SENT, MessageState.DELIVERED]
BY_OUTCOME = {
    name: Coalesce(Sum("n", filter=Q(outcome=outcome)), 0)
    for name, outcome in (("sent", Outcome.SEND), ("waiting", Outcome.DEFER), ("held", Outcome.SUPPRESS))
}


@dataclass(frozen=True)
class Day:
    """What became of candidates on one day."""

    day: date
    sent: int
    waiting: int
    held: int


def days(workspace: Workspace, *, today: date, span: int = 14) -> list[Day]:
    """The last `span` of the workspace's days to `today`, days without decisions included."""
    counted = (
        DecisionTally.objects.filter(workspace=workspace, day__gte=today - timedelta(days=span - 1))
        .values("day")
        .annotate(**BY_OUTCOME)
    )
    found: dict[date, dict[str, Any]] = {row["day"]: dict(row) for row in counted}
    listed = [today - timedelta(days=back) for back in range(span - 1, -1, -1)]
    nothing = {"sent": 0, "waiting": 0, "held": 0}
    return [
        Day(day, *(found.get(day, nothing)[key] for key in ("sent", "waiting", "held"))) for day in listed
    ]


@dataclass(frozen=True)
class Totals:
    """The home page's figures over one span."""

    active: int
    sent: int
    waiting: int
    helpful: int
    replies: int

    @property
    def helpful_share(self) -> float | None:
        return self.helpful / self.replies if self.replies else None


def totals(workspace: Workspace, *, since: datetime) -> Totals:
    """Customers seen, messages that went out, candidates that wait now, replies and the helpful ones, since then."""
    replies = Reply.objects.filter(workspace=workspace, at__gte=since, undone_at=None)
    counted = replies.aggregate(n=Count("id"), helpful=Count("id", filter=Q(kind=ReplyKind.HELPFUL)))
    return Totals(
        active=Customer.objects.filter(
            workspace=workspace, merged_into=None, last_seen_at__gte=since
        ).count(),
        sent=Message.objects.filter(workspace=workspace, decided_at__gte=since, state__in=REACHED).count(),
        waiting=Waiting.objects.filter(workspace=workspace).count(),
        helpful=counted["helpful"],
        replies=counted["n"],
    )


def newest_decisions(workspace: Workspace, *, limit: int) -> list[Decision]:
    """The ledger's newest lines, with whom and what they are about."""
    return list(
        Decision.objects.filter(workspace=workspace)
        .select_related("customer", "nudge", "customer_need__need")
        .order_by("-decided_at", "-id")[:limit]
    )


def has_events(workspace: Workspace) -> bool:
    return Event.objects.filter(workspace=workspace).exists()


@dataclass(frozen=True)
class Figures:
    """What came of one nudge over a span."""

    sent: int = 0
    held: int = 0
    waiting: int = 0
    helpful: int = 0
    unhelpful: int = 0

    @property
    def helpful_share(self) -> float | None:
        answered = self.helpful + self.unhelpful
        return self.helpful / answered if answered else None


def figures_of(nudge_ids: Sequence[int], *, since: datetime) -> dict[int, Figures]:
    """What came of each nudge since then (decisions by whole days): two queries, however many nudges."""
    decided = (
        DecisionTally.objects.filter(nudge_id__in=nudge_ids, day__gte=localdate(since))
        .values("nudge_id")
        .annotate(**BY_OUTCOME)
    )
    answered = (
        Reply.objects.filter(message__nudge_id__in=nudge_ids, at__gte=since, undone_at=None)
        .order_by()
        .values(nudge_id=F("message__nudge_id"))
        .annotate(
            helpful=Count("id", filter=Q(kind=ReplyKind.HELPFUL)),
            unhelpful=Count("id", filter=Q(kind=ReplyKind.NOT_RELEVANT)),
        )
    )
    found: dict[int, dict[str, int]] = {nudge_id: {} for nudge_id in nudge_ids}
    rows: list[dict[str, Any]] = [dict(row) for row in decided] + [dict(row) for row in answered]
    for row in rows:
        found[row.pop("nudge_id")].update(row)
    return {nudge_id: Figures(**values) for nudge_id, values in found.items()}


def at_stage(need: Need | None, stage: str) -> Q:
    """Customers who have this need (any: None) open, at this stage (any: empty)."""
    places = CustomerNeed.objects.filter(customer=OuterRef("pk"), closed_at=None)
    if need is not None:
        places = places.filter(need=need)
    if stage:
        places = places.filter(stage=stage)
    return Q(Exists(places))
