"""Whether it helped: customers whom nudges were meant for, beside those in the holdout, by what became of both.

What counts are the customer's outcomes first, then the company's. Groups are compared as they were meant, whoever got
something or not, so that nothing that came later makes them unlike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from django.utils.translation import gettext_lazy as _

from engagement.models import AuditEntry, Workspace
from engagement.statements import run_statement
from nudges.models import Nudge
from nudges.sequences import ALPHA, Interval, Sample, confidence_sequence, mismatch

LOOKS_BACK = timedelta(days=180)
SPANS = (7, 14, 30)  # days in which an outcome counts
FEWEST = 30  # customers in each group, below which nothing is said
ALARM = 0.001  # how unlikely groups of these sizes may be

CUSTOMERS = {
    "resolved": _("Their need was met"),
    "fitted": _("Said in a review that it fits"),
    "kept": _("Bought and kept it"),
    "helpful": _("Answered “helpful”"),
    "not_relevant": _("Answered “not relevant”"),
    "left": _("Left a topic"),
}
COMPANYS = {"ordered": _("Ordered"), "revenue": _("Revenue a customer")}
OUTCOMES = [*CUSTOMERS, *COMPANYS]
BAD = {"not_relevant", "left"}
UNCOMPARED = {"helpful", "not_relevant"}  # who gets nothing can't answer
NOBODY = Sample(0, 0.0, 0.0)


@dataclass(frozen=True)
class Effect:
    """One outcome of two groups: shares or means, None of nobody and of a holdout that cannot have it.

    `interval` is treated − base; None: not to be compared, or too few.
    """

    outcome: str
    treated: float | None
    base: float | None
    interval: Interval | None

    @property
    def verdict(self) -> str:
        """better, worse, or open: for the customer, or for the company where it is hers."""
        if self.interval is None or self.interval.low <= 0 <= self.interval.high:
            return "open"
        return "better" if (self.interval.low > 0) != (self.outcome in BAD) else "worse"


@dataclass(frozen=True)
class Arm:
    """One group: customers, how many of them got something, and a sample of each outcome."""

    customers: int = 0
    got: int = 0
    samples: Mapping[str, Sample] = field(default_factory=dict)

    def mean(self, outcome: str) -> float | None:
        """Of all customers; None of nobody."""
        return self.samples[outcome].mean if self.customers else None


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
    arms = read_arms(workspace, nudge=nudge, since=since, days=days, now=now)
    treated, held_out = arms["treated"], arms["holdout"]
    share = float(workspace.holdout_percent) / 100
    return Results(
        since=since,
        days=days,
        treated=treated.customers,
        got=treated.got,
        held_out=held_out.customers,
        mismatch=mismatch([held_out.customers, treated.customers], [share, 1 - share]) if share else 1.0,
        effects={
            outcome: Effect(outcome, treated.mean(outcome), None, None)
            if outcome in UNCOMPARED
            else effect_of(outcome, held_out, treated)
            for outcome in OUTCOMES
        },
    )


def read_arms(
    workspace: Workspace,
    *,
    nudge: Nudge | None,
    keys: list[str] | None = None,
    since: datetime,
    days: int,
    now: datetime,
) -> defaultdict[str, Arm]:
    """What became of the groups: `holdout` and `treated`, or with keys those of a nudge's variants. One query."""
    asked = {
        "workspace": workspace.pk,
        "nudge": nudge and nudge.pk,
        "keys": keys,
        "since": since,
        "now": now,
        "days": days,
    }
    arms: defaultdict[str, Arm] = defaultdict(Arm)
    for arm, rows in groupby(run_statement("nudges.read_results", asked), key=itemgetter("arm")):
        told = list(rows)
        samples = {row["outcome"]: Sample(row["customers"], row["total"], row["squares"]) for row in told}
        arms[arm] = Arm(told[0]["customers"], told[0]["got"], samples)
    return arms


def effect_of(outcome: str, base: Arm, treated: Arm, *, alpha: float = ALPHA) -> Effect:
    """What the treated did beside the base; with `alpha` as the chance to err, at all looks together."""
    one, other = (arm.samples.get(outcome, NOBODY) for arm in (base, treated))
    is_enough = min(one.n, other.n) >= FEWEST
    interval = confidence_sequence(one, other, alpha=alpha) if is_enough else None
    return Effect(outcome, treated.mean(outcome), base.mean(outcome), interval)


def _holdout_since(workspace: Workspace) -> datetime | None:
    changes = AuditEntry.objects.filter(
        workspace=workspace, action="change_settings", detail__has_key="holdout_percent"
    )
    return changes.order_by("-at").values_list("at", flat=True).first()
