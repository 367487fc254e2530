"""The forward filter: how a belief about a need's stage drifts with time and is moved by evidence. Pure.

    belief(t) ∝ (belief(t−) · A^Δt) ⊙ exp(w)

A belief is five probabilities in the order of `STAGES`. `A` is the change of one day without news: awareness and
shortlist stay with 0.93, move one stage on with 0.04 and lapse to "none" with 0.03; the wish to buy only lapses; "none"
becomes awareness at a small rate, so that new evidence can always be believed; a purchase is a fact and stays. As
rates of a continuous process these have a closed form, so Δt may be any fraction of a day and a year costs what a
second costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

STAGES = ("none", "awareness", "shortlist", "purchase", "post_purchase")
NONE, AWARENESS, SHORTLIST, PURCHASE, POST_PURCHASE = range(5)
# A weight for one of these counts for the later ones of them too: who compares products still searches and lists.
RISING = (AWARENESS, SHORTLIST, PURCHASE)

# The shown stage changes only to a stage believed more than this.
SHOWN_ABOVE = 0.6

LEAVE = -math.log(0.93)  # a day, from awareness and from shortlist: on or back
FORWARD = LEAVE * 4 / 7
LAPSE = LEAVE * 3 / 7
ENTER = 0.005

Belief = tuple[float, float, float, float, float]
Weights = tuple[float, float, float, float, float]

# Before any evidence but that something happened at all.
PRIOR: Belief = (0.600, 0.300, 0.080, 0.018, 0.002)
BOUGHT: Belief = (0.0, 0.0, 0.0, 0.0, 1.0)
# After a full refund or a cancelled order the customer is back at choosing, and we are not certain that they go on.
RETURNED: Belief = (0.05, 0.05, 0.85, 0.05, 0.0)


def drift(belief: Belief, days: float) -> Belief:
    """The belief `days` (≥ 0, any fraction) later if nothing was heard.

    With rates LEAVE = FORWARD + LAPSE, LAPSE and ENTER, the mass outside "none" decays to its own equilibrium at
    LAPSE + ENTER; awareness follows it, shortlist follows awareness, and purchase is what remains of the mass.
    """
    if days <= 0 or belief[POST_PURCHASE] >= 1:
        return belief
    _, awareness, shortlist, purchase, bought = belief
    living = 1 - bought
    outside = awareness + shortlist + purchase
    ending = LAPSE + ENTER
    slow, fast = math.exp(-ending * days), math.exp(-LEAVE * days)
    settled = ENTER * living / ending
    outside_then = settled + (outside - settled) * slow
    # Awareness: d/dt = ENTER · none(t) − LEAVE · awareness, where none(t) = level + swing · slow.
    level, swing = living - settled, settled - outside
    steady, driven = ENTER * level / LEAVE, ENTER * swing / (LEAVE - ending)
    free = awareness - steady - driven
    awareness_then = steady + driven * slow + free * fast
    # Shortlist: d/dt = FORWARD · awareness(t) − LEAVE · shortlist.
    steady_2, driven_2 = FORWARD * steady / LEAVE, FORWARD * driven / (LEAVE - ending)
    shortlist_then = (
        steady_2 + driven_2 * slow + (shortlist - steady_2 - driven_2 + FORWARD * free * days) * fast
    )
    return normalise(
        (
            living - outside_then,
            awareness_then,
            shortlist_then,
            outside_then - awareness_then - shortlist_then,
            bought,
        )
    )


def weigh(belief: Belief, weights: Weights) -> Belief:
    """The belief after evidence with these log-likelihood weights, one for each stage (each within −60 to 60)."""
    top = max(weights)
    return normalise(
        (
            belief[0] * math.exp(weights[0] - top),
            belief[1] * math.exp(weights[1] - top),
            belief[2] * math.exp(weights[2] - top),
            belief[3] * math.exp(weights[3] - top),
            belief[4] * math.exp(weights[4] - top),
        )
    )


def spread(weights: Sequence[tuple[int, float]]) -> Weights:
    """The weight of each stage from (stage, weight) pairs: awareness to purchase count for the later ones too."""
    total = [0.0] * 5
    for stage, weight in weights:
        for each in RISING[RISING.index(stage) :] if stage in RISING else (stage,):
            total[each] += weight
    return (total[0], total[1], total[2], total[3], total[4])


def normalise(belief: Belief) -> Belief:
    """Probabilities that sum to 1; what rounding made a hair negative is 0."""
    n, a, s, p, b = (part if part > 0 else 0.0 for part in belief)
    total = n + a + s + p + b
    return (n / total, a / total, s / total, p / total, b / total)


def shown_stage(shown: int, belief: Belief) -> int:
    """The stage to show when `shown` is shown now: the likeliest one if it is likely enough, else as before."""
    likeliest = max(range(5), key=lambda stage: (belief[stage], -stage))
    return likeliest if belief[likeliest] > SHOWN_ABOVE else shown


def days_to_lapse(belief: Belief) -> int | None:
    """After how many whole days of silence "none" is likely enough to be shown; None when it never is."""
    living = 1 - belief[POST_PURCHASE]
    ending = LAPSE + ENTER
    settled = ENTER * living / ending
    allowed = living - SHOWN_ABOVE - settled
    if allowed <= 0:
        return None
    excess = living - belief[NONE] - settled
    days = math.ceil(math.log(excess / allowed) / ending) if excess > allowed else 0
    days = max(days, 1)
    # The logarithm may land a hair before the day on which the drift itself says so.
    return days if drift(belief, days)[NONE] > SHOWN_ABOVE else days + 1
