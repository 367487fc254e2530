"""Whether it helped: customers whom nudges were meant for, beside those in the holdout, by what became of both.

What counts are the customer's outcomes first, then the company's. Groups are compared as they were meant, whoever got
something or not, so that nothing that came later makes them unlike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from engagement.models import AuditEntry, Workspace
from engagement.statements import run_statement
from nudges.models import Nudge
from nudges.sequences import Interval, Sample, confidence_sequence, mismatch

LOOKS_BACK = timedelta(days=180)
SPANS = (7, 14, 30)  # days in which an outcome counts
FEWEST = 30  # customers in each group, below which nothing is said
ALARM = 0.001

CUSTOMERS = {
    "resolved": _("Their need was met"),
    "fitted": _("Said in a review that it fits"),
    "kept": _("Bought and kept it"),
    "helpful": _("Answered “helpful”"),
    "left": _("Left a topic"),
}
COMPANYS = {"ordered": _("Ordered"), "revenue": _("Revenue a customer")}
BAD = {"left"}
UNCOMPARED = {"helpful"}  # who gets nothing can't answer
NOBODY = Sample(0, 0.0, 0.0)


@dataclass(frozen=True)
class Effect:
    """One outcome of both groups: shares or means, None of nobody and of a holdout that cannot have it.

    `interval` is treated − holdout; None: not to be compared, or too few.
    """

    outcome: str
    treated: float | None
    held_out: float | None
    interval: Interval | None

    @property
    def verdict(self) -> str:
        """better, worse, or open: for the customer, or for the company where it is hers."""
        if self.interval is None or self.interval.low <= 0 <= self.interval.high:
            return "open"
        return "better" if (self.interval.low > 0) != (self.outcome in BAD) else "worse"


@dataclass(frozen=True)
class Results:
    """Of `treated` customers `got` got something. `mismatch` is how likely groups of these sizes are."""

    since: datetime
    days: int
    treated: int
    got: int
    held_out: int
    mismatch: float
    effects: dict[str, Effect]

    @property
    def is_enough(self) -> bool:
        return min(self.treated, self.held_out) >= FEWEST

    @property
    def is_mismatched(self) -> bool:
        return self.mismatch < ALARM


def read_results(
    workspace: Workspace, *, nudge: Nudge | None = None, days: int = SPANS[1], now: datetime
) -> Results:
    """What `nudge` changed within so many days, or without one all of them together; over 180 days at most.

    Since the holdout was last changed: groups made by two rules are not one. Two queries.
    """
    since = max(now - LOOKS_BACK, _holdout_since(workspace) or now - LOOKS_BACK)
    asked = {
        "workspace": workspace.pk,
        "nudge": nudge and nudge.pk,
        "since": since,
        "now": now,
        "days": days,
    }
    rows = run_statement("nudges.read_results", asked)
    samples = {(row["is_held_out"], row["outcome"]): _sample(row) for row in rows}
    treated, held_out = (samples.get((held, "ordered"), NOBODY).n for held in (False, True))
    share = float(workspace.holdout_percent) / 100
    return Results(
        since=since,
        days=days,
        treated=treated,
        got=next((row["got"] for row in rows if not row["is_held_out"]), 0),
        held_out=held_out,
        mismatch=mismatch([held_out, treated], [share, 1 - share]) if share else 1.0,
        effects={outcome: _effect(outcome, samples) for outcome in (*CUSTOMERS, *COMPANYS)},
    )


def _holdout_since(workspace: Workspace) -> datetime | None:
    changes = AuditEntry.objects.filter(
        workspace=workspace, action="change_settings", detail__has_key="holdout_percent"
    )
    return changes.order_by("-at").values_list("at", flat=True).first()


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(row["customers"], row["total"], row["squares"])


def _effect(outcome: str, samples: dict[tuple[bool, str], Sample]) -> Effect:
    treated, base = samples.get((False, outcome), NOBODY), samples.get((True, outcome), NOBODY)
    if outcome in UNCOMPARED:
        return Effect(outcome, _mean(treated), None, None)
    is_enough = min(treated.n, base.n) >= FEWEST
    interval = confidence_sequence(base, treated) if is_enough else None
    return Effect(outcome, _mean(treated), _mean(base), interval)


def _mean(sample: Sample) -> float | None:
    return sample.mean if sample.n else None
