"""Races commit for real: see `tests.committed`; some need an installation of their own: see `tests.races.world`."""

from collections.abc import Iterator

import pytest

from config.local import services
from config.local.state import State
from tests.committed import committed, server, transactional_db
from tests.races.world import World

__all__ = ["committed", "server", "transactional_db"]


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An installation of its own: durable services, web, worker, clock and mailbox, not started yet."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path_factory.mktemp("world")
    state = State(folder / "state")
    with services.services(state, "demo") as environment:
        made = World(state, environment, folder / "outbox")
        made.manage("manage.py", "migrate", "--verbosity", "0")
        try:
            yield made
        finally:
            made.children.end()
