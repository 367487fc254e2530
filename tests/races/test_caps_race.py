"""Many workers at once on the same customers: no cap is exceeded, and every decision says why."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
from django.db import connection, transaction
from django.db.models import Count

from engagement import statements
from engagement.models import Workspace
from nudges.audits import find_drift, find_violations
from nudges.deciding import decide_nudges
from nudges.deciding.chunks import WrongIsolationError
from nudges.models import Candidate, Decision, Message, Nudge, Waiting
from tests import make, make_nudges
from tests.make import NOW
from tests.races.decide_attempts import attempt
from tests.races.workers import Worker, all_at_once, wait_until

pytestmark = pytest.mark.usefixtures("committed")
# `make races`: 64 workers and 10,000 attempts.
IS_LONG = os.environ.get("RACES") == "long"
WORKERS, EACH = (64, 157) if IS_LONG else (32, 2)


@pytest.fixture
def workspace(committed: None) -> Workspace:
    workspace = make.workspace()
    make_nudges.policy(workspace, collect_seconds=0)
    return workspace


def race(nudges: list[Nudge], *, attempts: int) -> None:
    """A worker for each nudge given; all begin in the same moment."""
    all_at_once([Worker(attempt, nudge.pk, attempts) for nudge in nudges])


@pytest.mark.timeout(3000 if IS_LONG else 120)
def test_many_attempts_on_one_customer_with_a_cap_of_1(workspace: Workspace) -> None:
    """Regression of others: two crons in one second, two spool processes, a digest within a second."""
    cap = make_nudges.cap(workspace, 1)
    make.customer(workspace, email="ann@example.org")
    nudge = make_nudges.nudge(workspace)
    race([nudge] * WORKERS, attempts=EACH)
    message = Message.objects.get()
    held = Decision.objects.filter(outcome="suppress")
    assert held.count() == WORKERS * EACH - 1
    assert set(held.values_list("reason", flat=True)) <= {"capped", "outranked"}
    for decision in held:
        assert (decision.rule, decision.limit, decision.count) == (f"cap:{cap.pk}", 1, 1)
        assert decision.used_by == [message.pk]
        assert decision.allowed_at == NOW + timedelta(days=1)
    assert not Waiting.objects.exists()
    assert (find_violations(), find_drift(now=NOW)) == ([], [])


def test_several_workers_with_several_nudges_want_the_same_50_customers(workspace: Workspace) -> None:
    make_nudges.cap(workspace, 3)
    make_nudges.cap(workspace, 2, per="day", scope="category", value="tips")
    offers = make.category(workspace, "offers")
    for number in range(50):
        make.customer(workspace, email=f"{number}@example.org")
    nudges = [make_nudges.nudge(workspace) for _n in range(3)]
    nudges += [
        make_nudges.nudge(workspace, category=offers, interest="business", promise="choose_us")
        for _n in range(2)
    ]
    race(nudges * 2, attempts=3)
    assert Decision.objects.count() == Candidate.objects.count() == 5 * 3 * 2 * 50
    sent = Message.objects.values_list("customer").annotate(n=Count("pk"))
    assert Counter(n for _customer, n in sent) == {3: 50}
    assert Message.objects.filter(category__slug="tips").count() <= 2 * 50
    assert (find_violations(), find_drift(now=NOW)) == ([], [])


def test_the_workspaces_share_holds_under_several_workers(workspace: Workspace) -> None:
    workspace.policy.business_share_percent = 40
    workspace.policy.save()
    for number in range(30):
        make.customer(workspace, email=f"{number}@example.org")
    serving = make_nudges.nudge(workspace)
    selling = [make_nudges.nudge(workspace, interest="business", promise="choose_us") for _n in range(3)]
    race([serving, *selling], attempts=2)
    total, business = Message.objects.count(), Message.objects.filter(interest="business").count()
    assert total - business == 60
    assert 0 < business * 100 <= 40 * total
    assert Decision.objects.filter(reason="workspace_budget").count() == 180 - business


def decide_in_a_thread(
    done: threading.Event | None = None, hold: threading.Event | None = None
) -> threading.Thread:
    """Another worker; with `hold` it stays in its transaction, everything decided, until told to commit."""

    def work() -> None:
        try:
            with transaction.atomic():
                decide_nudges(now=NOW)
                if done and hold:
                    done.set()
                    hold.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(("locked", "sent"), [(True, 1), (False, 2)])
def test_the_lock_is_what_holds_the_cap(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, locked: bool, sent: int
) -> None:
    """While one worker has decided and not yet committed, a better candidate comes and another worker takes it up.

    Without the lock the same engine sends both: the proof that the tests above can fail. (Where both workers choose the
    same candidate, the database refuses its second message even then.)
    """
    if not locked:
        right = statements.statement("nudges.claim_customers")
        wrong = right.replace("FOR UPDATE OF pressure SKIP LOCKED", "")
        assert wrong != right
        read = statements.statement
        monkeypatch.setattr(
            statements, "statement", lambda name: wrong if name == "nudges.claim_customers" else read(name)
        )
        # What was prepared before is remembered, and would be right.
        monkeypatch.setattr(statements, "_numbered", statements._numbered.__wrapped__)
    make_nudges.cap(workspace, 1)
    customer = make.customer(workspace, email="ann@example.org")
    make_nudges.candidate(make_nudges.nudge(workspace), customer)
    decided, commit = threading.Event(), threading.Event()
    first = decide_in_a_thread(decided, commit)
    assert decided.wait(60)
    better = make_nudges.candidate(make_nudges.nudge(workspace, priority=90), customer)
    second = decide_in_a_thread()
    # Without the lock it sends, and waits to write the pressure; with it there is nothing for it to do.
    wait_until(lambda: not second.is_alive() or somebody_waits_for_a_lock())
    commit.set()
    first.join(60)
    second.join(60)
    decide_nudges(now=NOW)
    assert Message.objects.count() == sent
    assert len(find_violations()) == sent - 1
    assert Decision.objects.get(candidate=better).outcome == ("suppress" if locked else "send")


# ---- Why the lock and the count are two statements, and the isolation READ COMMITTED: the same interleaving each time.
# A holds the row; B asks for it and waits; A sends and commits; B goes on. A cap of 1 holds when B sees A's message.

ONE_STATEMENT = """
WITH held AS (SELECT customer_id FROM nudges_pressure WHERE customer_id = %(customer)s FOR UPDATE)
SELECT (SELECT count(*) FROM race_sends WHERE customer_id = held.customer_id) FROM held
"""
LOCK = "SELECT FROM nudges_pressure WHERE customer_id = %(customer)s FOR UPDATE"
COUNT = "SELECT count(*) FROM race_sends WHERE customer_id = %(customer)s"
SEND = "INSERT INTO race_sends VALUES (%(customer)s)"


@pytest.fixture
def customer_id(workspace: Workspace) -> Iterator[int]:
    customer = make.customer(workspace, email="ann@example.org")
    make_nudges.candidate(make_nudges.nudge(workspace), customer)  # gives the customer a row to lock
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE race_sends (customer_id bigint)")
    yield customer.pk
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE race_sends")


class Attempt:
    """One worker's connection and transaction: it sends when it counts nothing."""

    def __init__(self, customer: int, level: int, choose: list[str]) -> None:
        at = connection.settings_dict
        self.connection = psycopg2.connect(
            host=at["HOST"], port=at["PORT"], user=at["USER"], password=at["PASSWORD"], dbname=at["NAME"]
        )
        self.connection.set_session(isolation_level=level)
        self.parameters = {"customer": customer}
        self.choose = choose

    def go(self) -> None:
        with self.connection.cursor() as cursor:
            for text in self.choose:
                cursor.execute(text, self.parameters)
            if cursor.fetchone()[0] == 0:
                cursor.execute(SEND, self.parameters)

    def end(self) -> None:
        self.connection.commit()
        self.connection.close()

    def waits(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s",
                [self.connection.info.backend_pid],
            )
            return bool(cursor.fetchone()[0])


def interleave(make_attempt: Callable[[], Attempt]) -> int:
    """Two attempts, the second waiting for the first; how many were sent."""
    first, second = make_attempt(), make_attempt()
    first.go()
    other = threading.Thread(target=second.go)
    other.start()
    wait_until(second.waits)
    first.end()
    other.join(60)
    second.end()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM race_sends")
        return int(cursor.fetchone()[0])


READ_COMMITTED = psycopg2.extensions.ISOLATION_LEVEL_READ_COMMITTED
REPEATABLE_READ = psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ


@pytest.mark.parametrize(
    ("level", "choose", "sent"),
    [
        pytest.param(READ_COMMITTED, [LOCK, COUNT], 1, id="lock, then count: holds"),
        pytest.param(
            READ_COMMITTED, [ONE_STATEMENT], 2, id="lock and count in one statement: sends too much"
        ),
        pytest.param(
            REPEATABLE_READ, [LOCK, COUNT], 2, id="lock, then count, REPEATABLE READ: sends too much"
        ),
    ],
)
def test_what_counts_must_be_read_after_the_lock(
    customer_id: int, level: int, choose: list[str], sent: int
) -> None:
    assert interleave(lambda: Attempt(customer_id, level, choose)) == sent


def test_deciding_refuses_an_isolation_older_than_its_locks(customer_id: int) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(WrongIsolationError, match="REPEATABLE READ"):
            decide_nudges(now=NOW)
    assert not Message.objects.exists()
    assert decide_nudges(now=NOW)["send"] == 1


def test_a_customer_who_is_being_decided_is_passed_over_not_waited_for(customer_id: int) -> None:
    def ask(cursor: Any) -> None:
        cursor.execute(LOCK, {"customer": customer_id})

    held = Attempt(customer_id, READ_COMMITTED, [LOCK])
    with held.connection.cursor() as cursor:
        ask(cursor)
        assert decide_nudges(now=NOW) == {}
    held.end()
    assert decide_nudges(now=NOW)["send"] == 1
