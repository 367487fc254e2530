"""Reports of providers of e-mail: proven by their secret, safe twice and in any order, with what follows from them."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from engagement.models import Address, Consent, Event, Suppression
from nudges.models import Message
from tests import make, make_messages
from tests.make import NOW

pytestmark = pytest.mark.django_db
RIGHT = b64encode(b"hook:secret").decode()


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "hook:secret"}


@pytest.fixture
def sent() -> Message:
    nudge = make_messages.nudge(make.workspace())
    customer = make.customer(nudge.workspace, email="ana@example.org")
    return make_messages.message(
        nudge, customer, state="sent", attempts=1, sent_at=NOW, provider_id="pm-1", next_attempt_at=None
    )


def report(record_type: str, *, authorization: str = RIGHT, provider: str = "postmark", **fields: Any) -> int:
    """Postmark's webhook, as it posts it."""
    told = {
        "RecordType": record_type,
        "MessageID": "pm-1",
        "Recipient": "ana@example.org",
        "Email": "ana@example.org",
        "DeliveredAt": "2026-03-04T12:00:00Z",
        "BouncedAt": "2026-03-04T12:00:00Z",
        "Metadata": {},
    }
    answer = Client().post(
        f"/m/in/mail/{provider}/",
        json.dumps(told | fields),
        content_type="application/json",
        headers={"Authorization": f"Basic {authorization}"},
    )
    return answer.status_code


def bounce(kind: str = "HardBounce", **fields: Any) -> int:
    return report("Bounce", Type=kind, TypeCode=1, Description="Nobody there", Details="550 5.1.1", **fields)


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_nobody_is_heard_without_the_secret_or_while_there_is_none(sent: Message, settings: Any) -> None:
    assert report("Delivery", authorization=b64encode(b"hook:guess").decode()) == 403
    assert report("Delivery", provider="nobody") == 404
    settings.ANYMAIL = {}
    assert report("Delivery") == 404
    assert Client().get("/m/in/mail/postmark/").status_code == 405
    assert state(sent) == "sent"


def test_delivered_is_heard_once(sent: Message) -> None:
    assert report("Delivery") == report("Delivery") == 200
    assert state(sent) == "delivered"
    assert sent.counts
    assert Event.objects.filter(name="Message Delivered").count() == 1


def test_a_hard_bounce_frees_the_slot_and_suppresses_and_a_late_delivery_changes_nothing(
    sent: Message,
) -> None:
    for _ in range(2):
        assert bounce() == 200
    assert report("Delivery") == 200
    assert (state(sent), sent.counts) == ("bounced", False)
    assert "550 5.1.1" in sent.error or "Nobody" in sent.error
    assert Address.objects.get().suppression_reason == "hard_bounce"
    assert Suppression.objects.get().source in ("email", "postmark")


def test_a_full_mailbox_suppresses_nobody(sent: Message) -> None:
    assert bounce("SoftBounce") == 200
    assert Address.objects.get().suppressed_at is None
    assert not Suppression.objects.exists()


def test_a_complaint_suppresses_at_once_and_outweighs_a_bounce(sent: Message) -> None:
    for _ in range(2):
        assert report("SpamComplaint", Type="SpamComplaint", TypeCode=512, Description="", Details="") == 200
    assert (state(sent), sent.counts) == ("delivered", True)
    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.source) == ("complaint", "postmark")
    assert Event.objects.filter(name="Message Complained").count() == 1


def test_leaving_at_the_provider_leaves_the_category(sent: Message) -> None:
    told: dict[str, Any] = {
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
        "Origin": "Recipient",
        "ChangedAt": "2026-03-04T12:00:00Z",
    }
    assert report("SubscriptionChange", **told) == 200
    consent = Consent.objects.get()
    assert (consent.state, consent.source, consent.category) == ("denied", "provider", sent.category)


def test_a_message_in_doubt_is_found_by_our_own_id_and_settled(sent: Message) -> None:
    Message.objects.update(state="unknown", provider_id="")
    assert report("Delivery", MessageID="pm-9", Metadata={"dispatch_id": str(sent.dispatch_id)}) == 200
    assert (state(sent), sent.provider_id) == ("delivered", "pm-9")


@pytest.mark.parametrize(
    "fields", [{"MessageID": "pm-2"}, {"Recipient": "eve@example.org", "Email": "eve@example.org"}]
)
def test_what_is_about_no_mail_of_ours_changes_nothing(sent: Message, fields: dict[str, str]) -> None:
    assert bounce(**fields) == 200
    assert state(sent) == "sent"
    assert not Suppression.objects.exists()


def test_what_cannot_be_read_is_refused(sent: Message) -> None:
    answer = Client().post(
        "/m/in/mail/postmark/",
        "nonsense",
        content_type="application/json",
        headers={"Authorization": f"Basic {RIGHT}"},
    )
    assert answer.status_code == 400
