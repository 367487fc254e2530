"""How much of a step is done at a time."""

from __future__ import annotations

import pytest

from engagement.counts import Counts, Pace, until_done


def test_a_run_is_as_large_as_fits_its_seconds() -> None:
    """Whatever a unit costs, after a few runs one takes about as long as is wanted."""
    for unit in (0.0005, 0.003, 0.01):
        pace = Pace(most=4000, seconds=0.4)
        for _run in range(8):
            pace.learn(pace.size, pace.size * unit)
        assert pace.size == pytest.approx(min(0.4 / unit, 4000), rel=0.05)


def test_it_begins_small_and_is_never_above_or_below_what_it_may_be() -> None:
    pace = Pace(most=4000, least=20)
    assert pace.size == 500
    pace.learn(500, 0.0)
    assert pace.size == 1000
    for _run in range(5):
        pace.learn(pace.size, 0.0)
    assert pace.size == 4000
    pace.learn(4000, 3600.0)
    assert pace.size == 20


def test_a_run_that_found_little_says_nothing_of_how_much_would_fit() -> None:
    pace = Pace(most=4000)
    pace.learn(3, 0.01)
    assert pace.size == 500
    pace.learn(3, 4.0)  # unless it took too long already
    assert pace.size == 50


def test_a_step_is_told_how_much_it_may_do_and_between_its_runs_others_come_in() -> None:
    left, seen = 1200, []

    def step(size: int) -> Counts:
        nonlocal left
        done = min(size, left)
        left -= done
        seen.append(f"{done}")
        return Counts(taken=done)

    pace = Pace(most=4000, seconds=1e-9)  # each run takes longer than that
    assert until_done(lambda: pace.run(step), between=lambda: seen.append("others"))["taken"] == 1200
    assert seen[:4] == ["500", "others", "20", "others"]
    assert seen[-1] == "0"
