"""What Twilio tells us: signed or refused, once or twice, in any order; what customers write, and what it changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from engagement.addresses import register_address
from engagement.models import Address, Customer, Event, Merge, Workspace
from nudges.deciding import absorb_merges
from nudges.models import ChannelAccount, InboundText, Message, Pressure, Reply
from nudges.records import customer_record
from tests import make, make_messages
from tests.make_channels import account

pytestmark = pytest.mark.django_db
ANA = "+4915112345678"


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(name="Larkfell", locale="de")


@pytest.fixture
def twilio(shop: Workspace) -> ChannelAccount:
    return account(shop, "sms", account_sid="AC1", auth_token="t0ken", sender="+4930123")


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    customer = make.customer(shop, external_id="ana", locale="de")
    register_address(customer=customer, channel="sms", value=ANA, now=make.NOW)
    return customer


@pytest.fixture
def sent(shop: Workspace, ana: Customer) -> Message:
    now = timezone.now()
    nudge = make_messages.nudge(shop)
    return make_messages.message(
        nudge,
        ana,
        channel="sms",
        address=ANA,
        state="sent",
        at=now,
        sent_at=now,
        attempts=1,
        next_attempt_at=None,
    )


def tell(twilio: ChannelAccount, path: str, settings: Any, token: str = "t0ken", **fields: str) -> Any:
    """A call as Twilio makes and signs it."""
    path = f"/m/in/{twilio.pk}/{path}/"
    signed = f"{settings.BASE_URL}{path}" + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return Client().post(path, fields, headers={"X-Twilio-Signature": signature})


def write(twilio: ChannelAccount, settings: Any, body: str, sid: str = "", **fields: str) -> str:
    answer = tell(
        twilio, "message", settings, From=ANA, Body=body, MessageSid=sid or uuid.uuid4().hex, **fields
    )
    assert answer.status_code == 200
    return str(answer.content.decode())


def status(twilio: ChannelAccount, settings: Any, message: Message, word: str, **fields: str) -> Message:
    told = {"MessageSid": "SM9", "MessageStatus": word} | fields
    assert tell(twilio, f"status/{message.dispatch_id}", settings, **told).status_code == 204
    message.refresh_from_db()
    return message


def test_what_is_not_signed_by_the_account_is_refused(
    twilio: ChannelAccount, sent: Message, settings: Any
) -> None:
    assert tell(twilio, "message", settings, token="wrong", From=ANA, Body="STOP").status_code == 403
    assert Client().post(f"/m/in/{twilio.pk}/message/", {"From": ANA, "Body": "STOP"}).status_code == 403
    assert Client().get(f"/m/in/{twilio.pk}/message/").status_code == 405
    assert Client().post("/m/in/999999/message/", {}).status_code == 403
    assert not InboundText.objects.exists()
    assert Address.objects.get(value=ANA).suppressed_at is None


def test_a_word_is_a_reply_to_the_last_message_and_can_be_taken_back(
    twilio: ChannelAccount, sent: Message, settings: Any
) -> None:
    answer = write(twilio, settings, "hilfreich", sid="SM1")
    reply = Reply.objects.get(message=sent)
    assert (reply.kind, reply.undone_at) == ("helpful", None)
    assert "<Message>" in answer
    # Twilio says it again: heard once, answered once.
    assert "<Message>" not in write(twilio, settings, "hilfreich", sid="SM1")
    assert (Reply.objects.count(), InboundText.objects.count()) == (1, 1)
    assert Event.objects.filter(name="Text Received").count() == 1
    write(twilio, settings, "rückgängig")
    reply.refresh_from_db()
    assert reply.undone_at is not None


def test_free_words_are_kept_for_people_and_nothing_is_read_out_of_them(
    twilio: ChannelAccount, sent: Message, ana: Customer, settings: Any
) -> None:
    assert "<Message>" not in write(twilio, settings, "Bitte nicht stoppen, aber später")
    kept = InboundText.objects.get()
    assert (kept.text, kept.command, kept.customer, kept.message) == (
        "Bitte nicht stoppen, aber später", "", ana, sent,
    )  # fmt: skip
    assert not Reply.objects.exists()
    assert Address.objects.get(value=ANA).suppressed_at is None


def test_stop_holds_at_once_and_only_start_lifts_it(
    twilio: ChannelAccount, ana: Customer, settings: Any
) -> None:
    other = make.customer(ana.workspace)
    register_address(customer=other, channel="sms", value=ANA, now=make.NOW)
    assert "START" in write(twilio, settings, "Stop.")
    assert set(Address.objects.values_list("suppression_reason", flat=True)) == {"stopped"}
    write(twilio, settings, "ja")
    assert Address.objects.filter(suppressed_at=None).count() == 0
    write(twilio, settings, "START")
    assert Address.objects.filter(suppressed_at=None).count() == 2


def test_start_lifts_no_other_suppression(twilio: ChannelAccount, ana: Customer, settings: Any) -> None:
    Address.objects.update(suppressed_at=make.NOW, suppression_reason="hard_bounce")
    write(twilio, settings, "START")
    assert Address.objects.get().suppression_reason == "hard_bounce"


def test_what_twilio_has_obeyed_and_answered_itself_is_obeyed_and_not_answered_again(
    twilio: ChannelAccount, ana: Customer, settings: Any
) -> None:
    assert "<Message>" not in write(twilio, settings, "Arrêtez ça", OptOutType="STOP")
    assert Address.objects.get().suppression_reason == "stopped"


def test_help_names_the_shop_and_the_words(twilio: ChannelAccount, ana: Customer, settings: Any) -> None:
    answer = write(twilio, settings, "Hilfe")
    assert "Larkfell" in answer
    assert "SPÄTER" in answer
    assert "STOPP" in answer


def test_reports_move_a_message_forward_only(twilio: ChannelAccount, sent: Message, settings: Any) -> None:
    assert status(twilio, settings, sent, "delivered").state == "delivered"
    assert status(twilio, settings, sent, "sent").state == "delivered"
    assert status(twilio, settings, sent, "failed", ErrorCode="30008").state == "delivered"
    assert status(twilio, settings, sent, "delivered").provider_id == "SM9"
    assert Event.objects.filter(name="Message Delivered").count() == 1
    assert status(twilio, settings, sent, "nonsense").state == "delivered"


def test_a_report_settles_what_nobody_knew(twilio: ChannelAccount, sent: Message, settings: Any) -> None:
    Message.objects.update(state="unknown", claim_token=uuid.uuid4())
    settled = status(twilio, settings, sent, "queued")
    assert (settled.state, settled.claim_token, settled.provider_id) == ("sent", None, "SM9")


def test_a_report_keeps_a_message_from_being_sent_again(
    twilio: ChannelAccount, sent: Message, settings: Any
) -> None:
    Message.objects.update(state="decided", next_attempt_at=timezone.now())
    assert status(twilio, settings, sent, "sent").next_attempt_at is None


def test_what_never_arrived_gives_its_slot_back_and_a_number_that_is_none_is_not_used_again(
    twilio: ChannelAccount, sent: Message, settings: Any
) -> None:
    assert Pressure.objects.get().message_ids == [sent.pk]
    failed = status(twilio, settings, sent, "undelivered", ErrorCode="30005")
    assert (failed.state, failed.counts, failed.error) == ("bounced", False, "undelivered 30005")
    assert Pressure.objects.get().message_ids == []
    assert Address.objects.get().suppression_reason == "hard_bounce"
    assert status(twilio, settings, sent, "delivered").state == "bounced"


def test_nobody_reports_on_another_workspaces_message(sent: Message, settings: Any) -> None:
    theirs = account(make.workspace(), "sms", account_sid="AC2", auth_token="t0ken", sender="+4930124")
    assert status(theirs, settings, sent, "failed").state == "sent"


def test_a_text_is_heard_once_by_the_database_too(twilio: ChannelAccount, settings: Any) -> None:
    write(twilio, settings, "Hallo", sid="SM1")
    with pytest.raises(IntegrityError):
        InboundText.objects.create(
            workspace=twilio.workspace, channel="sms", provider_id="SM1", address=ANA, text="", at=make.NOW
        )


def test_texts_follow_a_merged_customer_and_stand_in_what_they_may_take_away(
    twilio: ChannelAccount, ana: Customer, settings: Any
) -> None:
    write(twilio, settings, "Mir passt das nicht")
    target = make.customer(ana.workspace)
    Merge.objects.create(workspace=ana.workspace, source=ana, target=target, cause="api", at=make.NOW)
    absorb_merges(now=make.NOW)
    assert InboundText.objects.get().customer == target
    assert [text["text"] for text in customer_record(target)["texts"]] == ["Mir passt das nicht"]
    assert customer_record(ana)["texts"] == []
