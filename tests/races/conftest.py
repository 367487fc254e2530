"""Races commit for real: see `tests.committed`; some need an installation of their own: see `tests.races.world`."""

from collections.abc import Iterator

import pytest

from tests.committed import committed, server, transactional_db
from tests.races.world import World, installed

__all__ = ["committed", "server", "transactional_db"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An installation of its own that can be killed part by part; each test has a workspace of its own in it."""
    with installed(tmp_path_factory.mktemp("world")) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, those that share the installation run in one process, and begin first."""
    ours = [item for item in items if "world" in getattr(item, "fixturenames", ())]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group("world"))
    items.sort(key=lambda item: item not in ours)
