"""A storm: everything that goes wrong in operation goes wrong while the program works, and the books are checked after.

Customers are tracked through the front door by a real client, several broadcasts, flows, stage changes and the API want
the same customers at once, in a night in which clocks change; meanwhile workers, clocks, the database and the broker
die, and the time jumps. Every wake-up comes twice anyway, from two clocks, and one worker is seven minutes late.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from segment.analytics import Client

from nudges.sending.handing_over import STRIDE
from tests.races import shops
from tests.races.world import CLOCKS, WORKERS, World

# In the evening before clocks change in Berlin, New York or Auckland, whose days are then 23 or 25 hours long.
NIGHTS = [
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 11, 1, 2, tzinfo=UTC),
    datetime(2027, 3, 14, 3, tzinfo=UTC),
    datetime(2027, 4, 3, 10, tzinfo=UTC),
]
IN_HAND = 2 * STRIDE  # of a worker's two processes, what had been handed over and not been told yet
LEASE_AND_MORE = timedelta(minutes=19)  # also by the late worker's clock
STUCK = 240  # seconds in which nothing moves, however slow the machine
BIT_BY_BIT = 10  # seconds after which a minute passes at once; shorter than any lease
A_MINUTE = timedelta(minutes=1)
BROADCASTS: list[dict[str, Any]] = [
    {"interest": "business", "promise": "choose_us", "category": "news", "on_cap": "defer"},
    {"priority": 80},
    {"interest": "business", "promise": "choose_us", "priority": 90},
]


class Storm:
    """One round. `wrong` says what was found that must not be; empty when everything held."""

    def __init__(self, world: World, *, seed: int, customers: int, blows: int | None = None) -> None:
        self.world, self.seed, self.customers = world, seed, customers
        self.chance = random.Random(seed)
        self.blows = self._choose(blows)
        self.done: Counter[str] = Counter()
        self.kills = 0
        self.tracked = 0
        self.forwarded = 0
        self.latest = datetime.min.replace(tzinfo=UTC)  # that a clock has told before it went back
        self.wrong: list[str] = []
        self.refused: list[Any] = []
        self.earlier = set(world.letters())

    def _choose(self, number: int | None) -> list[str]:
        """Each disturbance once, in any order, or as many as wanted."""
        names = list(DISTURBANCES)
        if number is None:
            return self.chance.sample(names, len(names))
        return self.chance.choices(names, k=number)

    def play(self) -> Storm:
        self.world.set_clock(self.chance.choice(NIGHTS))
        shop = self.world.ask(
            shops.make_storm_shop, f"storm-{self.seed}-{time.time_ns()}", self.customers, self.world.now()
        )
        self.workspace = shop["workspace"]
        half = len(self.blows) // 2
        self._track(shop["write_key"], self.blows[:half])
        self._want_all_at_once(self.blows[half:])
        self._settle()
        self._end_what_waits()
        self._everybody_can_be_reached_again()
        self._check()
        return self

    def _track(self, write_key: str, blows: list[str]) -> None:
        client = Client(
            write_key,
            host=self.world.url,
            max_queue_size=100_000,
            on_error=lambda error, items: self.refused.append((str(error), len(items))),
        )
        every = self.customers // (len(blows) + 1)
        for number in range(self.customers):
            self.tracked += look_round(client, f"customer-{number}")
            if number % every == every - 1 and blows:
                self._strike(blows.pop())
        while blows:
            self._strike(blows.pop())
        self.world.children.tend_until(client.queue.empty, seconds=60)
        client.join()

    def _want_all_at_once(self, blows: list[str]) -> None:
        """Three broadcasts, a flow and the API at once, while what was tracked becomes stages and enters a flow."""
        began = self.world.now()
        self._patiently(shops.start_broadcasts, self.workspace, BROADCASTS, began)
        self.forwarded = self._patiently(
            shops.put_forward_to_all, self.workspace, f"api:{self.seed}", self.world.now()
        )
        self._patiently(shops.let_all_in, self.workspace, f"api:{self.seed}", self.world.now())
        for blow in blows:
            self._strike(blow)
        # What is to happen at a time that a clock has told waits for it: one that is behind is put right again.
        self.world.set_clock(max(self.world.now(), self.latest))

    def _strike(self, blow: str) -> None:
        DISTURBANCES[blow](self)
        self.done[blow] += 1
        self.world.children.tend_until(lambda: False, seconds=self.chance.uniform(0.3, 1.5))

    def _settle(self) -> dict[str, Any]:
        """Wait until nothing is waiting. What only time brings on gets it: leases of the dead, what was deferred, and
        what is let go bit by bit over minutes after a night.
        """
        seen: dict[str, int] = {}
        moved = passed = time.monotonic()
        while time.monotonic() - moved < STUCK:
            self.world.children.tend_until(lambda: False, seconds=0.5)
            counts: dict[str, Any] = self._patiently(shops.count, self.workspace, self.world.now())
            if not counts["waiting"]:
                return counts
            if counts["waiting"] != seen:
                seen, moved = counts["waiting"], time.monotonic()
            elif set(seen) <= {"claimed", "due"} and time.monotonic() - max(moved, passed) > 2:
                self.world.pass_time(LEASE_AND_MORE)
                passed = time.monotonic()
            if time.monotonic() - passed > BIT_BY_BIT:
                self.world.pass_time(A_MINUTE)
                passed = time.monotonic()
        self.wrong.append(f"nothing moved for {STUCK} s: {counts['waiting']}")
        return counts

    def _end_what_waits(self) -> None:
        """Day by day, so that what was deferred is asked again when it may go, until nothing can be waiting."""
        for _day in range(4):
            self.world.pass_time(timedelta(days=1))
            self._settle()

    def _everybody_can_be_reached_again(self) -> None:
        """Nothing that was held back is held for ever: in a week without messages everybody gets one."""
        self.world.pass_time(timedelta(days=8))
        before = self._settle()["outcomes"].get("send", 0)
        self.world.ask(shops.start_broadcasts, self.workspace, [{}], self.world.now())
        after = self._settle()["outcomes"].get("send", 0)
        self._must("everybody is sent a message after a quiet week", after - before, self.customers)

    def _check(self) -> None:
        """The books."""
        counts = self.counts = self._settle()
        letters = Counter({one: n for one, n in self.world.letters().items() if one not in self.earlier})
        sent, unknown = set(counts["sent"]), set(counts["unknown"])
        self._must("nothing is refused at the door", self.refused, [])
        self._must("no event is lost", counts["events"], self.tracked)
        self._must("no event is doubled", counts["event_ids"], self.tracked)
        self._must(
            "each broadcast reaches everybody once", set(counts["put_forward"].values()), {self.customers}
        )
        self._must("the API's customers are put forward once", self.forwarded, self.customers)
        self._must(
            "everybody goes through each flow once, by every step",
            self.world.ask(shops.flow_books, self.workspace),
            {
                "finished": {self.customers},
                "refused": {self.customers},  # what lets in happens to everybody twice
                "other ends": set(),
                "went on at each step": {self.customers},
                "put forward by each nudge": {self.customers},
            },
        )
        self._must("each candidate has one decision", counts["decisions"], counts["candidates"])
        self._must("nothing waits for ever", counts["outcomes"].get("defer", 0), 0)
        self._must(
            "what is to be sent is a message, and what was cancelled is not", counts["not_as_decided"], []
        )
        self._must("no message is sent twice", [one for one, n in letters.items() if n > 1], [])
        self._must("what is called sent was sent", sent - set(letters), set())
        # What was being sent when a process died may have gone out or not: the ledger says "not known".
        self._must("what was sent is called sent or not known", set(letters) - sent - unknown, set())
        self._must(
            "not known are only those in the hands of the dead", len(unknown) <= IN_HAND * self.kills, True
        )
        self._must("a message ends", set(counts["messages"]) <= {"sent", "unknown", "cancelled"}, True)
        self._must("the audit finds nothing", self.world.ask(shops.audit, self.world.now()), [])

    def _must(self, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.wrong.append(f"{what}: {found!r:.300}, not {wanted!r:.300}")

    def _patiently(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Asked again when the database was killed under it; what is asked for happens once or not at all."""
        try:
            return self.world.ask(work, *arguments)
        except AssertionError:
            time.sleep(1)
            return self.world.ask(work, *arguments)


def look_round(client: Client, user: str) -> int:
    """One customer looks round for two needs; returns the number of calls. The server sets its clock against ours."""
    now = datetime.now(UTC)
    calls = [
        (event, {"product_id": f"{need}-{sku}", "category": need})
        for need in ("tents", "boots")
        for event, sku in [
            ("Product Viewed", 1),
            ("Product Viewed", 2),
            ("Product Added to Wishlist", 1),
            ("Product Added", 2),
        ]
    ]
    for event, properties in calls:
        client.track(user, event, properties, timestamp=now)
    return len(calls)


def kill_a_worker(storm: Storm) -> None:
    storm.world.kill(storm.chance.choice(WORKERS))
    storm.kills += 1


def kill_in_a_worker(storm: Storm) -> None:
    storm.world.kill_one_of_its_own(storm.chance.choice(WORKERS), storm.chance)
    storm.kills += 1


def kill_a_clock(storm: Storm) -> None:
    storm.world.kill(storm.chance.choice(CLOCKS))


def kill_postgres(storm: Storm) -> None:
    storm.world.kill_postgres()
    storm.kills += len(WORKERS)


def restart_postgres(storm: Storm) -> None:
    storm.world.restart_postgres()
    storm.kills += len(WORKERS)


def flush_the_broker(storm: Storm) -> None:
    storm.world.flush_broker()


def clock_forwards(storm: Storm) -> None:
    """Over the night in which clocks change, or by some hours."""
    storm.world.pass_time(timedelta(hours=storm.chance.choice([1, 5, 13])))


def clock_backwards(storm: Storm) -> None:
    storm.latest = max(storm.latest, storm.world.now())
    storm.world.pass_time(-timedelta(minutes=storm.chance.choice([2, 20, 90])))


DISTURBANCES: dict[str, Callable[[Storm], None]] = {
    "a worker is killed": kill_a_worker,
    "a process of a worker is killed": kill_in_a_worker,
    "a clock is killed": kill_a_clock,
    "Postgres is killed": kill_postgres,
    "Postgres is restarted": restart_postgres,
    "the broker is flushed": flush_the_broker,
    "the clock goes forwards": clock_forwards,
    "the clock goes backwards": clock_backwards,
}
