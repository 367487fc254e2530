"""Races commit for real: see `tests.committed`."""

from tests.committed import committed, server, transactional_db

__all__ = ["committed", "server", "transactional_db"]
