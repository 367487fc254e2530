"""Each disturbance once, in the short form of what `make races` does for an hour."""

from __future__ import annotations

import pytest

from tests.races.storm import DISTURBANCES, Storm
from tests.races.world import World


@pytest.mark.timeout(600)
def test_a_storm_loses_nothing_doubles_nothing_and_exceeds_no_cap(world: World) -> None:
    storm = Storm(world, seed=7, customers=60).play()
    assert storm.wrong == []
    assert set(storm.done) == set(DISTURBANCES)
    assert storm.counts["outcomes"]["suppress"] > 0
