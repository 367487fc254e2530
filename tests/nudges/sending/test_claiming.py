"""Claims: each message has one worker, who may lose it, and no workspace starves another."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Event, Workspace
from nudges.channels import Envelope
from nudges.models import Message, Nudge
from nudges.sending import send_messages
from nudges.sending.recording import Result, record
from tests import make, make_messages
from tests.make import NOW
from tests.nudges.sending.scripted import Scripted, message, names

pytestmark = pytest.mark.django_db


def test_two_workers_never_have_the_same_message(nudge: Nudge) -> None:
    for name in ("ana", "ben", "cleo"):
        message(nudge, name)
    first = make_messages.claim(limit=2)
    second = make_messages.claim(limit=2)
    assert (len(first), len(second)) == (2, 1)
    assert not set(first) & set(second)


def test_a_workspace_with_a_backlog_does_not_starve_another(nudge: Nudge) -> None:
    for number in range(30):
        message(nudge, f"p{number}")
    other = make_messages.nudge(make.workspace())
    small = message(other, "zoe", next_attempt_at=NOW)
    claimed = make_messages.claim(limit=10)
    assert small.pk in claimed
    assert len(claimed) == 6  # its share of five, and the one that the other had


def test_with_more_workspaces_than_room_each_gets_its_turn(nudge: Nudge) -> None:
    for number in range(6):
        message(make_messages.nudge(make.workspace()), f"p{number}")
    claimed = {tuple(make_messages.claim(limit=2)) for _ in range(3)}
    assert sum(len(ids) for ids in claimed) == 6


def test_service_goes_before_what_has_waited_longer(shop: Workspace) -> None:
    message(make_messages.nudge(shop), "old", at=NOW - timedelta(days=1))
    urgent = message(make_messages.nudge(shop, promise="service"), "urgent")
    assert make_messages.claim(limit=1) == [urgent.pk]


def test_a_stale_worker_cannot_overwrite(nudge: Nudge) -> None:
    contested = message(nudge)
    stale, current = uuid.uuid4(), uuid.uuid4()
    make_messages.claim(limit=1, token=stale)
    Message.objects.update(claim_token=current)
    counts = record([(contested, Result("failed", error="late"))], token=stale, now=NOW)  # type: ignore[arg-type]
    assert counts["stale"] == 1
    contested.refresh_from_db()
    assert (contested.state, contested.claim_token, contested.counts) == ("claimed", current, True)
    assert not Event.objects.exists()


def test_whose_claim_was_taken_before_the_hand_over_does_not_send(
    shop: Workspace, scripted: type[Scripted]
) -> None:
    service = make_messages.nudge(shop, promise="service")  # begun one by one
    message(service, "ana")
    taken = message(service, "ben")

    def steal(envelope: Envelope) -> None:
        Message.objects.filter(pk=taken.pk).update(claim_token=uuid.uuid4())

    Scripted.before = steal
    counts = send_messages(now=NOW)
    assert (counts["sent"], counts["stale"]) == (1, 1)
    assert names(scripted.given) == ["ana"]


def test_an_error_in_the_middle_gives_back_what_had_not_begun(nudge: Nudge, scripted: type[Scripted]) -> None:
    known, doubtful, untouched = (message(nudge, name) for name in ("ana", "ben", "cleo"))

    def die(envelope: Envelope) -> None:
        if envelope.address == doubtful.address:
            raise KeyboardInterrupt

    Scripted.before = die
    with pytest.raises(KeyboardInterrupt):
        send_messages(now=NOW)
    for each in (known, doubtful, untouched):
        each.refresh_from_db()
    assert known.state == "sent"
    assert (doubtful.state, doubtful.begun_at) == ("claimed", NOW)
    assert (untouched.state, untouched.claim_token, untouched.attempts) == ("decided", None, 0)


def test_chunks_take_no_more_queries_for_more_messages_but_those_of_each_hand_over(nudge: Nudge) -> None:
    def queries(number: int, prefix: str) -> int:
        for n in range(number):
            message(nudge, f"{prefix}{n}", channel="inbox")
        with CaptureQueriesContext(connection) as seen:
            assert send_messages(now=NOW)["delivered"] == number
        return len(seen)

    queries(1, "first")  # prepares the statements, where this test is the first of its process
    assert queries(2, "a") == queries(15, "b")
