"""Test messages: they go out beside the ledger."""

from __future__ import annotations

import pytest
from django.core import mail

from engagement.models import Customer, Workspace
from nudges.channels.trying import try_channel
from nudges.models import Message, Nudge, Pressure
from tests import make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import became

pytestmark = pytest.mark.django_db


def test_test_messages_do_not_count(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 1)
    for _time in range(3):
        try_channel(workspace=workspace, channel="email", customer=customer, now=NOW)
    assert len(mail.outbox) == 3
    assert not Message.objects.exists()
    assert not Pressure.objects.exclude(sent_at=[]).exists()
    assert became(make_nudges.candidate(nudge, customer)) == ("send", "sent")
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "capped")
