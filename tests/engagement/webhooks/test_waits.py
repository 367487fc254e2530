"""When what was not taken is tried again, and how long an endpoint rests."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from engagement.webhooks.waits import MOST_TRIES, WAITS, next_try, rest_of
from tests.make import NOW

KEYS = [UUID(int=n) for n in range(200)]


@pytest.mark.parametrize("tries", range(1, MOST_TRIES))
def test_waits_grow_and_spread_by_a_fifth(tries: int) -> None:
    waits = [(next_try(key=key, tries=tries, now=NOW) or NOW) - NOW for key in KEYS]
    assert all(WAITS[tries - 1] <= wait <= WAITS[tries - 1] * 1.2 for wait in waits)
    assert len(set(waits)) > len(KEYS) / 2
    assert waits == [(next_try(key=key, tries=tries, now=NOW) or NOW) - NOW for key in KEYS]


def test_after_the_last_try_there_is_none() -> None:
    assert next_try(key=KEYS[0], tries=MOST_TRIES, now=NOW) is None
    assert sum(WAITS, timedelta(0)) > timedelta(days=3)


def test_what_was_asked_for_is_waited_for() -> None:
    hour = timedelta(hours=1)
    assert next_try(key=KEYS[0], tries=1, now=NOW, at_least=hour) == NOW + hour


@pytest.mark.parametrize(
    ("failing", "rest"),
    [(timedelta(0), 15), (timedelta(minutes=4), 60), (timedelta(days=1), 600)],
)
def test_an_endpoint_rests_longer_the_longer_it_is_out(failing: timedelta, rest: int) -> None:
    assert rest_of(failing_since=NOW - failing, now=NOW) == timedelta(seconds=rest)
