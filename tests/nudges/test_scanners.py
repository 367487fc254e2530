"""Scanners fetch every link of every message, by GET and HEAD, again and again: nothing changes, in any channel.

The links are those that really went out: read from what each provider's peer was sent, a browser's push opened with the
browser's own key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.conf import settings as real_settings
from django.test import Client
from django.utils import timezone

from engagement.models import Event, Workspace
from nudges.links import inbox_url
from nudges.models import Hit, Message, Nudge, SeenAs, Watch
from nudges.sending import send_messages
from nudges.watching import judge_hits
from tests import make, make_messages
from tests.checksums import checksums
from tests.http2_peer import http2_peer
from tests.https_peer import Peer, https_peer
from tests.make_reachable import TAKEN, channel_of, message_by, open_account, settings_of

pytestmark = pytest.mark.django_db
SERVICES = ["web_push", "sms", "whatsapp", "fcm", "apns", "webhook"]
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
LINK = re.compile(r'https?://[^\s"<>\\]+')
# Where the notes about fetches stand, and nothing else may change.
NOTES = "nudges_hit"


@pytest.fixture
def shop(settings: Any) -> Workspace:
    settings.BASE_URL = "https://touch.example"
    return make.workspace(name="Shoe shop", shop_url="https://shop.example")


@pytest.fixture
def nudge(shop: Workspace) -> Nudge:
    made = make_messages.nudge(shop, words=None)
    make_messages.content(
        made,
        body="Look [here](https://shop.example/a) or [there](https://shop.example/b).",
        link_url="https://shop.example/guide",
    )
    return made


@pytest.fixture
def peers(settings: Any) -> Iterator[tuple[Peer, Peer]]:
    with ExitStack() as stack:
        web, apple = stack.enter_context(https_peer(settings)), stack.enter_context(http2_peer(settings))
        settings.OUTBOUND_PRIVATE_HOSTS = [f"127.0.0.1:{peer.port}" for peer in (web, apple)]
        web.otherwise = apple.otherwise = TAKEN
        yield web, apple


def ours_in(text: str) -> set[str]:
    """The links to this installation in a text of any kind: HTML, JSON, a form."""
    links = {unescape(link).rstrip(".,") for link in LINK.findall(text)}
    return {link for link in links if link.startswith(real_settings.BASE_URL)}


def links_by(service: str, nudge: Nudge, peers: tuple[Peer, Peer], settings: Any) -> set[str]:
    """What a message by this service carries, as its provider got it."""
    peer = peers[service == "apns"]
    for name, value in settings_of(service, peer).items():
        setattr(settings, name, value)
    open_account(nudge.workspace, service, peer)
    message, browser = message_by(service, nudge, peer)
    before = len(peer.received)
    send_messages(now=make.NOW)
    message.refresh_from_db()
    assert message.state == "sent", (service, message.error)
    body = peer.received[-1].body
    assert len(peer.received) > before
    text = str(browser.open(body)) if browser else unquote_plus(body.decode())
    # What Twilio reports to is no link for readers: it takes POSTs alone, signed.
    return {link.strip("'") for link in ours_in(text.replace("'", ' " ')) if "/m/in/" not in link}


def scan(client: Client, links: set[str], agent: str) -> None:
    """Every link twice by GET and by HEAD, as one that opens mails before their readers does."""
    for link in sorted(links) * 2:
        path = link.removeprefix(real_settings.BASE_URL)
        for method in (client.get, client.head):
            assert method(path, headers={"user-agent": agent}).status_code in (200, 302), link


def test_no_link_of_any_message_changes_anything_when_it_is_fetched(
    client: Client,
    nudge: Nudge,
    peers: tuple[Peer, Peer],
    settings: Any,
    mailoutbox: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = nudge.workspace
    Watch.objects.create(workspace=shop, who="not_refused", opens=True, clicks=True)
    reader = make.customer(shop, email="ana@example.org")
    make_messages.message(nudge, reader)
    make_messages.message(nudge, reader, channel="inbox")
    send_messages(now=make.NOW)
    [mail] = mailoutbox
    found = {
        "email": ours_in(mail.body + mail.alternatives[0][0]) | ours_in(str(mail.extra_headers)),
        "inbox": {inbox_url(reader)},
        **{service: links_by(service, nudge, peers, settings) for service in SERVICES},
    }
    # Four answers, preferences, leaving, three links, the one no person sees, and the picture.
    assert len(found["email"]) == 11
    assert {name: len(links) >= 1 for name, links in found.items()} == {
        name: name not in ("sms", "whatsapp")
        for name in found  # those are answered by words
    }
    monkeypatch.setattr(timezone, "now", lambda: make.NOW + timedelta(hours=1))
    before = checksums()
    for name, links in found.items():
        scan(client, links, "Mimecast-URL-Protect/1.0")
        if name != "web_push":  # sealed for its browser: whoever follows its link as a browser is its reader
            scan(client, links, CHROME)
    after = checksums()
    assert {table for table in before if before[table] != after[table]} == {NOTES}
    judge_hits(now=make.NOW + timedelta(hours=2))
    settled = checksums()
    assert {table for table in before if before[table] != settled[table]} == {NOTES}
    assert not Event.objects.filter(name__in=["Message Opened", "Message Clicked"]).exists()
    assert set(Hit.objects.values_list("seen_as", flat=True)) == {SeenAs.SCANNER.value}
    assert {channel_of(name) for name in found} == set(Message.objects.values_list("channel", flat=True))
