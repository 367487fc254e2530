"""Many writers at once: one event for each message id, one merge for each visitor, and no reader misses anything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from engagement.events import IncomingEvent, SystemEvent
from engagement.ingesting import ingest_events, record_events
from engagement.keys import make_key
from engagement.models import Customer, Event, EventKey, Identity, Merge, Unread, Workspace
from engagement.people import find_customer, merge_customers
from tests import make
from tests.committed import Server, python
from tests.races.send_events import USERS

pytestmark = pytest.mark.usefixtures("committed")

TOTAL = 2000
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def event(message_id: str, **fields: Any) -> IncomingEvent:
    defaults = {"type": "track", "name": "Click", "occurred_at": NOW}
    return IncomingEvent(**(defaults | {"message_id": message_id} | fields))


def take(workspace: Workspace, *events: IncomingEvent) -> None:
    ingest_events(workspace_id=workspace.id, events=list(events), received_at=NOW, source="tracking")


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run functions in threads that start together, each with a connection of its own; raises what they raise."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        gate.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, work) for work in works]]


def test_the_same_events_sent_three_times_by_four_processes_at_once_are_taken_once(server: Server) -> None:
    workspace = make.workspace()
    _, key = make_key(workspace=workspace, kind="write", name="shop")
    senders = [
        python(
            "-m",
            "tests.races.send_events",
            server.url,
            key,
            str(seed),
            "3",
            str(TOTAL),
            environment=server.environment,
        )
        for seed in range(4)
    ]
    for sender in senders:
        said, _ = sender.communicate(timeout=110)
        assert sender.returncode == 0, said
    assert Event.objects.count() == TOTAL
    assert Event.objects.values("message_id").distinct().count() == TOTAL
    assert EventKey.objects.count() == TOTAL
    living = Customer.objects.filter(merged_into=None)
    assert living.count() == living.filter(external_id__isnull=False).count() == USERS
    assert not Event.objects.exclude(customer__in=living).exists()
    assert not Identity.objects.exclude(customer__in=living).exists()
    for user in (0, 1, USERS - 1):
        owner = find_customer(workspace=workspace, external_id=f"u{user}")
        assert find_customer(workspace=workspace, anonymous_id=f"a{user}") == owner
        assert Event.objects.filter(customer=owner).count() == TOTAL // USERS


def test_identifies_at_once_merge_a_history_once() -> None:
    workspace = make.workspace()
    history = [event(f"h{n}", user_id=None, anonymous_id="a") for n in range(300)]
    take(workspace, *history)
    take(workspace, event("known", user_id="ada"))
    at_once(
        *(
            lambda n=n: take(
                workspace, event(f"i{n}", type="identify", user_id="ada", anonymous_id="a", traits={"n": n})
            )
            for n in range(8)
        )
    )
    ada = Customer.objects.get(merged_into=None)
    assert ada.external_id == "ada"
    assert Merge.objects.count() == 1
    assert Event.objects.filter(customer=ada).count() == Event.objects.count() == 300 + 1 + 8


def test_two_people_who_sign_up_with_one_visitor_share_nothing_and_lose_nothing() -> None:
    workspace = make.workspace()
    take(workspace, *[event(f"h{n}", user_id=None, anonymous_id="a") for n in range(50)])
    at_once(
        lambda: take(workspace, event("1", type="identify", user_id="ada", anonymous_id="a")),
        lambda: take(workspace, event("2", type="identify", user_id="bob", anonymous_id="a")),
    )
    found = {
        c.external_id: Event.objects.filter(customer=c).count()
        for c in Customer.objects.filter(merged_into=None)
    }
    assert sorted(found) == ["ada", "bob"]
    assert sorted(found.values()) == [1, 51]


def write_for(workspace: Workspace, people: list[Customer], numbers: range) -> None:
    for n in numbers:
        for person in people:
            take(workspace, event(f"{person.id}-{n}", user_id=person.external_id))
            fact = SystemEvent(
                customer_id=person.id, name="Message Sent", message_id=f"{person.id}-{n}", occurred_at=NOW
            )
            record_events(workspace_id=workspace.id, events=[fact], now=NOW)


def merge(source: Customer, target: Customer) -> bool:
    return merge_customers(
        workspace_id=source.workspace_id, source_id=source.id, target_id=target.id, cause="api", now=NOW
    )


def test_events_that_arrive_during_a_merge_reach_the_living_customer() -> None:
    workspace = make.workspace()
    for _ in range(10):
        ada, bob = make.customer(workspace), make.customer(workspace)
        at_once(
            partial(write_for, workspace, [bob, ada], range(5)),
            partial(write_for, workspace, [ada, bob], range(5, 10)),
            partial(merge, bob, ada),
        )
        assert Event.objects.filter(customer=ada).count() == 40
        assert not Event.objects.filter(customer=bob).exists()
    assert Merge.objects.count() == 10


def test_merges_of_the_same_pair_in_both_directions_happen_once() -> None:
    workspace = make.workspace()
    for _ in range(10):
        ada, bob = make.customer(workspace), make.customer(workspace)
        pairs = [(ada, bob), (bob, ada), (ada, bob), (bob, ada)]
        merged = at_once(*(partial(merge, source, target) for source, target in pairs))
        assert merged.count(True) == 1


def test_a_reader_that_keeps_the_last_id_it_read_misses_nothing() -> None:
    """The protocol of `Unread`: claim, read what is above the own position, delete, commit."""
    workspace = make.workspace()
    people = [make.customer(workspace, external_id=f"u{n}") for n in range(3)]
    read: list[int] = []
    done = threading.Event()

    def read_on() -> None:
        position = dict.fromkeys((person.id for person in people), 0)
        is_last = False
        while not is_last:
            is_last = done.is_set()
            with transaction.atomic():
                claimed = Unread.objects.filter(reader="journeys").select_for_update(skip_locked=True)
                for customer_id in [row.customer_id for row in claimed]:
                    new = Event.objects.filter(
                        customer_id=customer_id, id__gt=position[customer_id]
                    ).order_by("id")
                    ids = list(new.values_list("id", flat=True))
                    read.extend(ids)
                    position[customer_id] = max([position[customer_id], *ids])
                    Unread.objects.filter(customer_id=customer_id, reader="journeys").delete()

    def write(writer: int) -> None:
        for n in range(40):
            take(workspace, *[event(f"{writer}-{n}-{k}", user_id=f"u{k}") for k in range(3)])

    def write_all() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda writer: (write(writer), connection.close()), range(4)))
        done.set()

    at_once(read_on, write_all)
    assert len(read) == len(set(read)) == Event.objects.count() == 4 * 40 * 3


def test_batches_of_the_same_new_people_in_different_orders_do_not_block_each_other() -> None:
    workspace = make.workspace()
    names = [f"u{n}" for n in range(60)]

    def send(writer: int) -> None:
        order = names[writer * 7 :] + names[: writer * 7]
        if writer % 2:
            order.reverse()
        take(
            workspace,
            *[
                event(
                    f"{writer}-{n}",
                    user_id=name,
                    anonymous_id=f"a-{name}",
                    occurred_at=NOW - timedelta(seconds=n),
                )
                for n, name in enumerate(order)
            ],
        )

    at_once(*(lambda w=writer: send(w) for writer in range(6)))
    assert (Customer.objects.count(), Event.objects.count(), Merge.objects.count()) == (60, 360, 0)
