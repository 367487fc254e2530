"""Work on the database beside what this thread does: on a thread and a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar

from django.db import connection

P = ParamSpec("P")
R = TypeVar("R")


class Helper:
    """Does one thing after the other, from when it is first needed to the end of the block.

    What a transaction writes is seen by no other connection: where the caller is inside one, all is done at once.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    @property
    def is_there(self) -> bool:
        return self._pool is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool:
            self._pool.submit(connection.close)  # the thread's own
            self._pool.shutdown()

    def start(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Begin with this; its result, or what it raised, is the future's."""
        if connection.in_atomic_block:
            done: Future[R] = Future()
            done.set_result(work(*args, **kwargs))
            return done
        self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="helper")
        return self._pool.submit(work, *args, **kwargs)
