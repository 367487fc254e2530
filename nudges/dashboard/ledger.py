"""How the ledger is told on pages: one sentence a decision, counts by reason, and all of one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.models import Workspace
from nudges.entries import started_by
from nudges.ledgers import counts_by_reason, explain, label_of, rules_in_words, sentence_of
from nudges.models import Decision, Outcome
from nudges.variants import name_of


@dataclass(frozen=True)
class Line:
    """A decision and what it means to a marketer."""

    decision: Decision
    sentence: str
    title: str


@dataclass(frozen=True)
class Held:
    """How often one reason kept something back or waiting."""

    outcome: str
    reason: str
    label: str
    count: int
    share: float


def ledger_lines(decisions: Iterable[Decision], *, workspace: Workspace) -> list[Line]:
    """Each decision with its sentence: one query for the caps, however many decisions."""
    rules = rules_in_words(workspace)
    return [Line(one, sentence_of(one.reason, one, rules), label_of(one.reason)) for one in decisions]


def held_back(workspace: Workspace, *, since: datetime) -> list[Held]:
    """Reasons by how often they held something back since then, the commonest first."""
    return held_rows(counts_by_reason(workspace=workspace, since=since))


def held_rows(counted: Mapping[tuple[str, str], int]) -> list[Held]:
    """{(outcome, reason): n} without what was sent, with each one's share of the commonest in per cent."""
    kept = {key: n for key, n in counted.items() if key[0] != Outcome.SEND and n}
    most = max(kept.values(), default=1)
    ordered = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    return [
        Held(outcome, reason, label_of(reason), n, round(n * 100 / most, 1))
        for (outcome, reason), n in ordered
    ]


@dashboard_page()
def decision(request: DashboardRequest, decision_id: int) -> HttpResponse:
    """One line of the ledger in full: the rule, what used the slots, when it would be allowed, and what came before."""
    one = of_workspace(
        Decision.objects.select_related("customer", "nudge", "customer_need__need", "candidate"),
        request,
        pk=decision_id,
    )
    rules = rules_in_words(request.workspace)
    earlier = [
        {"at": step.get("at"), "until": step.get("until"), "label": label_of(str(step.get("reason", "")))}
        for step in one.earlier
    ]
    message = getattr(one.candidate, "message", None)
    context = {
        "decision": one,
        "title": label_of(one.reason),
        "sentence": sentence_of(one.reason, one, rules),
        "rule": rules.get(one.rule, ""),
        "why": explain(one),
        "earlier": earlier,
        "message": message,
        "variant": name_of(one.nudge, message.variant) if message and message.variant else "",
        "started_by": started_by(one),
        "heading": {
            Outcome.SEND: _("Why it was sent"),
            Outcome.DEFER: _("Why it waits"),
            Outcome.SUPPRESS: _("Why it was held back"),
        }[Outcome(one.outcome)],
    }
    return render(request, "nudges/dashboard/decision.html", context)
