"""Looking early is allowed: how often the intervals and the check of the groups err, at all looks together."""

from __future__ import annotations

import numpy as np
import pytest

from nudges.sequences import Sample, confidence_sequence, half_width, mismatch


def share(hits: int, n: int) -> Sample:
    return Sample(n, hits, hits)


def test_the_published_formula() -> None:
    """GrowthBook's gbstats gives −0.0063188 to 0.0355871 for 400 of 4,000 against 470 of 4,100, tuned to 5,000."""
    one, other = share(400, 4000), share(470, 4100)
    spread = 8100 * (one.variance / 4000 + other.variance / 4100)
    width, difference = half_width(8100, spread, planned=5000), other.mean - one.mean
    assert difference - width == pytest.approx(-0.0063188360, abs=1e-9)
    assert difference + width == pytest.approx(0.0355871287, abs=1e-9)


def test_of_nobody_and_of_people_who_are_all_alike_nothing_is_said() -> None:
    assert confidence_sequence(share(0, 0), share(1, 10)) is None
    assert confidence_sequence(share(0, 50), share(0, 50)) is None


@pytest.mark.parametrize("chance", [0.01, 0.1])
def test_looking_early_is_allowed(chance: float) -> None:
    """Two groups alike, one of them small, looked at 38 times while they grow: seldom said to differ."""
    random = np.random.default_rng(7)
    fooled = 0
    for _run in range(200):
        base, treated = (np.cumsum(random.random(n) < chance) for n in (400, 7600))
        looks = [
            confidence_sequence(
                share(int(base[10 * k - 1]), 10 * k), share(int(treated[190 * k - 1]), 190 * k)
            )
            for k in range(3, 41)
        ]
        fooled += any(look is not None and not look.low <= 0 <= look.high for look in looks)
    assert fooled <= 10  # of 200: 1 in 20


def test_a_true_difference_is_found() -> None:
    found = confidence_sequence(share(100, 1000), share(3400, 19000))
    assert found is not None
    assert 0 < found.low < found.difference < found.high


class TestSampleRatioMismatch:
    def test_groups_as_intended_are_in_order(self) -> None:
        assert mismatch([500, 9500], [0.05, 0.95]) > 0.9
        assert mismatch([0, 0], [0.05, 0.95]) == 1

    def test_groups_that_something_made_unlike_raise_the_alarm(self) -> None:
        assert mismatch([380, 9500], [0.05, 0.95]) < 0.001

    def test_looking_at_every_customer_raises_it_in_fewer_than_1_of_1000(self) -> None:
        chance = np.random.default_rng(7)
        alarms = 0
        for _run in range(100):
            held = np.cumsum(chance.random(5000) < 0.05)
            alarms += any(
                mismatch([int(held[n - 1]), n - int(held[n - 1])], [0.05, 0.95]) < 0.001
                for n in range(100, 5001, 100)
            )
        assert alarms == 0
