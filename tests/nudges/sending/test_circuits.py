"""Providers that are down: their messages wait or go to the next one, and burn no attempts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nudges.channels import Refused
from nudges.models import Circuit, Message, Nudge
from nudges.sending import send_messages
from tests.make import NOW
from tests.nudges.sending.scripted import MINUTE, Scripted, message

pytestmark = pytest.mark.django_db


DOWN = Refused("connection refused", permanent=False, is_provider=True)


def test_a_dead_provider_burns_no_attempts_and_the_rest_waits(nudge: Nudge, scripted: type[Scripted]) -> None:
    everybody = [message(nudge, f"p{n}") for n in range(8)]
    scripted.answers = {each.address: [DOWN] * 9 for each in everybody}
    counts = send_messages(now=NOW)
    assert len(scripted.given) == 3
    assert (counts["taken"], counts["decided"]) == (8, 8)
    assert set(Message.objects.values_list("state", "attempts", "counts")) == {("decided", 0, True)}
    circuit = Circuit.objects.get()
    assert circuit.failures == 3
    assert circuit.open_until == NOW + timedelta(seconds=15)
    assert circuit.last_error == "connection refused"
    # While it is open nobody knocks.
    assert send_messages(now=NOW + timedelta(seconds=14))["taken"] == 0
    # Then one does, and it waits longer.
    assert send_messages(now=NOW + timedelta(seconds=16))["taken"] == 1
    assert len(scripted.given) == 4
    circuit.refresh_from_db()
    assert circuit.open_until == NOW + timedelta(seconds=16 + 30)


def test_one_success_closes_it(nudge: Nudge, scripted: type[Scripted]) -> None:
    everybody = [message(nudge, f"p{n}") for n in range(8)]
    scripted.answers = {each.address: [DOWN] for each in everybody[:3]}
    send_messages(now=NOW)
    assert send_messages(now=NOW + MINUTE)["sent"] == 8
    circuit = Circuit.objects.get()
    assert (circuit.failures, circuit.open_until) == (0, None)
    assert len(scripted.given) == 3 + 8


def test_a_refused_recipient_is_not_the_providers_failure(nudge: Nudge, scripted: type[Scripted]) -> None:
    everybody = [message(nudge, f"p{n}") for n in range(5)]
    scripted.answers = {each.address: [Refused("451", permanent=False)] for each in everybody}
    send_messages(now=NOW)
    assert len(scripted.given) == 5
    assert not Circuit.objects.exists()


class TestProvidersByOrder:
    @pytest.fixture(autouse=True)
    def two(self, settings: Any, scripted: type[Scripted]) -> None:
        settings.CHANNELS = {
            "email": [f"{Scripted.__module__}.Scripted", f"{Scripted.__module__}.ScriptedSecond"]
        }

    def test_the_next_one_takes_over_when_the_first_is_down_and_nothing_goes_twice(
        self, nudge: Nudge
    ) -> None:
        everybody = [message(nudge, f"p{n}") for n in range(8)]
        Scripted.answers = {each.address: [DOWN] for each in everybody[:3]}
        counts = send_messages(now=NOW)
        assert counts["sent"] == 5  # held back by the first, taken by the second in the same run
        assert send_messages(now=NOW + timedelta(seconds=2))["sent"] == 3
        assert set(Message.objects.values_list("state", "provider", "attempts")) == {("sent", "second", 1)}
        assert Circuit.objects.get(open_until__gt=NOW).provider == "scripted"

    def test_the_second_gets_nothing_while_the_first_works(self, nudge: Nudge) -> None:
        message(nudge)
        assert send_messages(now=NOW)["sent"] == 1
        assert Message.objects.get().provider == "scripted"
