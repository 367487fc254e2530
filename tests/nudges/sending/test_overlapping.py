"""What is done beside a hand-over: by a thread of its own, or at once inside a transaction."""

from __future__ import annotations

import threading

import pytest

from nudges.sending.overlapping import Helper


def test_inside_a_transaction_it_is_done_at_once_on_the_connection_that_sees_it(db: None) -> None:
    with Helper() as helper:
        done = helper.start(threading.get_ident)
        assert done.done()
    assert done.result() == threading.get_ident()


def test_outside_of_one_it_is_done_by_a_thread_in_order_and_an_error_is_told() -> None:
    seen: list[int] = []
    with Helper() as helper:
        ended = [helper.start(seen.append, number) for number in range(20)]
        thread = helper.start(threading.get_ident)
        failed = helper.start(int, "no number")
    assert all(one.done() for one in ended)
    assert seen == list(range(20))
    assert thread.result() != threading.get_ident()
    with pytest.raises(ValueError, match="no number"):
        failed.result()
