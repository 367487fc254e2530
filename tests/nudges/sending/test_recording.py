"""What a provider's answers make of messages: refused, waiting, unknown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Address, Customer, Event, Workspace
from nudges.channels import Refused, Unknown
from nudges.models import Nudge, Pressure
from nudges.sending import reconcile_claims, send_messages
from tests import make, make_messages
from tests.make import NOW
from tests.nudges.sending.scripted import MINUTE, Scripted, message, names

pytestmark = pytest.mark.django_db


def test_a_permanent_one_fails_and_gives_the_slot_back(nudge: Nudge, scripted: type[Scripted]) -> None:
    failed = message(nudge)
    scripted.answers = {failed.address: [Refused("554 no", permanent=True)]}
    assert send_messages(now=NOW)["failed"] == 1
    failed.refresh_from_db()
    assert (failed.state, failed.error, failed.counts) == ("failed", "554 no", False)
    assert Pressure.objects.get().message_ids == []
    assert Event.objects.get().name == "Message Failed"
    assert Address.objects.get().suppressed_at is None


def test_a_hard_bounce_suppresses_the_address_for_everybody_who_has_it(
    nudge: Nudge, scripted: type[Scripted]
) -> None:
    bounced = message(nudge)
    other = make.customer(nudge.workspace, email=bounced.address)
    elsewhere = make.customer(make.workspace(), email=bounced.address)
    refusal = Refused("550 5.1.1", permanent=True, is_bounce=True, suppresses="hard_bounce")
    scripted.answers = {bounced.address: [refusal]}
    assert send_messages(now=NOW)["bounced"] == 1
    bounced.refresh_from_db()
    assert (bounced.state, bounced.counts) == ("bounced", False)
    for customer in (bounced.customer, other):
        address = Address.objects.get(customer=customer)
        assert (address.suppressed_at, address.suppression_reason) == (NOW, "hard_bounce")
    assert Address.objects.get(customer=elsewhere).suppressed_at is None


def test_a_transient_one_waits_each_time_and_keeps_its_slot(nudge: Nudge, scripted: type[Scripted]) -> None:
    retried = message(nudge)
    scripted.answers = {retried.address: [Refused("451", permanent=False)] * 3}
    now, waits = NOW, []
    for _attempt in range(3):
        assert send_messages(now=now)["decided"] == 1
        retried.refresh_from_db()
        assert retried.next_attempt_at is not None
        waits.append(retried.next_attempt_at - now)
        assert send_messages(now=retried.next_attempt_at - timedelta(seconds=1))["taken"] == 0
        now = retried.next_attempt_at
    assert all(
        timedelta(seconds=1) <= wait <= 30 * 2**n * timedelta(seconds=1) for n, wait in enumerate(waits)
    )
    assert send_messages(now=now)["sent"] == 1
    retried.refresh_from_db()
    assert (retried.attempts, retried.counts) == (4, True)
    assert len({envelope.dispatch_id for envelope in scripted.given}) == 1


def test_what_the_provider_asks_for_is_respected(nudge: Nudge, scripted: type[Scripted]) -> None:
    retried = message(nudge)
    wait = timedelta(minutes=20)
    scripted.answers = {retried.address: [Refused("429", permanent=False, retry_after=wait)]}
    send_messages(now=NOW)
    retried.refresh_from_db()
    assert retried.next_attempt_at == NOW + wait


def test_it_is_given_up_at_its_not_after(nudge: Nudge, scripted: type[Scripted]) -> None:
    given_up = message(nudge, not_after=NOW + timedelta(milliseconds=500))
    scripted.answers = {given_up.address: [Refused("451", permanent=False)]}
    assert send_messages(now=NOW)["failed"] == 1
    given_up.refresh_from_db()
    assert given_up.state == "failed"
    assert "not_after" in given_up.error
    assert not given_up.counts


def test_one_failing_recipient_holds_up_no_other(nudge: Nudge, scripted: type[Scripted]) -> None:
    for name in ("ana", "ben", "cleo", "dan"):
        message(nudge, name)
    scripted.answers = {
        "ana@example.org": [Refused("451", permanent=False)],
        "ben@example.org": [Refused("550", permanent=True, is_bounce=True)],
        "cleo@example.org": [Unknown("cut")],
    }
    counts = send_messages(now=NOW)
    assert (counts["sent"], counts["decided"], counts["bounced"], counts["unknown"]) == (1, 1, 1, 1)
    send_messages(now=NOW + timedelta(hours=1))
    assert names(scripted.given) == ["ana", "ben", "cleo", "dan", "ana"]


def test_words_that_lack_data_fail_alone(shop: Workspace, scripted: type[Scripted]) -> None:
    nudge = make_messages.nudge(shop, words="Dear {{ customer.traits.title }}")
    failed, sent = message(nudge, "ana"), message(nudge, "ben")
    Customer.objects.filter(pk=sent.customer_id).update(traits={"title": "Dr"})
    counts = send_messages(now=NOW)
    assert (counts["failed"], counts["sent"]) == (1, 1)
    failed.refresh_from_db()
    assert failed.error == "missing data: customer.traits.title"
    assert names(scripted.given) == ["ben"]


def test_a_fault_of_ours_in_one_message_waits_and_holds_up_no_other(
    shop: Workspace, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nudges import wording
    from nudges.sending import enveloping

    sound = wording.render

    def broken(**known: Any) -> Any:
        if known["known"].customer.name == "Ana":
            raise RuntimeError("a fault")
        return sound(**known)

    monkeypatch.setattr(enveloping, "render", broken)
    nudge = make_messages.nudge(shop)
    waits = message(nudge, "ana")
    message(nudge, "ben")
    counts = send_messages(now=NOW)
    assert (counts["decided"], counts["sent"]) == (1, 1)
    waits.refresh_from_db()
    assert waits.next_attempt_at is not None
    assert waits.next_attempt_at > NOW


def test_a_nudge_stays_so_keeps_its_slot_and_is_not_sent_again(
    nudge: Nudge, scripted: type[Scripted]
) -> None:
    lost = message(nudge)
    scripted.answers = {lost.address: [Unknown("cut")]}
    assert send_messages(now=NOW)["unknown"] == 1
    lost.refresh_from_db()
    assert (lost.state, lost.next_attempt_at, lost.counts) == ("unknown", None, True)
    assert not Event.objects.exists()
    send_messages(now=NOW + timedelta(hours=1))
    reconcile_claims(now=NOW + timedelta(hours=1))
    assert len(scripted.given) == 1


def test_a_service_message_is_sent_again_under_the_same_id(shop: Workspace, scripted: type[Scripted]) -> None:
    service = message(make_messages.nudge(shop, promise="service"))
    scripted.answers = {service.address: [Unknown("cut")]}
    assert send_messages(now=NOW)["decided"] == 1
    assert send_messages(now=NOW + MINUTE)["sent"] == 1
    first, second = scripted.given
    assert first.dispatch_id == second.dispatch_id
