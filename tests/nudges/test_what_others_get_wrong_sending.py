"""Regressions of other systems in delivery, tried on a real mail server; what dies in the middle is in tests/races."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Address, Workspace
from nudges.models import Message, Nudge
from nudges.sending import send_messages
from tests import make, make_messages
from tests.make import NOW
from tests.smtp_peer import Peer, smtp_peer

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with smtp_peer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 0.5
        settings.CHANNELS = {"email": "nudges.channels.email.EmailChannel"}
        yield running


@pytest.fixture
def nudge() -> Nudge:
    return make_messages.nudge(make.workspace(sender_email="shop@example.org"))


def message(nudge: Nudge, name: str, **fields: Any) -> Message:
    customer = make.customer(nudge.workspace, email=f"{name}@example.org")
    return make_messages.message(nudge, customer, **fields)


def send_often(times: int) -> None:
    for n in range(times):
        send_messages(now=NOW + n * DAY / 4)


def test_one_bad_recipient_sends_again_to_all_the_others(nudge: Nudge, peer: Peer) -> None:
    """Mautic #7226: one address that the server refused, and its whole batch went out again, endlessly."""
    for name in ("ana", "gone", "bo", "later", "cy"):
        message(nudge, name, not_after=NOW + 9 * DAY)
    send_often(6)
    assert Counter(to for to, _mail in peer.received) == {
        f"{name}@example.org": 1 for name in ("ana", "bo", "cy")
    }
    assert set(Message.objects.filter(address__startswith="gone").values_list("state", flat=True)) <= {
        "failed",
        "bounced",
    }


def test_a_message_that_the_server_refused_for_good_keeps_its_slot(nudge: Nudge, peer: Peer) -> None:
    """A hard bounce used up the day: nothing reached the customer, and nothing else was let through."""
    refused = message(nudge, "gone")
    send_messages(now=NOW)
    refused.refresh_from_db()
    assert not refused.counts
    assert peer.received == []


def test_a_failing_message_holds_up_the_queue_behind_it(nudge: Nudge, peer: Peer) -> None:
    """Parcelvoy PR #434: a failed send stalled what came after it."""
    message(nudge, "later", at=NOW - MINUTE)
    message(nudge, "ana")
    send_messages(now=NOW)
    assert [to for to, _mail in peer.received] == ["ana@example.org"]


def test_a_message_is_tried_again_after_the_time_until_which_it_is_true(nudge: Nudge, peer: Peer) -> None:
    """listmonk #1801 once more: a retry is no reason to be late."""
    late = message(nudge, "ana", not_after=NOW + MINUTE)
    send_messages(now=NOW + DAY)
    assert peer.received == []
    late.refresh_from_db()
    assert late.state != "sent"


def test_who_unsubscribes_between_deciding_and_sending_is_written_to(nudge: Nudge, peer: Peer) -> None:
    """Mautic #4356: what stood in the queue went out all the same."""
    queued = message(nudge, "ana")
    make.consent(queued.customer, nudge.category, state="denied")
    send_messages(now=NOW)
    queued.refresh_from_db()
    assert (peer.received, queued.state, queued.counts) == ([], "cancelled", False)


def test_an_address_that_bounced_is_tried_again_by_what_was_queued(nudge: Nudge, peer: Peer) -> None:
    """An aggregate number of bounces (PostHog #64179) helps nobody: the address itself must be out of use at once."""
    queued = message(nudge, "ana")
    Address.objects.filter(customer=queued.customer).update(suppressed_at=NOW, suppression_reason="bounced")
    send_messages(now=NOW)
    queued.refresh_from_db()
    assert (peer.received, queued.state) == ([], "cancelled")


def test_two_workers_send_one_notification_twice(nudge: Nudge, peer: Peer) -> None:
    """VA notification-api #2473, plane PR #9614. The claim is in the row; a second run finds nothing to take."""
    message(nudge, "ana")
    assert send_messages(now=NOW)["sent"] == 1
    assert send_messages(now=NOW) == {}
    assert len(peer.received) == 1


def test_another_tenants_flood_comes_first(nudge: Nudge, peer: Peer) -> None:
    """One tenant's campaign kept everybody else's mail waiting: claims go round the workspaces."""
    for n in range(30):
        message(nudge, f"flood-{n}")
    small: Workspace = make.workspace(sender_email="small@example.org")
    message(make_messages.nudge(small), "ana")
    send_messages(now=NOW, limit=4)
    assert "ana@example.org" in {to for to, _mail in peer.received}
