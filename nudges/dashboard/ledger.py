"""How the ledger is told on pages: one sentence a decision, and counts by reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engagement.models import Workspace
from nudges.ledgers import counts_by_reason
from nudges.models import Decision, Outcome
from nudges.reasons import Reason


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


def ledger_lines(decisions: Iterable[Decision]) -> list[Line]:
    """Each decision with its sentence: no query."""
    return [Line(one, sentence_of(one), title_of(one)) for one in decisions]


def sentence_of(decision: Decision) -> str:
    return Reason(decision.reason).marketer(decision) if decision.reason in Reason.values else decision.reason


def title_of(decision: Decision) -> str:
    return label_of(decision.reason)


def label_of(reason: str) -> str:
    return str(Reason(reason).label) if reason in Reason.values else reason.replace("_", " ")


def held_back(workspace: Workspace, *, since: datetime) -> list[Held]:
    """Reasons by how often they held something back since then, the commonest first."""
    counted = counts_by_reason(workspace=workspace, since=since)
    return held_rows(counted)


def held_rows(counted: dict[tuple[str, str], int]) -> list[Held]:
    """{(outcome, reason): n} without what was sent, with each one's share of the commonest in per cent."""
    kept = {key: n for key, n in counted.items() if key[0] != Outcome.SEND and n}
    most = max(kept.values(), default=1)
    ordered = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    return [
        Held(outcome, reason, label_of(reason), n, round(n * 100 / most, 1))
        for (outcome, reason), n in ordered
    ]
