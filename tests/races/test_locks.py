"""Two who wait for each other: the database gives one up, and that one's work is done again."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection, transaction

from engagement.models import Workspace
from engagement.people.locks import taken_again
from tests import make

pytestmark = pytest.mark.usefixtures("committed")


def rename(first: int, second: int, meeting: threading.Barrier, name: str, tries: list[str]) -> None:
    """Both rows in this order, meeting the other one between them the first time."""
    tries.append(name)
    Workspace.objects.filter(pk=first).update(name=name)
    if tries.count(name) == 1:
        meeting.wait(20)
    Workspace.objects.filter(pk=second).update(name=name)


def in_a_circle(work: object, tries: list[str]) -> list[BaseException]:
    """`work` on two rows by two threads, in opposite orders; what they raised."""
    one, other = make.workspace().pk, make.workspace().pk
    meeting, raised = threading.Barrier(2), []

    def run(first: int, second: int, name: str) -> None:
        try:
            work(first, second, meeting, name, tries)  # type: ignore[operator]
        except OperationalError as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(one, other, "a")),
        threading.Thread(target=run, args=(other, one, "b")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({workspace.name for workspace in Workspace.objects.filter(pk__in=(one, other))}) == 1
    return raised


def test_work_that_lost_a_deadlock_is_taken_again() -> None:
    tries: list[str] = []
    assert in_a_circle(taken_again(rename), tries) == []
    # Whoever begins again may come before the other has what it waited for: then they meet, and one loses, once more.
    assert max(map(tries.count, "ab")) > 1


def test_a_plain_transaction_is_lost() -> None:
    tries: list[str] = []
    assert len(in_a_circle(transaction.atomic(rename), tries)) == 1
    assert sorted(map(tries.count, "ab")) == [1, 1]
