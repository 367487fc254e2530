"""Races commit for real: see `tests.committed`; some need an installation of their own: see `tests.races.world`."""

from collections.abc import Iterator

import pytest

from tests.committed import committed, server, transactional_db
from tests.races.world import World, installed

__all__ = ["committed", "server", "transactional_db"]


@pytest.fixture(scope="module")  # not longer: its clocks tick on, at half a processor that other races want
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An installation of its own that can be killed part by part; each test has a workspace of its own in it."""
    with installed(tmp_path_factory.mktemp("world")) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Side by side with others, those that share the installation take longest: they begin."""
    items.sort(key=lambda item: "world" not in getattr(item, "fixturenames", ()))
