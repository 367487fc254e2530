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
from nudges.channels import Envelope, Outcome, Refused, Sent, Unknown
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
        self.inactive: set[str] = set()
        self.callers = 0
        self.received: list[dict[str, Any]] = []
        self.tokens: list[str] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def setup(self) -> None:
        super().setup()
        self.server.callers += 1

    def do_POST(self) -> None:
        mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(mail)
        self.server.tokens.append(self.headers["X-Postmark-Server-Token"])
        if self.server.hangs_up:
            self.close_connection = True
            return
        status, answer = self.server.status, self.server.answer
        if self.server.inactive:
            status, answer = self.own_answer(mail["To"])
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def own_answer(self, address: str) -> tuple[int, str]:
        if address in self.server.inactive:
            words = INACTIVE.replace("ana@example.org", address)
            return 422, json.dumps({"ErrorCode": 406, "Message": words})
        return 200, json.dumps(ACCEPTED | {"MessageID": f"pm-{address}", "To": address})

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


def test_an_api_is_called_several_times_at_once_and_each_answer_goes_to_its_own_mail(
    provider: Provider,
) -> None:
    provider.inactive = {f"p{n}@example.org" for n in range(0, 40, 7)}
    mails = [envelope(f"p{n}@example.org", account=own(7)) for n in range(40)]
    outcomes = hand_over(EmailChannel(), *mails)
    for mail, outcome in zip(mails, outcomes, strict=True):
        if mail.address in provider.inactive:
            assert isinstance(outcome, Refused)
            assert outcome.is_bounce
        else:
            assert outcome == Sent(f"pm-{mail.address}")
    came = [mail["Metadata"]["dispatch_id"] for mail in provider.received]
    assert sorted(came) == sorted(str(mail.dispatch_id) for mail in mails), "each once"
    assert provider.callers <= 4, "connections are kept"


def test_no_more_is_asked_for_than_is_under_way_and_whoever_gives_may_stop(provider: Provider) -> None:
    given = []

    def giving() -> Iterator[Envelope]:
        for number in range(100):
            given.append(number)
            yield envelope(account=own(7))

    with EmailChannel().session() as send_all:
        answered = [outcome for outcome, _ in zip(send_all(giving()), range(20), strict=False)]
    assert len(answered) == 20
    assert len(given) <= 20 + 4 + 1
    assert len(provider.received) <= len(given)


def test_an_account_that_is_not_whole_waits_for_its_owner(provider: Provider) -> None:
    [outcome] = hand_over(EmailChannel(), envelope(account={"id": "7", "provider": "amazon_ses"}))
    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert outcome.is_provider, "its own circuit opens, and says so"
    assert provider.received == []
