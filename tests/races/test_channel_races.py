"""Senders of every channel killed: the peer's log and our ledger agree, and nothing reaches a customer twice.

What each provider can do decides what is in doubt: nothing where it knows our id (webhook) or where nothing leaves the
house (inbox, staff task), at most what was reached where it cannot tell (text messages, browsers, devices, a mail
provider's API).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Event
from nudges.models import Circuit, Message, MessageState, Nudge
from nudges.sending import reconcile_claims
from nudges.sending.handing_over import STRIDE
from nudges.sending.reconciling import LEASE
from nudges.sending.reporting import report_of_twilio, take_report
from tests import make, make_messages
from tests.http2_peer import http2_peer
from tests.https_peer import HANG, Answer, Peer, https_peer
from tests.make import NOW
from tests.make_reachable import (
    TAKEN,
    channel_of,
    dispatch_id_of,
    message_by,
    open_account,
    settings_of,
)
from tests.races.send_messages import send_by
from tests.races.workers import KILLED, Worker, wait_until

pytestmark = pytest.mark.usefixtures("committed")
# `RACES=long`: 200 kills of each channel's senders at random moments; in CI a few. RACES_SEED draws other moments.
KILLS, LETTERS = (200, 2100) if os.environ.get("RACES") == "long" else (4, 40)
SEED = int(os.environ.get("RACES_SEED", "5"))
LATER = NOW + LEASE + timedelta(minutes=1)
CANNOT_TELL = ["sms", "web_push", "fcm", "apns", "resend"]
FOUND = ("OUTBOUND_CA_FILE", "OUTBOUND_PRIVATE_HOSTS", "TWILIO_URL", "FCM_URL", "APNS_URL", "ANYMAIL")


class Place:
    """A service with its peer, a nudge, and the workers that send to it."""

    def __init__(self, service: str, peer: Peer | None, settings: Any) -> None:
        self.service, self.peer, self.settings = service, peer, settings
        self.nudge: Nudge = make_messages.nudge(make.workspace())
        if peer is not None:
            peer.otherwise = TAKEN
            for name, value in settings_of(service, peer).items():
                setattr(settings, name, value)
            open_account(self.nudge.workspace, service, peer)

    def make_due(self, number: int) -> None:
        for _ in range(number):
            if self.peer is None:
                make_messages.message(self.nudge, make.customer(self.nudge.workspace), channel=self.service)
            else:
                message_by(self.service, self.nudge, self.peer)

    def sender(self, *death: str | int, at_once: int = 30) -> Worker:
        found = {name: getattr(self.settings, name) for name in FOUND}
        return Worker(send_by, channel_of(self.service), at_once, *death, **found)

    def settle(self) -> None:
        """What the clock does when the leases of the dead are over."""
        while reconcile_claims(now=LATER)["taken"]:
            pass
        Message.objects.filter(state="decided").update(next_attempt_at=NOW)
        assert self.sender().end() == 0

    def log(self) -> Counter[Any]:
        """How often the peer got each dispatch id."""
        came = list(self.peer.received) if self.peer else []
        return Counter(found for one in came if (found := dispatch_id_of(self.service, one)))

    def agrees(self) -> None:
        """Sent is what the peer has, in doubt only what is called unknown, and each slot is kept."""
        log = self.log()
        done = {MessageState.DELIVERED} if self.service == "inbox" else {MessageState.SENT}
        for message in Message.objects.all():
            times = log[message.dispatch_id]
            if (
                self.service == "webhook"
            ):  # the receiver knows the id, so a second copy is none to the customer
                assert message.state in done
                assert times >= 1
            elif self.peer is None:
                assert message.state in done
            elif message.state in done:
                assert times == 1
            else:
                assert message.state == "unknown"
                assert times <= 1
            assert message.counts is (self.service != "inbox")
        told = Event.objects.filter(name__in=["Message Sent", "Message Delivered"])
        assert sorted(told.values_list("properties__message_id", flat=True)) == sorted(
            Message.objects.filter(state__in=done).values_list("pk", flat=True)
        )


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


@pytest.fixture
def place(request: pytest.FixtureRequest, settings: Any) -> Iterator[Place]:
    service = request.param
    if service in ("inbox", "staff_task"):
        yield Place(service, None, settings)
        return
    with http2_peer(settings) if service == "apns" else https_peer(settings) as peer:
        yield Place(service, peer, settings)


@pytest.mark.parametrize("place", CANNOT_TELL, indirect=True)
def test_where_nobody_can_tell_only_what_was_reached_is_unknown(place: Place) -> None:
    in_doubt = 0
    for point, number, doubted in (
        ("claimed", 1, 0),
        ("begun", 1, STRIDE),
        ("accepted", 4, STRIDE),
        ("begun", 23, 26),
    ):
        place.make_due(26)
        arrived = sum(place.log().values())
        assert place.sender(point, number).end() == KILLED
        arrived = sum(place.log().values()) - arrived
        place.settle()
        in_doubt += doubted
        assert states()["unknown"] == in_doubt, (point, number)
        assert arrived >= doubted - STRIDE  # nearly all that is in doubt did arrive
    assert states() == {"sent": 4 * 26 - in_doubt, "unknown": in_doubt}
    place.agrees()


@pytest.mark.parametrize("place", ["sms", "web_push", "fcm", "resend"], indirect=True)
def test_killed_while_the_provider_has_it_and_has_not_answered(place: Place) -> None:
    assert place.peer
    place.make_due(3)
    tokens = 1 if place.service == "fcm" else 0  # Google is asked for one before
    place.peer.answers = [*[TAKEN] * tokens, TAKEN, Answer(fault=HANG)]
    worker = place.sender()
    wait_until(lambda: peer_is_well() and len(place.peer.received) == tokens + 2)
    assert worker.kill()
    place.settle()
    assert states() == {"unknown": 3}
    assert sum(place.log().values()) == 2
    place.agrees()


@pytest.mark.parametrize("place", ["sms"], indirect=True)
def test_what_the_provider_reports_later_settles_what_nobody_knew(place: Place) -> None:
    place.make_due(6)
    assert place.sender("accepted", 4).end() == KILLED
    place.settle()
    assert states() == {"unknown": 6}
    for dispatch_id in place.log():
        report = report_of_twilio(
            {"MessageStatus": "delivered", "MessageSid": "SM1"}, dispatch_id=dispatch_id
        )
        assert report is not None
        assert take_report(workspace_id=place.nudge.workspace_id, report=report, now=LATER)
    assert states() == {"delivered": 4, "unknown": 2}


@pytest.mark.parametrize("place", ["webhook", "inbox", "staff_task"], indirect=True)
def test_where_a_second_hand_over_is_harmless_nothing_is_in_doubt(place: Place) -> None:
    for point, number in (("claimed", 1), ("begun", 1), ("accepted", 4)):
        place.make_due(8)
        assert place.sender(point, number).end() == KILLED
        place.settle()
        place.agrees()
    log = place.log()
    assert len(log) == (24 if place.peer else 0)
    assert sum(log.values()) <= 24 + 4  # again is only what was under way


@pytest.mark.parametrize("place", ["webhook"], indirect=True)
def test_once_the_receiver_has_forgotten_the_id_it_is_not_handed_over_again(place: Place) -> None:
    place.make_due(4)
    assert place.sender("accepted", 2).end() == KILLED
    reconcile_claims(now=NOW + timedelta(hours=25))
    assert states() == {"unknown": 4}
    assert sum(place.log().values()) == 2


@pytest.mark.parametrize("place", [*CANNOT_TELL, "webhook"], indirect=True)
def test_killed_at_random_again_and_again(place: Place) -> None:
    place.make_due(LETTERS)
    chance, kills = random.Random(SEED), 0
    while Message.objects.filter(state="decided").count() > 20 and kills < KILLS:
        senders = [place.sender(at_once=10) for _ in range(2)]
        assert place.peer
        enough = len(place.peer.received) + chance.randrange(2, 8)
        wait_until(
            lambda enough=enough: (
                peer_is_well()
                and (
                    len(place.peer.received) >= enough or not Message.objects.filter(state="decided").exists()
                )
            )
        )
        for victim in senders:
            kills += victim.kill()
    in_doubt = Message.objects.filter(state="claimed").exclude(begun_at=None).count()
    assert kills >= 2
    assert place.sender().end() == 0
    place.settle()
    assert states()["unknown"] <= in_doubt
    assert sum(states().values()) == LETTERS
    place.agrees()
    if os.environ.get("RACES") == "long":
        print(f"\n{place.service}: {kills} kills, {dict(states())}")


def peer_is_well() -> bool:
    """True; a peer that fails is said at once, not waited for."""
    assert not Circuit.objects.filter(failures__gt=0).exists(), "the peer fails"
    return True
