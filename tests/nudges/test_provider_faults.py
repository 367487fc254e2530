"""The table "What becomes of a message" of docs/messages.md: each answer a provider may give, by each channel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Address, Workspace
from nudges.models import Circuit, Message
from nudges.sending import send_messages
from nudges.sending.reporting import report_of_twilio, take_report
from tests import make, make_messages
from tests.http2_peer import http2_peer
from tests.https_peer import HANG, LATE, RESET, TWICE, Answer, Peer, https_peer
from tests.make import NOW
from tests.make_reachable import TAKEN, message_by, open_account, settings_of
from tests.smtp_peer import Peer as MailPeer
from tests.smtp_peer import smtp_peer

pytestmark = pytest.mark.django_db
BY_HTTP = ["sms", "whatsapp", "web_push", "fcm", "webhook"]
UNKNOWN, AGAIN, SENT, FAILED, BOUNCED = "unknown", "decided", "sent", "failed", "bounced"


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with https_peer(settings) as running:
        yield running


@pytest.fixture
def apple(settings: Any) -> Iterator[Peer]:
    with http2_peer(settings) as running:
        yield running


@pytest.fixture
def mail(settings: Any) -> Iterator[MailPeer]:
    with smtp_peer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 0.5
        yield running


@pytest.fixture(autouse=True)
def patience(settings: Any) -> None:
    """Nobody waits long for a peer that hangs."""
    settings.PROVIDER_TIMEOUT = 0.5


def become(
    shop: Workspace,
    service: str,
    peer: Peer,
    settings: Any,
    *answers: Answer,
    promise: str = "choose_well",
    is_there: bool = True,
) -> list[Message]:
    """Messages, one for each answer, sent to a peer that gives these; as they stand then."""
    for name, value in settings_of(service, peer).items():
        setattr(settings, name, value)
    open_account(shop, service, peer)
    nudge = make_messages.nudge(shop, promise=promise)
    made = [message_by(service, nudge, peer)[0] for _answer in answers]
    peer.answers = [*([TAKEN] if service == "fcm" else []), *answers]
    if not is_there:
        settings.OUTBOUND_PRIVATE_HOSTS = []  # every connection is refused before a byte is said
    send_messages(now=NOW)
    return [Message.objects.get(pk=message.pk) for message in made]


def taken(service: str, peer: Peer) -> int:
    return len([one for one in peer.received if one.path != "/token"])


@pytest.mark.parametrize("service", BY_HTTP)
@pytest.mark.parametrize(
    ("answer", "state", "of_webhook"),
    [
        (Answer(400, {"error": {}}), FAILED, FAILED),
        (Answer(401, {}), AGAIN, AGAIN),
        (Answer(429, {}, {"Retry-After": "120"}), AGAIN, AGAIN),
        (Answer(500, {}), AGAIN, AGAIN),
        (Answer(503, {}, {"Retry-After": "120"}), AGAIN, AGAIN),
        (Answer(502, {}), UNKNOWN, AGAIN),
        (Answer(fault=RESET), UNKNOWN, AGAIN),
        (Answer(fault=HANG), UNKNOWN, AGAIN),
    ],
    ids=["400", "401", "429", "500", "503", "502", "reset", "hang"],
)
def test_an_answer_by_http_ends_as_told(
    shop: Workspace, peer: Peer, settings: Any, service: str, answer: Answer, state: str, of_webhook: str
) -> None:
    [message] = become(shop, service, peer, settings, answer)
    expected = of_webhook if service == "webhook" else state
    assert message.state == expected, message.error
    assert message.counts is (expected != FAILED)  # what is not known keeps its slot
    assert taken(service, peer) == 1
    if expected == AGAIN:
        assert message.next_attempt_at is not None
        waits = message.next_attempt_at - NOW
        assert waits >= timedelta(seconds=120 if answer.headers else 0)
    else:
        assert message.next_attempt_at is None


@pytest.mark.parametrize("service", [*BY_HTTP, "apns"])
def test_what_cannot_be_reached_is_tried_again(
    request: pytest.FixtureRequest, shop: Workspace, settings: Any, service: str
) -> None:
    there = request.getfixturevalue("apple" if service == "apns" else "peer")
    [message] = become(shop, service, there, settings, TAKEN, is_there=False)
    assert (message.state, message.counts, taken(service, there)) == (AGAIN, True, 0)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(400), FAILED),
        (Answer(403), AGAIN),
        (Answer(429), AGAIN),
        (Answer(503), AGAIN),
        (Answer(fault=RESET), UNKNOWN),
        (Answer(fault=HANG), UNKNOWN),
    ],
    ids=["400", "403", "429", "503", "reset", "hang"],
)
def test_an_answer_of_apple_ends_as_told(
    shop: Workspace, apple: Peer, settings: Any, answer: Answer, state: str
) -> None:
    [message] = become(shop, "apns", apple, settings, answer)
    assert (message.state, message.counts) == (state, state != FAILED)


@pytest.mark.parametrize("service", ["sms", "web_push", "fcm"])
@pytest.mark.parametrize("fault", [RESET, HANG])
def test_a_service_message_goes_again_where_a_nudge_would_not(
    shop: Workspace, peer: Peer, settings: Any, service: str, fault: str
) -> None:
    [message] = become(shop, service, peer, settings, Answer(fault=fault), promise="service")
    assert (message.state, message.counts) == (AGAIN, True)


@pytest.mark.parametrize("service", BY_HTTP)
def test_who_answers_twice_is_heard_once_and_says_nothing_about_the_next(
    shop: Workspace, peer: Peer, settings: Any, service: str
) -> None:
    twice = Answer(TAKEN.status, TAKEN.body, fault=TWICE)
    first, second, third = become(shop, service, peer, settings, twice, Answer(400, {"error": {}}), TAKEN)
    assert [first.state, second.state, third.state] == [SENT, FAILED, SENT]
    assert taken(service, peer) == 3


@pytest.mark.parametrize("service", [*BY_HTTP, "apns"])
def test_an_answer_too_late_is_nobodys_and_says_nothing_about_the_next(
    request: pytest.FixtureRequest, shop: Workspace, settings: Any, service: str
) -> None:
    there = request.getfixturevalue("apple" if service == "apns" else "peer")
    late = Answer(400, {"error": {}}, fault=LATE)
    first, second, third = become(shop, service, there, settings, late, TAKEN, Answer(fault=HANG))
    assert first.state == (AGAIN if service == "webhook" else UNKNOWN), (
        "its refusal came when nobody listened"
    )
    assert [second.state, third.state] == [SENT, AGAIN if service == "webhook" else UNKNOWN]
    assert taken(service, there) == 3


def test_a_service_that_hangs_is_left_alone_for_the_rest_of_the_run(
    shop: Workspace, apple: Peer, settings: Any
) -> None:
    hang = Answer(fault=HANG)
    made = become(shop, "apns", apple, settings, hang, hang, hang, hang, hang)
    assert [message.state for message in made] == [UNKNOWN, UNKNOWN, AGAIN, AGAIN, AGAIN]
    assert taken("apns", apple) == 2


@pytest.mark.parametrize("service", ["apns", "fcm"])
def test_a_device_that_is_gone_is_forgotten(
    request: pytest.FixtureRequest, shop: Workspace, settings: Any, service: str
) -> None:
    there = request.getfixturevalue("apple" if service == "apns" else "peer")
    error = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}
    gone = {
        "apns": Answer(410, {"reason": "Unregistered", "timestamp": 1772625600000}),
        "fcm": Answer(404, {"error": {"status": "NOT_FOUND", "details": [error]}}),
    }[service]
    first, second = become(shop, service, there, settings, gone, TAKEN)
    assert [first.state, second.state] == [BOUNCED, SENT]
    assert [row.value for row in Address.objects.filter(channel="mobile_push")] == [second.address]


def test_an_answer_too_late_is_settled_by_the_report(shop: Workspace, peer: Peer, settings: Any) -> None:
    [message] = become(shop, "sms", peer, settings, Answer(fault=HANG))
    assert message.state == UNKNOWN
    for word in ("delivered", "delivered", "sent", "queued"):  # twice, and in no order
        report = report_of_twilio({"MessageStatus": word}, dispatch_id=message.dispatch_id)
        assert report is not None
        take_report(workspace_id=shop.pk, report=report, now=NOW)
        message.refresh_from_db()
        assert (message.state, message.counts) == ("delivered", True)


@pytest.mark.parametrize(
    ("name", "state", "copies"),
    [
        ("later", AGAIN, 0),
        ("gone", BOUNCED, 0),
        ("full", BOUNCED, 0),
        ("refused", FAILED, 0),
        ("busy", AGAIN, 0),
        ("closing", AGAIN, 0),
        ("dropped", AGAIN, 0),
        ("cut", UNKNOWN, 1),
        ("slow", UNKNOWN, 1),
        ("twice", SENT, 1),
    ],
)
def test_an_answer_by_smtp_ends_as_told(
    shop: Workspace, mail: MailPeer, name: str, state: str, copies: int
) -> None:
    nudge = make_messages.nudge(shop)
    message = make_messages.message(nudge, make.customer(shop, email=f"{name}@example.org"))
    others = [make_messages.message(nudge, make.customer(shop, email=f"c{n}@example.org")) for n in range(3)]
    send_messages(now=NOW)
    Circuit.objects.all().delete()
    Message.objects.filter(pk__in=[other.pk for other in others], state=AGAIN).update(next_attempt_at=NOW)
    send_messages(now=NOW)
    message.refresh_from_db()
    assert (message.state, message.counts) == (state, state not in (FAILED, BOUNCED))
    assert len(mail.to(f"{name}@example.org")) == copies
    for place, other in enumerate(others):  # whatever became of it, the others went once
        other.refresh_from_db()
        assert other.state == SENT
        assert len(mail.to(f"c{place}@example.org")) == 1
