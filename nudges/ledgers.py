"""Reads of the ledger: what was decided, why, and how often each reason held something back."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.models import Customer, Workspace
from engagement.timelines import TimelineEntry
from nudges.limiting import describe_cap
from nudges.models import Broadcast, Candidate, Cap, Decision, DecisionTally, Message, Nudge, Outcome
from nudges.reasons import Decided, Reason

KINDS = {Outcome.SEND: "send", Outcome.DEFER: "wait", Outcome.SUPPRESS: "held"}
ICONS = {Outcome.SEND: "send", Outcome.DEFER: "clock", Outcome.SUPPRESS: "hand-stop"}


@dataclass(frozen=True)
class Explanation:
    """A decision in full. `used_by` are the messages that used the slots, newest first; `winner` took the place."""

    marketer: str
    customer: str
    rule: str
    used_by: list[Message]
    allowed_at: datetime | None
    winner: Candidate | None


def explain(decision: Decision) -> Explanation:
    """Why (not), for the marketer and for the customer, with what used the slots; two queries at most."""
    reason = Reason(decision.reason)
    used = Message.objects.filter(workspace_id=decision.workspace_id, pk__in=decision.used_by)
    winners = Candidate.objects.filter(workspace_id=decision.workspace_id, pk__in=[decision.winner_id or 0])
    return Explanation(
        marketer=reason.marketer(decision),
        customer=reason.customer(decision),
        rule=decision.rule,
        used_by=list(used.select_related("nudge").order_by("-decided_at", "-pk")) if decision.used_by else [],
        allowed_at=decision.allowed_at,
        winner=winners.select_related("nudge").first() if decision.winner_id else None,
    )


def rules_in_words(workspace: Workspace) -> dict[str, str]:
    """{"cap:12": "At most …"} for all caps of the workspace, also those out of force: one query."""
    return {f"cap:{cap.pk}": describe_cap(cap).rstrip(".") for cap in Cap.objects.filter(workspace=workspace)}


def label_of(reason: str) -> str:
    """A reason's code in a few words."""
    return str(Reason(reason).label) if reason in Reason.values else reason.replace("_", " ")


def sentence_of(reason: str, decision: Decided, rules: Mapping[str, str]) -> str:
    """The marketer's sentence, with the rule's code put into words by `rules_in_words`."""
    if reason not in Reason.values:
        return label_of(reason)
    sentence = Reason(reason).marketer(decision)
    if not decision.rule:
        return sentence
    words = rules.get(decision.rule, "")
    return sentence.replace(f" ({decision.rule})", f": {words}" if words else "")


def counts_by_reason(
    *, workspace: Workspace, since: datetime, nudge: Nudge | None = None
) -> dict[tuple[str, str], int]:
    """How many candidates ended, or wait, with each (outcome, reason) since that day; of one nudge when given."""
    zone = zoneinfo.ZoneInfo(workspace.timezone)
    tallies = DecisionTally.objects.filter(workspace=workspace, day__gte=since.astimezone(zone).date())
    return _by_reason(tallies if nudge is None else tallies.filter(nudge=nudge))


def counts_of_broadcast(broadcast: Broadcast) -> dict[tuple[str, str], int]:
    """What became of whom it was put forward to, by (outcome, reason)."""
    return _by_reason(DecisionTally.objects.filter(workspace_id=broadcast.workspace_id, broadcast=broadcast))


def _by_reason(tallies: QuerySet[DecisionTally]) -> dict[tuple[str, str], int]:
    counted = tallies.values_list("outcome", "reason").annotate(total=Sum("n")).exclude(total=0)
    return {(outcome, reason): n for outcome, reason, n in counted.order_by("-total", "outcome", "reason")}


def read_decisions(
    customer: Customer, *, before: datetime | None = None, limit: int = 50
) -> list[TimelineEntry]:
    """The customer's decisions for the timeline, newest first, each with its reason in the marketer's words."""
    decisions = Decision.objects.filter(workspace_id=customer.workspace_id, customer=customer)
    if before is not None:
        decisions = decisions.filter(decided_at__lt=before)
    newest = decisions.select_related("nudge").order_by("-decided_at", "-pk")[:limit]
    rules = rules_in_words(customer.workspace)
    return [_entry(decision, rules) for decision in newest]


def _entry(decision: Decision, rules: Mapping[str, str]) -> TimelineEntry:
    titles = {
        Outcome.SEND: _("Decided to send: %(nudge)s"),
        Outcome.DEFER: _("Waiting: %(nudge)s"),
        Outcome.SUPPRESS: _("Held back: %(nudge)s"),
    }
    outcome = Outcome(decision.outcome)
    return TimelineEntry(
        at=decision.decided_at,
        kind=KINDS[outcome],
        title=titles[outcome] % {"nudge": decision.nudge.name},
        detail=label_of(decision.reason),
        url=reverse("nudges:customer_decision", args=[decision.pk]),
        explanation=sentence_of(decision.reason, decision, rules),
        icon=ICONS[outcome],
    )
