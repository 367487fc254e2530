"""Web push with a real Chromium: asked and allowed on the shop's page, pushed, shown, and answered from the message."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Playwright, expect

from config.local.redis import wait_until
from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Address, Consent, Event
from nudges.channels.accounts import account_of
from nudges.channels.web_push import WebPushChannel
from nudges.channels.workers import worker_lines
from nudges.links import answer_url
from nudges.models import Reply
from tests import make, make_messages
from tests.browser.push_service import PushService, push_service
from tests.committed import Server
from tests.make_channels import envelope, hand_over, push_account

pytestmark = pytest.mark.usefixtures("committed")
PAGE = """<!doctype html><html lang="en"><title>Shop</title>
<script src="{base}/e/touchstone.js" data-key="{key}" data-token="{token}" defer></script>
<h1>Shop</h1><touchstone-push when="now"></touchstone-push></html>"""
SHOWN = """() => navigator.serviceWorker.getRegistration('/touchstone/').then(r => r.getNotifications())
    .then(all => all.map(one => [one.title, one.body, one.actions.map(a => a.action).join()].join('|')).join())"""
# Chromium forgets a notification that is asked for between its being kept and its being on the screen: so the page asks
# only for those of which the worker knows that they are there.
WATCH = """() => { self.count = 0; const show = self.registration.showNotification.bind(self.registration);
    self.registration.showNotification = (...told) => show(...told).then(() => { self.count += 1; }); }"""
# As if the customer had pressed the message's button: the browser's own bar cannot be reached from here.
PRESS = """async (action) => { const [notification] = await self.registration.getNotifications();
    self.dispatchEvent(new NotificationEvent('notificationclick', {notification, action})); }"""


class _Shop(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, tuple[str, str]]]

    def do_GET(self) -> None:
        kind, text = self.files.get(self.path, ("text/plain", ""))
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: Any) -> None:
        return


@pytest.fixture
def shop() -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """A shop on another origin: its address and its files."""
    files: dict[str, tuple[str, str]] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Shop", (_Shop,), {"files": files}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}", files
    server.shutdown()
    server.server_close()


@pytest.fixture
def pusher() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture
def chrome(
    driver: Playwright, chromium: str, pusher: PushService, tmp_path: Path
) -> Iterator[BrowserContext]:
    """Chromium with a profile of its own: private windows refuse pushes."""
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-component-update",
    ]
    context = driver.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=chromium,
        args=[*arguments, *pusher.flags],
        ignore_default_args=["--disable-background-networking"],
    )
    yield context
    context.close()


def test_a_customer_allows_pushes_gets_one_and_answers_it(
    server: Server, shop: Any, pusher: PushService, chrome: BrowserContext, settings: Any
) -> None:
    origin, files = shop
    settings.BASE_URL = server.url
    settings.OUTBOUND_PRIVATE_HOSTS = [f"127.0.0.1:{pusher.http_port}"]
    workspace = make.workspace(name="Larkfell", allowed_origins=[origin], shop_url=origin)
    make.category(workspace, "tips", name="Tips", opt_in=True)
    push_account(workspace)
    ana = make.customer(workspace, external_id="ana", name="Ana")
    token = make_token(workspace=workspace, external_id="ana", expires_at=timezone.now() + timedelta(hours=1))
    key = make_key(workspace=workspace, kind="write", name="Shop")[1]
    files["/"] = ("text/html", PAGE.format(base=server.url, key=key, token=token))
    files["/touchstone-sw.js"] = ("text/javascript", worker_lines(key))

    chrome.grant_permissions(["notifications"], origin=origin)
    page = chrome.new_page()
    page.goto(f"{origin}/")
    if not page.evaluate("navigator.onLine"):
        pytest.skip("Chromium connects to no push service on a machine without a network but loopback")
    expect(page.get_by_text("Shall Larkfell tell you here")).to_be_visible()
    page.get_by_role("button", name="Yes, tell me").click()
    expect(page.get_by_text("Thank you. You will hear from us")).to_be_visible(timeout=30_000)
    address = Address.objects.get(customer=ana, channel="web_push")
    consent = Consent.objects.get(customer=ana)
    assert (consent.channel, consent.state, consent.source) == ("web_push", "granted", "web_push")
    assert "Shall Larkfell tell you here" in consent.proof

    assert pusher.is_connected.wait(20)
    worker = chrome.service_workers[0]
    worker.evaluate(WATCH)
    message = make_messages.message(make_messages.nudge(workspace), ana, channel="web_push", state="sent")
    device = address.details | {"endpoint": pusher.endpoint(address.details["endpoint"])}
    [outcome] = hand_over(
        WebPushChannel(),
        envelope(
            dispatch_id=message.dispatch_id,
            subject="Grüße",
            text="Your tent is dry",
            language="en",
            now=(now := timezone.now()),
            not_after=now + timedelta(hours=1),
            answer_url=answer_url(message.pk),
            device=device,
            account=account_of(workspace, "web_push"),
        ),
    )
    assert type(outcome).__name__ == "Sent", outcome
    assert wait_until(lambda: worker.evaluate("self.count") == 1, seconds=20)
    assert wait_until(lambda: "Grüße|Your tent is dry" in page.evaluate(SHOWN), seconds=20)
    assert page.evaluate(SHOWN).endswith("|helpful,more")  # Chromium has room for two

    worker.evaluate(PRESS, "helpful")
    assert wait_until(lambda: Reply.objects.filter(message=message).exists(), seconds=20)
    reply = Reply.objects.get(message=message)
    assert (reply.kind, reply.undone_at) == ("helpful", None)
    assert Event.objects.filter(customer=ana, name="Nudge Replied").count() == 1
    assert wait_until(lambda: worker.evaluate("self.count") == 2, seconds=20)
    assert wait_until(lambda: "we know now that this was helpful" in page.evaluate(SHOWN), seconds=20)

    # Asked once: on the next page the question does not come again, and the browser is not kept twice.
    page.reload()
    expect(page.locator("touchstone-push")).to_have_attribute("data-state", "empty")
    assert Address.objects.filter(customer=ana).count() == 1
