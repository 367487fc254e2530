"""Workers: real processes with connections of their own, forked from one that has the program loaded already.

So each is ready within milliseconds, where starting Python and the program took seconds; it dies like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings
from django.db import connection, connections

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.races.loaded", "pytest"])
KILLED = -signal.SIGKILL
# Seconds that a worker may take on a busy machine.
PATIENCE = 3000 if os.environ.get("RACES") == "long" else 180
WHERE = ("NAME", "HOST", "PORT", "USER", "PASSWORD")

_parent: Connection | None = None  # in a worker: the way to the test


class Worker:
    """`work(*arguments)` in a process of its own, on the test's database or the one given."""

    def __init__(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        database: dict[str, Any] | None = None,
        **changed_settings: Any,
    ) -> None:
        where = {name: (database or connection.settings_dict)[name] for name in WHERE}
        self._way, theirs = FORKS.Pipe()
        self._told: Any = None
        self.process = FORKS.Process(
            target=_work, args=(theirs, where, changed_settings, work, arguments), daemon=True
        )
        self.process.start()
        theirs.close()

    def go(self) -> None:
        """Let it go on from `wait_for_the_others`, or tell it to end."""
        with suppress(BrokenPipeError):
            self._way.send("go")

    def is_ready(self) -> None:
        """Wait until it has come to `wait_for_the_others`."""
        assert self._hear() == "ready", self._told

    def end(self) -> int:
        """Wait for its end; 0 or KILLED. An error in it is one here."""
        self._hear()
        self.process.join(PATIENCE)
        code = self.process.exitcode
        assert code in (0, KILLED), self._told
        return code

    def answer(self) -> Any:
        """What `work` returned."""
        assert self.end() == 0, "it was killed"
        return self._told[1]

    def kill(self) -> bool:
        """Kill it as a power cut does; whether it was still alive."""
        was_alive = self.process.is_alive()
        self.process.kill()
        self.process.join()
        return was_alive

    def _hear(self) -> Any:
        assert self._way.poll(PATIENCE), "a worker says nothing"
        with suppress(EOFError, ConnectionResetError):
            self._told = self._way.recv()
        return self._told


def all_at_once(workers: Sequence[Worker]) -> list[Any]:
    """Let workers go on together once each is ready; what they returned."""
    try:
        for worker in workers:
            worker.is_ready()
        for worker in workers:
            worker.go()
        return [worker.answer() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    """Until something that is sure to come has come. Seconds instead are a matter of chance."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.01)


def wait_for_the_others() -> None:
    """Called in a worker: ready, and go on when the test says so."""
    assert _parent is not None
    _parent.send("ready")
    _parent.recv()


def is_told_to_end() -> bool:
    """Called in a worker: whether the test has said `go`."""
    assert _parent is not None
    return _parent.poll()


def _work(
    way: Connection,
    database: dict[str, Any],
    changed_settings: dict[str, Any],
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    global _parent
    _parent = way
    connections.settings["default"].update(database)
    for name, value in changed_settings.items():
        setattr(settings, name, value)
    try:
        way.send(("done", work(*arguments)))
    except BaseException:
        way.send(("failed", traceback.format_exc()))
        raise
    finally:
        connections.close_all()
