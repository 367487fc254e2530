"""E-mail by a provider's API, through anymail, against a local server that answers as providers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail as locmem

from config.local.state import free_port
from nudges.channels import Outcome, Refused, Sent, Unknown
from nudges.channels.email import EmailChannel
from tests.make_channels import hand_over
from tests.nudges.test_channels_email import UNSUBSCRIBE, envelope

ACCEPTED = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": "ana@example.org"}
INACTIVE = (
    "You tried to send to a recipient that has been marked as inactive.\n Found inactive addresses: ana@example.org.\n "
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint. "
)


class Provider(ThreadingHTTPServer):
    """Postmark's send endpoint in small."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.answer, self.headers = 200, json.dumps(ACCEPTED), dict[str, str]()
        self.hangs_up = False
        self.received: list[dict[str, Any]] = []
        self.tokens: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.tokens.append(self.headers["X-Postmark-Server-Token"])
        if self.server.hangs_up:
            self.connection.close()
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(self.server.answer.encode())

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    server = Provider()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_address[1]}/",
        "REQUESTS_TIMEOUT": 2,
    }
    yield server
    server.shutdown()
    server.server_close()


def send() -> Outcome:
    with EmailChannel().session() as hand_over:
        [outcome] = hand_over([envelope()])
        return outcome


def test_the_providers_id_is_kept_and_our_headers_arrive(provider: Provider) -> None:
    assert send() == Sent(provider_id="pm-1")
    [mail] = provider.received
    headers = {header["Name"].lower(): header["Value"] for header in mail["Headers"]}
    assert headers["list-unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["message-id"].endswith("@touchstone.localhost>")
    assert mail["TextBody"] == "Plain words"
    assert mail["HtmlBody"] == "<p>Rich words</p>"


def test_a_refused_recipient_bounces(provider: Provider) -> None:
    provider.status, provider.answer = 422, json.dumps({"ErrorCode": 406, "Message": INACTIVE})
    outcome = send()
    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert outcome.is_bounce


def test_a_refusal_in_words_that_nobody_knows_is_still_one(provider: Provider) -> None:
    provider.status, provider.answer = 422, json.dumps({"ErrorCode": 406, "Message": "Nobody there any more"})
    outcome = send()
    assert isinstance(outcome, Refused)
    assert outcome.permanent


@pytest.mark.parametrize(
    ("status", "is_provider"), [(401, True), (403, True), (429, True), (500, True), (503, True)]
)
def test_a_provider_in_trouble_is_tried_again(provider: Provider, status: int, is_provider: bool) -> None:
    provider.status, provider.answer, provider.headers = status, "{}", {"Retry-After": "90"}
    outcome = send()
    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert outcome.is_provider is is_provider
    assert outcome.retry_after == timedelta(seconds=90)


def test_a_message_it_will_never_take_fails_for_good(provider: Provider) -> None:
    provider.status, provider.answer = 400, "{}"
    outcome = send()
    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert not outcome.is_bounce


@pytest.mark.parametrize("status", [408, 502, 504])
def test_a_gateway_that_gave_up_waiting_leaves_it_unknown(provider: Provider, status: int) -> None:
    provider.status, provider.answer = status, "{}"
    assert isinstance(send(), Unknown)


def test_an_answer_that_cannot_be_read_leaves_it_unknown(provider: Provider) -> None:
    provider.answer = "<html>proxy</html>"
    assert isinstance(send(), Unknown)


def test_a_connection_that_breaks_after_the_request_leaves_it_unknown(provider: Provider) -> None:
    provider.hangs_up = True
    assert isinstance(send(), Unknown)


def test_a_provider_that_cannot_be_reached_has_certainly_not_got_it(
    provider: Provider, settings: Any
) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    outcome = send()
    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert outcome.is_provider
    assert provider.received == []


def own(number: int, **fields: str) -> dict[str, str]:
    return {"id": str(number), "provider": "postmark", "api_key": f"token-{number}"} | fields


def test_a_workspaces_own_account_takes_its_mails_and_others_go_as_ever(
    provider: Provider, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mails = [envelope(account=account) for account in ({}, own(7), own(7), {}, own(8))]
    outcomes = hand_over(EmailChannel(), *mails)
    assert outcomes == [Sent(), Sent("pm-1"), Sent("pm-1"), Sent(), Sent("pm-1")]
    assert [mail["Metadata"]["dispatch_id"] for mail in provider.received] == [
        str(mails[place].dispatch_id) for place in (1, 2, 4)
    ]
    assert provider.tokens == ["token-7", "token-7", "token-8"]
    assert len(locmem.outbox) == 2


def test_one_workspaces_broken_account_is_given_up_soon_and_is_nobody_elses_trouble(
    provider: Provider, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    provider.hangs_up = True
    broken = [envelope(account=own(7)) for _ in range(5)]
    outcomes = hand_over(EmailChannel(), *broken, envelope())
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown, Refused, Refused, Refused, Sent]
    assert not any(outcome.is_provider for outcome in outcomes[:5] if not isinstance(outcome, Sent))
    assert len(provider.received) == 2


def test_an_account_that_is_not_whole_waits_for_its_owner(provider: Provider) -> None:
    [outcome] = hand_over(EmailChannel(), envelope(account={"id": "7", "provider": "amazon_ses"}))
    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert not outcome.is_provider
    assert provider.received == []
