"""Web push: encrypted as the standard says, signed by the workspace, and what a push service's answer means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from nudges.channels import Outcome, Refused, Sent, Unknown
from nudges.channels.encryption import MOST_BYTES, decode, encode, encrypt, new_keys, public_key_of
from nudges.channels.web_push import WebPushChannel
from tests.https_peer import HANG, RESET, Answer, Peer, https_peer
from tests.make import NOW
from tests.make_channels import Browser, browser, envelope, hand_over

PUBLIC, PRIVATE = new_keys()
ACCOUNT = {"contact": "push@example.org", "public_key": PUBLIC, "private_key": PRIVATE}


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with https_peer(settings) as running:
        running.otherwise = Answer(201, headers={"Location": "https://push.example/m/1"})
        yield running


@pytest.fixture
def anas(peer: Peer) -> Browser:
    return browser(f"{peer.url}/push/ana")


def pushed(to: Browser, **fields: Any) -> Outcome:
    fields = {"account": ACCOUNT, "device": to.subscription.details} | fields
    [outcome] = hand_over(WebPushChannel(), envelope(**fields))
    return outcome


def test_it_encrypts_as_the_standard_does() -> None:
    """RFC 8291, appendix A."""
    private = int.from_bytes(decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth="BTBZMqHH6r4Tts7J_aSIgg",
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
        own=ec.derive_private_key(private, ec.SECP256R1()),
    )
    assert encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
        "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_pair_of_keys_belongs_together() -> None:
    public, private = new_keys()
    assert public_key_of(private) == public
    assert len(decode(public)) == 65
    assert new_keys()[0] != public


def test_the_browser_reads_what_it_is_told_and_the_push_service_only_how_long_to_keep_it(
    peer: Peer, anas: Browser
) -> None:
    given = envelope(
        account=ACCOUNT,
        device=anas.subscription.details,
        link="https://shop.example/p",
        extras={"icon": "https://i.example/a.png"},
    )
    assert hand_over(WebPushChannel(), given) == [Sent(provider_id="https://push.example/m/1")]
    [came] = peer.received
    assert (came.path, came.headers["TTL"], came.headers["Urgency"]) == ("/push/ana", "3600", "normal")
    assert came.headers["Topic"] == given.dispatch_id.hex
    assert came.headers["Content-Encoding"] == "aes128gcm"
    assert b"Plain words" not in came.body
    told = anas.open(came.body)
    assert (told["title"], told["body"], told["tag"]) == ("Grüße", "Plain words", given.dispatch_id.hex)
    assert (told["link"], told["icon"], told["answer"]) == (
        "https://shop.example/p",
        "https://i.example/a.png",
        given.answer_url,
    )
    assert [reply["action"] for reply in told["replies"]] == ["helpful", "not_now", "not_relevant", "changed"]
    assert told["replies"][0]["title"] == "Hilfreich"


def test_the_workspace_signs_for_this_push_service_alone(peer: Peer, anas: Browser) -> None:
    pushed(anas)
    scheme, _, rest = peer.received[0].headers["Authorization"].partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    numbers = decode(parts["k"])
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), numbers)
    claims = jwt.decode(
        parts["t"], key, algorithms=["ES256"], audience=peer.url, options={"verify_exp": False}
    )
    assert (scheme, parts["k"]) == ("vapid", PUBLIC)
    assert claims["sub"] == "mailto:push@example.org"
    assert NOW.timestamp() < claims["exp"] <= (NOW + timedelta(hours=24)).timestamp()


def test_a_service_message_is_urgent_and_nothing_is_kept_longer_than_services_keep_it(
    peer: Peer, anas: Browser
) -> None:
    pushed(anas, is_service=True, not_after=NOW + timedelta(days=90))
    pushed(anas, not_after=NOW - timedelta(seconds=1))
    assert [(came.headers["Urgency"], came.headers["TTL"]) for came in peer.received] == [
        ("high", str(28 * 86400)),
        ("normal", "0"),
    ]


@pytest.mark.parametrize("text", ["wört " * 3_000, "😀" * 5_000])
def test_a_text_that_is_too_long_is_cut_and_never_refused(peer: Peer, anas: Browser, text: str) -> None:
    assert isinstance(
        pushed(anas, text=text, subject="s" * 200, answer_url="https://t.example/" + "x" * 300), Sent
    )
    [came] = peer.received
    assert len(came.body) <= 4096
    assert anas.open(came.body)["body"].endswith("…")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Sent()),
        (202, Sent()),
        (404, Refused("", permanent=True, is_bounce=True, suppresses="gone")),
        (410, Refused("", permanent=True, is_bounce=True, suppresses="gone")),
        (413, Refused("", permanent=True)),
        (400, Refused("", permanent=True)),
        (403, Refused("", permanent=False)),
        (429, Refused("", permanent=False, retry_after=timedelta(seconds=7))),
        (500, Refused("", permanent=False, retry_after=timedelta(seconds=7))),
        (503, Refused("", permanent=False, retry_after=timedelta(seconds=7))),
        (502, Unknown("", is_provider=False)),
        (301, Refused("", permanent=True)),
    ],
)
def test_what_a_push_service_answers(peer: Peer, anas: Browser, status: int, expected: Outcome) -> None:
    headers = {"Retry-After": "7"} if status in (429, 500, 503) else {"Location": ""}
    peer.answers.append(Answer(status, "why", headers))
    outcome = pushed(anas)
    assert without_words(outcome) == expected
    assert isinstance(outcome, Sent) or outcome.error.startswith(f"{status} 127.0.0.1 why")


def test_a_broken_call_is_not_known_and_one_that_never_began_is_a_refusal(
    peer: Peer, anas: Browser, settings: Any
) -> None:
    settings.PROVIDER_TIMEOUT = 0.5
    settings.OUTBOUND_PRIVATE_HOSTS = [*settings.OUTBOUND_PRIVATE_HOSTS, "127.0.0.1:9"]
    peer.answers += [Answer(fault=RESET), Answer(fault=HANG)]
    assert without_words(pushed(anas)) == Unknown("", is_provider=False)
    assert without_words(pushed(anas)) == Unknown("", is_provider=False)
    closed = browser("https://127.0.0.1:9/gone")
    assert without_words(pushed(closed)) == Refused("", permanent=False)
    assert len(peer.received) == 2


def test_private_hosts_are_never_asked(peer: Peer, settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = []
    details = {"p256dh": browser().subscription.p256dh, "auth": encode(b"1" * 16)}
    for endpoint in (
        peer.url,
        "https://localhost/x",
        "https://[::1]/x",
        "http://push.example/x",
        "https://169.254.169.254/x",
    ):
        [outcome] = hand_over(
            WebPushChannel(), envelope(account=ACCOUNT, device={**details, "endpoint": endpoint})
        )
        assert isinstance(outcome, Refused), endpoint
        assert "refused" in outcome.error, endpoint
    assert peer.received == []


def test_without_keys_it_waits_and_without_a_subscription_it_has_bounced(anas: Browser, peer: Peer) -> None:
    assert without_words(pushed(anas, account={})) == Refused("", permanent=False)
    assert without_words(pushed(anas, device={})) == Refused("", permanent=True, is_bounce=True)
    broken = anas.subscription.details | {"p256dh": "AAAA"}
    assert without_words(pushed(anas, device=broken)) == Refused("", permanent=True, is_bounce=True)
    assert peer.received == []


def test_nothing_beyond_one_record_is_encrypted() -> None:
    told = browser().subscription
    assert len(encrypt(b"x" * MOST_BYTES, p256dh=told.p256dh, auth=told.auth)) == 4096
    with pytest.raises(ValueError, match="holds"):
        encrypt(b"x" * (MOST_BYTES + 1), p256dh=told.p256dh, auth=told.auth)


def without_words(outcome: Outcome) -> Outcome:
    match outcome:
        case Refused():
            return Refused(
                "",
                outcome.permanent,
                outcome.is_bounce,
                outcome.suppresses,
                outcome.is_provider,
                outcome.retry_after,
            )
        case Unknown():
            return Unknown("", outcome.is_provider)
        case _:
            return outcome
