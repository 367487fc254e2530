"""Which words help more: the customers of each variant of a nudge, by what became of them. Not by opens.

Whoever a variant was chosen for is in its group, also where its words then ended or failed, so that the groups stay
alike. The first variant is what the others are held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nudges.models import Nudge
from nudges.results import (
    ALARM,
    FEWEST,
    LOOKS_BACK,
    OUTCOMES,
    SPANS,
    Arm,
    Effect,
    effect_of,
    read_arms,
)
from nudges.sequences import ALPHA, mismatch
from nudges.variants import Variant, compared


@dataclass(frozen=True)
class Comparison:
    """Each variant with its customers; `effects` of each but the first beside the first, by outcome.

    `until`: when the test ended; None while it runs. `mismatch` is how likely groups of these sizes are.
    """

    since: datetime
    until: datetime | None
    days: int
    arms: list[tuple[Variant, Arm]]
    mismatch: float
    effects: dict[str, list[Effect]]

    @property
    def fewest(self) -> int:
        """Customers of the smallest group."""
        return min(arm.customers for _variant, arm in self.arms)

    @property
    def is_enough(self) -> bool:
        return self.fewest >= FEWEST

    @property
    def is_mismatched(self) -> bool:
        return self.mismatch < ALARM


def compare_variants(nudge: Nudge, *, days: int = SPANS[1], now: datetime) -> Comparison | None:
    """What its variants did within so many days; None where none are tried, and none were in the last 180 days.

    Since shares or words were last changed: before that they were other variants. One query. Of more than two variants
    each difference is allowed a smaller chance to err, so that all of them together err 1 time in 20. Where the groups
    are of sizes that chance does not make, no difference is given.
    """
    variants = compared(nudge)
    if not variants or nudge.compared_since is None:
        return None
    until = datetime.fromisoformat(variants[0].ended_at) if variants[0].ended_at else None
    since = max(now - LOOKS_BACK, nudge.compared_since)
    if until and until < since:
        return None
    keys = [one.key for one in variants]
    found = read_arms(nudge.workspace, nudge=nudge, keys=keys, since=since, days=days, now=now)
    arms = [(one, found[one.key]) for one in variants]
    odds = mismatch([arm.customers for _one, arm in arms], [one.share / 100 for one in variants])
    return Comparison(since, until, days, arms, odds, _effects([arm for _one, arm in arms], odds))


def _effects(arms: list[Arm], odds: float) -> dict[str, list[Effect]]:
    base, *others = arms
    alpha = ALPHA / len(others)
    told = {outcome: [effect_of(outcome, base, arm, alpha=alpha) for arm in others] for outcome in OUTCOMES}
    if odds >= ALARM:
        return told
    return {
        outcome: [Effect(outcome, one.treated, one.base, None) for one in effects]
        for outcome, effects in told.items()
    }
