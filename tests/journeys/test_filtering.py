"""The forward filter: beliefs stay probabilities, time has its closed form, evidence moves what it speaks for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.filtering import (
    AWARENESS,
    BOUGHT,
    ENTER,
    FORWARD,
    LAPSE,
    LEAVE,
    NONE,
    POST_PURCHASE,
    PRIOR,
    PURCHASE,
    SHORTLIST,
    SHOWN_ABOVE,
    Belief,
    days_to_lapse,
    drift,
    normalise,
    shown_stage,
    spread,
    weigh,
)

RATES = [  # of the continuous process; rows sum to 0
    [-ENTER, ENTER, 0, 0, 0],
    [LAPSE, -LEAVE, FORWARD, 0, 0],
    [LAPSE, 0, -LEAVE, FORWARD, 0],
    [LAPSE, 0, 0, -LAPSE, 0],
    [0, 0, 0, 0, 0],
]

untimed = settings(deadline=None)  # a busy machine is no failure
parts = st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda five: sum(five) > 1e-6)
beliefs = parts.map(lambda five: normalise((five[0], five[1], five[2], five[3], five[4])))
weights = st.lists(
    st.tuples(st.sampled_from([AWARENESS, SHORTLIST, PURCHASE, POST_PURCHASE]), st.floats(-10, 10)),
    max_size=4,
)


def is_belief(belief: Belief) -> bool:
    return all(0 <= part <= 1 for part in belief) and math.isclose(sum(belief), 1, abs_tol=1e-12)


def drift_by_small_steps(belief: Belief, days: float, steps: int = 20_000) -> list[float]:
    """The same process, integrated by brute force: nothing in common with the closed form but the rates."""
    now, step = list(belief), days / steps
    for _ in range(steps):
        half = [
            each + step / 2 * sum(now[source] * RATES[source][target] for source in range(5))
            for target, each in enumerate(now)
        ]
        now = [
            each + step * sum(half[source] * RATES[source][target] for source in range(5))
            for target, each in enumerate(now)
        ]
    return now


@untimed
@given(beliefs, st.floats(0, 400))
def test_time_leaves_a_belief_a_belief(belief: Belief, days: float) -> None:
    assert is_belief(drift(belief, days))


@untimed
@given(beliefs, weights)
def test_evidence_leaves_a_belief_a_belief(belief: Belief, pairs: list[tuple[int, float]]) -> None:
    assert is_belief(weigh(belief, spread(pairs)))


@untimed
@given(beliefs, st.floats(0, 90), st.floats(0, 90))
def test_two_spans_of_silence_are_one_long_silence(belief: Belief, first: float, second: float) -> None:
    apart = drift(drift(belief, first), second)
    at_once = drift(belief, first + second)
    assert apart == pytest.approx(at_once, abs=1e-9)


@pytest.mark.parametrize("days", [0.3, 1, 12.5, 60])
@pytest.mark.parametrize("start", [PRIOR, (0.0, 1.0, 0.0, 0.0, 0.0), (0.1, 0.1, 0.2, 0.5, 0.1)])
def test_the_closed_form_is_the_process_it_claims_to_be(start: Belief, days: float) -> None:
    assert drift(start, days) == pytest.approx(drift_by_small_steps(start, days), abs=1e-6)


def test_one_day_keeps_93_percent_at_a_stage_and_moves_at_most_4_on() -> None:
    none, awareness, shortlist, purchase, bought = drift((0.0, 1.0, 0.0, 0.0, 0.0), 1)
    assert awareness == pytest.approx(0.93, abs=1e-3)
    assert shortlist <= 0.04
    assert none == pytest.approx(0.03, abs=1e-3)
    assert purchase < 0.001
    assert bought == 0


def test_a_purchase_does_not_wear_off() -> None:
    assert drift(BOUGHT, 1000) == BOUGHT
    assert weigh(BOUGHT, spread([(AWARENESS, 10.0)])) == BOUGHT


@untimed
@given(beliefs.filter(lambda belief: belief[AWARENESS] > 1e-9), st.floats(0.001, 10))
def test_evidence_for_a_stage_raises_it_against_the_ones_before(belief: Belief, weight: float) -> None:
    after = weigh(belief, spread([(SHORTLIST, weight)]))
    assert after[SHORTLIST] * belief[AWARENESS] == pytest.approx(
        belief[SHORTLIST] * after[AWARENESS] * math.exp(weight), rel=1e-9, abs=1e-12
    )
    # The stages after it keep their place against it: who is about to buy still compares.
    assert after[PURCHASE] * belief[SHORTLIST] == pytest.approx(
        after[SHORTLIST] * belief[PURCHASE], abs=1e-12
    )


@untimed
@given(st.integers(0, 4), beliefs)
def test_the_shown_stage_moves_only_to_one_that_is_likely_enough(shown: int, belief: Belief) -> None:
    stage = shown_stage(shown, belief)
    assert stage == shown or belief[stage] > SHOWN_ABOVE
    if max(belief) <= SHOWN_ABOVE:
        assert stage == shown


@untimed
@given(beliefs)
def test_the_day_of_lapse_is_the_first_on_which_nothing_is_likelier(belief: Belief) -> None:
    days = days_to_lapse(belief)
    if days is None:
        assert drift(belief, 10_000)[NONE] <= SHOWN_ABOVE + 1e-9
    else:
        assert drift(belief, days)[NONE] > SHOWN_ABOVE
        assert days == 1 or drift(belief, days - 1)[NONE] <= SHOWN_ABOVE + 1e-9


def test_a_shortlist_lapses_after_about_five_weeks_of_silence() -> None:
    assert 28 <= (days_to_lapse((0.02, 0.08, 0.85, 0.05, 0.0)) or 0) <= 42
