"""A worker died with claims in its hands."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Workspace
from nudges.channels import Envelope, Sent
from nudges.models import Decision, Message, Nudge
from nudges.sending import reconcile_claims, send_messages
from nudges.sending.claiming import begin_reach, forget_reach, note_reach
from nudges.sending.handing_over import STRIDE
from nudges.sending.reconciling import LEASE
from nudges.sending.recording import Result, record
from tests import make_messages
from tests.make import NOW
from tests.nudges.sending.scripted import (
    MINUTE,
    Scripted,
    ScriptedIdempotent,
    ScriptedQueryable,
    message,
    names,
    use,
)

pytestmark = pytest.mark.django_db


LATER = NOW + LEASE + MINUTE


def dead(message: Message, *, begun: bool) -> Message:
    token = uuid.uuid4()
    make_messages.claim(limit=1, token=token)
    if begun:
        Message.objects.filter(pk=message.pk).update(begun_at=NOW, attempts=1)
    message.refresh_from_db()
    assert message.claim_token == token
    return message


def test_a_living_workers_claim_is_left_alone(nudge: Nudge) -> None:
    held = dead(message(nudge), begun=True)
    assert reconcile_claims(now=NOW + LEASE - MINUTE)["taken"] == 0
    held.refresh_from_db()
    assert held.state == "claimed"


def test_what_had_not_begun_goes_back_at_once(nudge: Nudge, scripted: type[Scripted]) -> None:
    dead(message(nudge), begun=False)
    assert reconcile_claims(now=LATER)["returned"] == 1
    assert send_messages(now=LATER)["sent"] == 1
    assert len(scripted.given) == 1


def test_a_nudge_in_doubt_is_unknown_and_keeps_its_slot(nudge: Nudge, scripted: type[Scripted]) -> None:
    lost = dead(message(nudge), begun=True)
    assert reconcile_claims(now=LATER)["unknown"] == 1
    lost.refresh_from_db()
    assert (lost.state, lost.counts) == ("unknown", True)
    assert send_messages(now=LATER)["taken"] == 0
    assert scripted.given == []


def test_a_worker_thought_dead_may_still_say_what_it_knows(nudge: Nudge) -> None:
    lost = dead(message(nudge), begun=True)
    token = lost.claim_token
    assert token is not None
    reconcile_claims(now=LATER)
    record([(lost, Result("sent", provider_id="p-9"))], token=token, now=LATER)  # type: ignore[arg-type]
    lost.refresh_from_db()
    assert (lost.state, lost.provider_id) == ("sent", "p-9")


def test_a_worker_thought_dead_that_lives_hands_nothing_more_over(
    nudge: Nudge, scripted: type[Scripted]
) -> None:
    """A host that stood still, or a clock that was put forward: others have taken what it had not come to."""
    for number in range(STRIDE + 5):
        message(nudge, f"n{number}")

    def stand_still(envelope: Envelope) -> None:
        Scripted.before = None
        assert reconcile_claims(now=LATER) == {"taken": STRIDE + 5, "unknown": STRIDE, "decided": 5}

    Scripted.before = stand_still
    counts = send_messages(now=NOW, limit=STRIDE + 5)
    assert names(scripted.given) == [f"n{number}" for number in range(STRIDE)]
    assert counts["sent"] == STRIDE  # it may still say what became of those
    assert send_messages(now=LATER)["sent"] == 5
    assert names(scripted.given) == [f"n{number}" for number in range(STRIDE + 5)]
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_a_claim_that_was_taken_begins_nothing_more(nudge: Nudge) -> None:
    held = dead(message(nudge), begun=True)
    assert held.claim_token
    reconcile_claims(now=LATER)
    assert not begin_reach(token=held.claim_token, now=LATER)
    assert not note_reach(held.pk, token=held.claim_token, now=LATER)


def test_a_claim_whose_word_is_gone_goes_no_further(nudge: Nudge) -> None:
    """A host may stand still for longer than what was taken is remembered."""
    token = uuid.uuid4()
    assert begin_reach(token=token, now=NOW)
    assert note_reach(7, token=token, now=NOW)
    forget_reach(token)
    assert not note_reach(9, token=token, now=NOW)


def test_a_service_message_in_doubt_goes_again(shop: Workspace, scripted: type[Scripted]) -> None:
    service = dead(message(make_messages.nudge(shop, promise="service")), begun=True)
    assert reconcile_claims(now=LATER)["decided"] == 1
    service.refresh_from_db()
    assert service.state == "decided"
    assert send_messages(now=LATER + MINUTE)["sent"] == 1


def test_an_idempotent_provider_gets_it_again_while_it_remembers(
    nudge: Nudge, scripted: type[Scripted], settings: Any
) -> None:
    use(settings, ScriptedIdempotent)
    dead(message(nudge), begun=True)
    assert reconcile_claims(now=LATER)["decided"] == 1


def test_and_not_when_it_has_forgotten(nudge: Nudge, settings: Any) -> None:
    use(settings, ScriptedIdempotent)
    dead(message(nudge), begun=True)
    assert reconcile_claims(now=NOW + timedelta(hours=2))["unknown"] == 1


def test_a_queryable_provider_is_asked(shop: Workspace, settings: Any, scripted: type[Scripted]) -> None:
    use(settings, ScriptedQueryable)
    nudge = make_messages.nudge(shop)
    had = dead(message(nudge, "ana"), begun=True)
    never = dead(message(nudge, "ben"), begun=True)
    scripted.known = {had.dispatch_id: Sent("p-7")}
    counts = reconcile_claims(now=LATER)
    assert (counts["sent"], counts["decided"]) == (1, 1)
    had.refresh_from_db()
    never.refresh_from_db()
    assert (had.state, had.provider_id) == ("sent", "p-7")
    assert never.state == "decided"


def test_what_waited_past_its_time_is_ended_and_explained(nudge: Nudge) -> None:
    late = message(nudge, not_after=NOW + MINUTE)
    assert reconcile_claims(now=NOW + 2 * MINUTE)["cancelled"] == 1
    late.refresh_from_db()
    assert (late.state, late.counts) == ("cancelled", False)
    assert Decision.objects.get().reason == "expired"
