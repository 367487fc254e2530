"""Senders killed at marked points and at random: the provider's log and our ledger agree, and nothing is doubled."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from environ import Env

from engagement.models import Event
from nudges.models import Message, Reach
from nudges.sending import reconcile_claims
from nudges.sending.handing_over import STRIDE
from nudges.sending.reconciling import LEASE
from tests import make, make_messages
from tests.make import NOW
from tests.races.send_messages import send
from tests.races.workers import KILLED, Worker, wait_until
from tests.smtp_peer import Peer, smtp_peer

pytestmark = pytest.mark.usefixtures("committed")
# `RACES=long`: 200 kills at random moments; in CI a few. RACES_SEED draws other moments.
KILLS, LETTERS = (200, 4500) if os.environ.get("RACES") == "long" else (8, 200)
SEED = int(os.environ.get("RACES_SEED", "5"))
LATER = NOW + LEASE + timedelta(minutes=1)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with smtp_peer() as running:
        yield running


def make_due(nudges: int, *, service: int = 0) -> None:
    workspace = make.workspace()
    for number, promise in [(nudges, "choose_well"), (service, "service")]:
        nudge = make_messages.nudge(workspace, promise=promise)
        for place in range(number):
            customer = make.customer(workspace, email=f"{promise}-{place}@example.org")
            make_messages.message(nudge, customer)


def sender(peer: Peer, *death: str | int, window: int = 0) -> Worker:
    return Worker(partial(send, window=window), *death, **server(peer))


def server(peer: Peer) -> dict[str, Any]:
    return Env.email_url_config(f"smtp://127.0.0.1:{peer.port}")


def run(peer: Peer, *death: str | int, window: int = 0) -> int:
    return sender(peer, *death, window=window).end()


def taken(peer: Peer) -> Counter[str]:
    """How often the provider took each dispatch id."""
    return Counter(mail["Message-ID"].strip("<>").partition("@")[0] for _to, mail in peer.received)


def settle(peer: Peer) -> None:
    """What the clock does when the leases of the dead are over."""
    wait_until(is_reconciled)
    Message.objects.filter(state="decided").update(next_attempt_at=NOW)
    assert run(peer) == 0


def is_reconciled() -> bool:
    """The database may still be ending what the dead have asked of it, and hold their rows."""
    reconcile_claims(now=LATER)
    return not Message.objects.filter(state="claimed").exists()


def states(**of: str) -> Counter[str]:
    return Counter(Message.objects.filter(**of).values_list("state", flat=True))


def log_and_ledger_agree(peer: Peer) -> None:
    """Sent is what the provider has, once for nudges; in doubt is only what is called unknown."""
    log = taken(peer)
    for message in Message.objects.all():
        times = log[str(message.dispatch_id)]
        if message.state == "sent":
            assert times == 1 or (message.promise == "service" and times > 1)
        else:
            assert message.state == "unknown"
            assert message.promise != "service"
            assert times <= 1
        assert message.counts
    told = Event.objects.filter(name="Message Sent").values_list("properties__message_id", flat=True)
    assert sorted(told) == sorted(Message.objects.filter(state="sent").values_list("pk", flat=True))


def test_killed_between_claim_and_hand_over_nothing_is_in_doubt(peer: Peer) -> None:
    make_due(35)
    assert run(peer, "claimed", 1) == KILLED
    assert states() == {"claimed": 30, "decided": 5}
    assert run(peer) == 0  # others go on and leave the dead one's claims alone
    assert states() == {"claimed": 30, "sent": 5}
    settle(peer)
    assert states() == {"sent": 35}
    log_and_ledger_agree(peer)


@pytest.mark.parametrize(
    ("point", "number", "in_doubt"), [("begun", 1, STRIDE), ("accepted", 4, STRIDE), ("begun", 24, 30)]
)
def test_killed_during_a_hand_over_only_what_was_reached_is_unknown(
    peer: Peer, point: str, number: int, in_doubt: int
) -> None:
    make_due(35)
    assert run(peer, point, number) == KILLED
    assert states() == {"claimed": 30, "decided": 5}
    arrived = len(peer.received)
    settle(peer)
    assert states() == {"sent": 35 - in_doubt, "unknown": in_doubt}
    unknown = Message.objects.filter(state="unknown").values_list("dispatch_id", flat=True)
    # Nearly all that is in doubt did arrive: no more than a stride was reached and not yet handed over.
    assert sum(taken(peer)[str(dispatch_id)] for dispatch_id in unknown) == arrived >= in_doubt - STRIDE
    log_and_ledger_agree(peer)


@pytest.mark.parametrize(
    ("point", "number"), [("recording", 1), ("recording", 3), ("begun", 8), ("accepted", 13)]
)
def test_killed_between_windows_one_is_in_doubt_at_most(peer: Peer, point: str, number: int) -> None:
    window = 5
    make_due(25)
    assert run(peer, point, number, window=window) == KILLED
    settle(peer)
    unknown = set(Message.objects.filter(state="unknown").values_list("dispatch_id", flat=True))
    assert states() == {"sent": 25 - len(unknown), "unknown": len(unknown)}
    assert 0 < len(unknown) <= window
    log_and_ledger_agree(peer)


def test_after_a_crash_of_the_database_nobody_knows_how_far_it_came(peer: Peer) -> None:
    make_due(35)
    assert run(peer, "accepted", 4) == KILLED
    Reach.objects.all().delete()  # as recovery does with a table that is not logged
    settle(peer)
    assert states() == {"sent": 5, "unknown": 30}
    log_and_ledger_agree(peer)


@pytest.mark.parametrize(("point", "times"), [("begun", 1), ("accepted", 2)])
def test_killed_during_a_hand_over_a_service_message_goes_again(peer: Peer, point: str, times: int) -> None:
    make_due(0, service=1)
    assert run(peer, point, 1) == KILLED
    settle(peer)
    assert states() == {"sent": 1}
    assert list(taken(peer).values()) == [times]  # better twice than not at all, and under one Message-ID


def test_killed_at_random_again_and_again(peer: Peer) -> None:
    make_due(LETTERS, service=10)
    chance, kills = random.Random(SEED), 0
    while Message.objects.filter(state="decided").count() > 30 and kills < KILLS:
        senders = [sender(peer, window=window) for window in (0, 5)]
        wait_until_received(peer, len(peer.received) + chance.randrange(3, 15))
        for victim in senders:
            kills += victim.kill()
    in_doubt = Message.objects.filter(state="claimed").exclude(begun_at=None).count()
    assert kills >= 2
    assert run(peer) == 0
    settle(peer)
    assert states()["unknown"] <= in_doubt
    assert states(promise="service") == {"sent": 10}
    assert sum(states().values()) == LETTERS + 10
    log_and_ledger_agree(peer)


def wait_until_received(peer: Peer, number: int) -> None:
    wait_until(lambda: len(peer.received) >= number or not Message.objects.filter(state="decided").exists())


def test_three_senders_at_once_send_each_message_once(peer: Peer) -> None:
    make_due(60)
    for worker in [sender(peer) for _ in range(3)]:
        assert worker.end() == 0
    assert states() == {"sent": 60}
    assert set(taken(peer).values()) == {1}
    log_and_ledger_agree(peer)
