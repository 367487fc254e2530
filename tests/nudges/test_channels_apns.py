"""Apple's push over real HTTP/2: what is sent, what the answers mean, and requests that reach public hosts only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engagement.outbound import Client, refusal_of
from nudges.channels import Outcome, Refused, Sent, Unknown
from nudges.channels.apns import provider_token
from nudges.channels.mobile_push import MobilePushChannel
from tests.http2_peer import http2_peer, reason
from tests.https_peer import RESET, Answer, Peer
from tests.make import NOW
from tests.make_channels import envelope, hand_over

KEY = ec.generate_private_key(ec.SECP256R1())
ACCOUNT = {
    "apns_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "apns_key_id": "KEY1",
    "apns_team_id": "TEAM1",
    "apns_topic": "com.example.shop",
}


def rsa_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with http2_peer(settings) as running:
        settings.APNS_URL = running.url
        yield running


def push(**fields: Any) -> Outcome:
    told = {"address": "ab12", "device": {"platform": "apns"}, "account": ACCOUNT} | fields
    [outcome] = hand_over(MobilePushChannel(), envelope(**told))
    return outcome


def test_it_sends_as_apple_documents_it(peer: Peer) -> None:
    given = envelope(address="ab12", device={"platform": "apns"}, account=ACCOUNT, text="lang " * 2_000)
    peer.otherwise = Answer(200, headers={"apns-id": "A-1"})
    assert hand_over(MobilePushChannel(), given, given) == [Sent("A-1"), Sent("A-1")]
    came, again = peer.received
    assert (came.path, came.headers["apns-topic"], came.headers["apns-priority"]) == (
        "/3/device/ab12", "com.example.shop", "5",
    )  # fmt: skip
    assert came.headers["apns-collapse-id"] == again.headers["apns-collapse-id"] == given.dispatch_id.hex
    assert came.headers["apns-expiration"] == str(int((NOW + timedelta(hours=1)).timestamp()))
    assert came.headers["authorization"] == again.headers["authorization"]
    token = came.headers["authorization"].removeprefix("bearer ")
    claims = jwt.decode(token, KEY.public_key(), algorithms=["ES256"], options={"verify_iat": False})
    assert (claims["iss"], jwt.get_unverified_header(token)["kid"]) == ("TEAM1", "KEY1")
    assert len(came.body) <= 4096
    assert came.json["aps"]["category"] == "touchstone"
    assert came.json["aps"]["alert"]["body"].endswith("…")
    assert came.json["answer"] == given.answer_url


def test_all_workers_show_the_same_token_for_half_an_hour_and_then_another(peer: Peer) -> None:
    """Apple refuses tokens older than an hour, and senders whose tokens change within 20 minutes."""
    half_past = NOW.replace(minute=30, second=0, microsecond=0)
    for after in (0, 1, 29 * 60, 30 * 60, 61 * 60):
        provider_token.cache_clear()  # as another worker
        push(now=half_past + timedelta(seconds=after))
    shown = [came.headers["authorization"].removeprefix("bearer ") for came in peer.received]
    assert shown[0] == shown[1] == shown[2]
    assert len({shown[0], *shown[3:]}) == 3
    options = {"verify_iat": False}
    made = [jwt.decode(one, KEY.public_key(), algorithms=["ES256"], options=options)["iat"] for one in shown]
    assert [one - half_past.timestamp() for one in made] == [0, 0, 0, 1800, 3600]


@pytest.mark.parametrize("key", ["nonsense", rsa_key()])
def test_a_key_that_is_none_of_apples_waits_for_its_owner(peer: Peer, key: str) -> None:
    outcome = push(account=ACCOUNT | {"apns_key": key})
    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert "key cannot be used" in outcome.error
    assert peer.received == []


@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        (410, "Unregistered", (True, "gone", False)),
        (400, "BadDeviceToken", (True, "gone", False)),
        (400, "PayloadEmpty", (True, "", False)),
        (403, "InvalidProviderToken", (False, "", False)),
        (429, "TooManyRequests", (False, "", False)),
        (500, "InternalServerError", (False, "", True)),
        (503, "ServiceUnavailable", (False, "", True)),
    ],
)
def test_what_apple_answers(peer: Peer, status: int, word: str, expected: tuple[Any, ...]) -> None:
    peer.answers.append(Answer(status, reason(word)))
    outcome = push()
    assert isinstance(outcome, Refused)
    assert (outcome.permanent, outcome.suppresses, outcome.is_provider) == expected
    assert outcome.error == f"{status} {word}"


def test_a_stream_that_is_reset_is_not_known(peer: Peer) -> None:
    peer.answers.append(Answer(fault=RESET))
    assert isinstance(push(), Unknown)


def test_without_an_account_or_a_platform_nobody_is_asked(peer: Peer) -> None:
    waiting, gone = push(account={}), push(device={})
    assert isinstance(waiting, Refused)
    assert isinstance(gone, Refused)
    assert (waiting.permanent, gone.permanent, gone.is_bounce) == (False, True, True)
    assert peer.received == []


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("https://push.example/x", False), ("https://93.184.216.34/x", False), ("http://push.example/x", True),
        ("https://127.0.0.1/x", True), ("https://10.1.2.3/x", True), ("https://192.168.0.1/", True),
        ("https://169.254.169.254/latest", True), ("https://[::1]/", True), ("https://[::ffff:10.0.0.1]/", True),
        ("https://[64:ff9b::a00:1]/", True), ("https://[fe80::1]/", True), ("https://0.0.0.0/", True),
        ("https://user@push.example/", True), ("ftp://push.example/", True), ("https:///x", True), ("nonsense", True),
    ],
)  # fmt: skip
def test_addresses_that_somebody_tells_us_must_be_public_and_private_to_read(
    url: str, is_refused: bool
) -> None:
    assert bool(refusal_of(url)) is is_refused


def test_a_name_that_leads_to_a_private_host_is_refused_when_it_is_resolved() -> None:
    with Client(timeout=2) as client, pytest.raises(httpx.ConnectError, match="not public"):
        client.get("https://localhost/")
