"""The pages of channels and calls in the dashboard: set up, tried, never shown again; a task from queue to outcome."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from engagement.addresses import register_address
from engagement.models import Address, AuditEntry, Event
from nudges.channels.accounts import account_of
from nudges.models import ChannelAccount, Message, NudgeContent, Reply
from nudges.sending import send_messages
from tests import make, make_messages
from tests.https_peer import Answer, https_peer
from tests.make_channels import browser, push_account, subscribed
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db
SID = f"AC{'a' * 32}"
ANA = "+4915112345678"


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_account_is_set_up_and_its_secret_never_shown_again(office: Office) -> None:
    owner = office.enter("owner")
    page = "/settings/channels/sms"
    told = {"account_sid": "nonsense", "auth_token": "t0ken-s3cret", "sender": "+4930123"}
    assert "begins with AC" in owner.post(page, told).content.decode()
    assert not ChannelAccount.objects.exists()
    assert owner.post(page, told | {"account_sid": SID}).status_code == 302
    html = owner.get(page).content.decode()
    assert SID in html
    assert "t0ken-s3cret" not in html
    # An empty secret keeps what is there.
    owner.post(page, {"account_sid": SID, "auth_token": "", "sender": "+4930124"})
    opened = account_of(office.workspace, "sms")
    assert (opened["auth_token"], opened["sender"]) == ("t0ken-s3cret", "+4930124")
    trail = AuditEntry.objects.filter(action="change_channel")
    assert trail.count() == 2
    assert "s3cret" not in str([entry.detail for entry in trail])
    assert owner.post(f"{page}/remove").status_code == 302
    assert not ChannelAccount.objects.exists()


def test_a_provider_of_mails_is_chosen_and_gets_an_address_to_report_to(office: Office) -> None:
    owner = office.enter("owner")
    page = "/settings/channels/email"
    assert "What the provider tells us" not in owner.get(page).content.decode()
    assert "Choose a provider" in owner.post(f"{page}/keys", follow=True).content.decode()
    told = {"provider": "mailgun", "user": "", "api_key": "key-s3cret", "region": "mars", "signing_key": ""}
    html = owner.post(page, told | {"warm_up_from": "soon", "first_day": "0"}).content.decode()
    assert "Mailgun needs this." in html
    assert "write eu where" in html
    assert "Write a day such as" in html
    assert "Write a number from 1" in html
    half = owner.post(page, told | {"warm_up_from": "2026-12-01", "first_day": ""}).content.decode()
    assert "Warming up needs its first day" in half
    assert not ChannelAccount.objects.exists()
    right = told | {"region": "eu", "signing_key": "sign-s3cret"}
    assert owner.post(page, right).status_code == 302
    made = owner.post(f"{page}/keys").content.decode()
    account = ChannelAccount.objects.get()
    [address] = set(re.findall(r"https?://reports:[^@<\"]+@[^<\"]+/", made))
    assert address.endswith(f"/m/in/{account.pk}/mail/")
    html = owner.get(page).content.decode()
    assert "What the provider tells us" in html
    assert "s3cret" not in html + str(account.settings) + account.sealed
    assert address not in html
    # Another provider is another account: the keys of the one before are not its.
    assert (
        "Postmark needs this."
        in owner.post(page, right | {"provider": "postmark", "api_key": "", "region": ""}).content.decode()
    )
    assert owner.post(page, {"provider": ""}).status_code == 302
    assert account_of(office.workspace, "email").get("api_key") is None
    assert office.enter("marketer").post(page, right).status_code == 403


def test_a_webhooks_secret_is_shown_in_one_answer_only(office: Office) -> None:
    owner = office.enter("owner")
    made = owner.post("/settings/channels/webhook/keys").content.decode()
    assert "whsec_" in made
    assert "whsec_" not in owner.get("/settings/channels/webhook").content.decode()


def test_a_test_goes_out_at_once_counts_nothing_and_says_what_became_of_it(
    office: Office, settings: Any
) -> None:
    ana = make.customer(office.workspace, name="Ana Test")
    push_account(office.workspace)
    with https_peer(settings) as peer:
        subscribed(ana, told := browser(f"{peer.url}/ana"))
        peer.answers += [Answer(201), Answer(410, "gone")]
        client = office.enter("marketer")
        first = client.post("/settings/channels/web_push/test", {"customer": "Ana Test"}, follow=True)
        second = client.post("/settings/channels/web_push/test", {"customer": str(ana.pk)}, follow=True)
    assert "has taken it" in first.content.decode()
    assert "refused it" in second.content.decode()
    assert "test" in told.open(peer.received[0].body)["title"].lower()
    assert not Message.objects.exists()


def test_the_worker_of_the_shop_is_looked_for_as_a_browser_would(office: Office, settings: Any) -> None:
    with https_peer(settings) as peer:
        office.workspace.shop_url = peer.url
        office.workspace.save()
        line = f'importScripts("{settings.BASE_URL}/e/push-worker.js");'
        script = {"Content-Type": "text/javascript"}
        peer.answers += [
            Answer(404), Answer(200, line, {"Content-Type": "text/html"}), Answer(200, "1", script),
            Answer(200, line, script),
        ]  # fmt: skip
        said = [
            office.enter("marketer").post("/settings/channels/web_push/worker", follow=True).content.decode()
            for _ in range(4)
        ]
    assert [received.path for received in peer.received] == ["/touchstone-sw.js"] * 4
    for html, words in zip(
        said, ("answers 404", "served as", "does not import", "imports ours"), strict=True
    ):
        assert words in html


def test_a_push_goes_the_whole_way_and_a_browser_that_is_gone_is_forgotten(
    office: Office, settings: Any
) -> None:
    ana = make.customer(office.workspace, name="Ana")
    push_account(office.workspace)
    nudge = make_messages.nudge(office.workspace, words=None)
    content = {
        "extras": {"icon": "https://shop.example/{{ customer.name }}.png"},
        "link_url": "https://shop.example/p",
    }
    make_messages.content(nudge, channel="web_push", body="Hello", **content)
    with https_peer(settings) as peer:
        address = subscribed(ana, told := browser(f"{peer.url}/ana"))
        peer.answers += [Answer(201), Answer(410)]
        sent = make_messages.message(nudge, ana, channel="web_push", address=address.value)
        assert send_messages(now=make.NOW)["sent"] == 1
        gone = make_messages.message(nudge, ana, channel="web_push", address=address.value)
        assert send_messages(now=make.NOW)["bounced"] == 1
    shown = told.open(peer.received[0].body)
    assert (shown["icon"], shown["link"]) == ("https://shop.example/Ana.png", "https://shop.example/p")
    assert shown["answer"].startswith(f"{settings.BASE_URL}/m/r/")
    assert not Address.objects.exists()
    for message, state in ((sent, "sent"), (gone, "bounced")):
        message.refresh_from_db()
        assert (message.state, message.counts) == (state, state == "sent")


def test_a_text_goes_the_whole_way_with_link_and_words(office: Office, settings: Any) -> None:
    ana = make.customer(office.workspace, name="Ana", locale="de")
    register_address(customer=ana, channel="sms", value=ANA, now=make.NOW)
    office.enter("owner").post(
        "/settings/channels/sms", {"account_sid": SID, "auth_token": "t", "sender": "+4930123"}
    )
    nudge = make_messages.nudge(office.workspace, words=None)
    make_messages.content(
        nudge, channel="sms", language="de", body="„Hallo“ *Ana*", link_url="https://shop.example/p"
    )
    with https_peer(settings) as peer:
        settings.TWILIO_URL = peer.url
        peer.otherwise = Answer(201, {"sid": "SM1"})
        message = make_messages.message(nudge, ana, channel="sms", address=ANA)
        assert send_messages(now=make.NOW)["sent"] == 1
    body = peer.received[0].form["Body"]
    message.refresh_from_db()
    assert body == message.text
    assert body.startswith(
        '"Hallo" Ana\nhttps://shop.example/p\nAntwort: HILFREICH, SPÄTER, NEIN, ANDERS. STOPP'
    )
    assert message.provider_id == "SM1"


def test_a_task_goes_from_the_queue_to_what_was_said(office: Office) -> None:
    ana = make.customer(office.workspace, name="Ana Call", traits={"phone": ANA})
    nudge = make_messages.nudge(office.workspace, words="Ask about the *tent*")
    task = make_messages.message(nudge, ana, channel="staff_task", at=(now := timezone.now()))
    client = office.enter("moderator")
    assert "Nobody to call" in client.get("/tasks").content.decode()
    assert send_messages(now=now)["sent"] == 1
    assert "Ana Call" in client.get("/tasks").content.decode()
    page = client.get(f"/tasks/{task.pk}").content.decode()
    assert "<em>tent</em>" in page
    assert f"tel:{ANA}" in page
    assert client.post(f"/tasks/{task.pk}/claim").status_code == 302
    assert Reply.objects.count() == 0
    told = {"outcome": "reached", "reply": "helpful", "note": "Was glad"}
    assert client.post(f"/tasks/{task.pk}/outcome", told).status_code == 302
    task.refresh_from_db()
    assert (task.state, Reply.objects.get(message=task).detail["text"]) == ("delivered", "Was glad")
    assert Event.objects.filter(customer=ana, name="Message Delivered").count() == 1
    assert "Nobody to call" in client.get("/tasks").content.decode()


def test_the_editor_offers_a_channels_own_fields_and_keeps_them(office: Office) -> None:
    nudge = make_messages.nudge(office.workspace, words=None, channels=["whatsapp", "sms"])
    client = office.enter("marketer")
    page = f"/nudges/{nudge.pk}/words?channel=whatsapp&language=en"
    assert "Content SID" in client.get(page).content.decode()
    told = {
        "channel": "whatsapp",
        "language": "en",
        "subject": "s",
        "body": "b",
        "template": "HX1",
        "variables": "1",
    }
    html = client.post(page, told).content.decode()
    assert "begins with HX" in html
    assert not NudgeContent.objects.exists()
    template = f"HX{'b' * 32}"
    good = told | {"template": template, "variables": "1 = {{ customer.name }}"}
    assert client.post(page, good).status_code == 302
    assert NudgeContent.objects.get().extras == {"template": template, "variables": "1 = {{ customer.name }}"}


def test_the_preview_of_a_text_says_what_it_takes(office: Office) -> None:
    make.customer(office.workspace, name="Ana")
    nudge = make_messages.nudge(office.workspace, words="Hallo ж", channels=["sms"])
    html = office.enter("analyst").get(f"/nudges/{nudge.pk}/preview?channel=sms").content.decode()
    assert "UCS-2" in html
    assert "ж" in html
