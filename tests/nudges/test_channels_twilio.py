"""SMS and WhatsApp: what Twilio is asked, what its answers mean, and what a text counts as."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from nudges.channels import Outcome, Refused, Sent, Unknown
from nudges.channels.segments import count_segments, plainer
from nudges.channels.twilio import SmsChannel, WhatsAppChannel
from nudges.commands import WORDS, command_of, normal, words_for
from tests.https_peer import HANG, RESET, Answer, Peer, https_peer
from tests.make_channels import envelope, hand_over

ACCOUNT = {"id": "7", "account_sid": f"AC{'a' * 32}", "auth_token": "t0ken", "sender": "+4930123"}
ANA = "+4915112345678"


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with https_peer(settings) as running:
        settings.TWILIO_URL = running.url
        running.otherwise = Answer(201, {"sid": "SM1", "status": "queued"})
        yield running


def text(**fields: Any) -> Outcome:
    [outcome] = hand_over(SmsChannel(), envelope(**{"address": ANA, "account": ACCOUNT} | fields))
    return outcome


def bare(outcome: Outcome) -> tuple[Any, ...]:
    """The outcome's meaning without its words."""
    if isinstance(outcome, Refused):
        return ("refused", outcome.permanent, outcome.suppresses, outcome.is_provider, outcome.retry_after)
    return (type(outcome).__name__.lower(),)


def test_a_text_is_posted_as_twilio_documents_it(peer: Peer, settings: Any) -> None:
    given = envelope(address=ANA, account=ACCOUNT, text="Hallo")
    assert hand_over(SmsChannel(), given) == [Sent(provider_id="SM1")]
    [came] = peer.received
    assert came.path == f"/2010-04-01/Accounts/{ACCOUNT['account_sid']}/Messages.json"
    assert came.headers["Authorization"] == (
        "Basic " + base64.b64encode(f"{ACCOUNT['account_sid']}:t0ken".encode()).decode()
    )
    assert came.form == {
        "To": ANA,
        "From": "+4930123",
        "Body": "Hallo",
        "StatusCallback": f"{settings.BASE_URL}/m/in/7/status/{given.dispatch_id}/",
    }


def test_a_messaging_service_and_whatsapp_say_who_they_are_their_own_way(peer: Peer) -> None:
    service = "MG" + "b" * 32
    text(account=ACCOUNT | {"sender": service})
    extras = {"template": "HX1", "variables": "1 = Ana\n2=zwei = drei\nnonsense"}
    hand_over(WhatsAppChannel(), envelope(address=ANA, account=ACCOUNT, extras=extras))
    hand_over(WhatsAppChannel(), envelope(address=ANA, account=ACCOUNT, text="Frei"))
    first, second, third = (came.form for came in peer.received)
    assert (first["MessagingServiceSid"], "From" in first) == (service, False)
    assert (second["To"], second["From"]) == (f"whatsapp:{ANA}", "whatsapp:+4930123")
    assert (second["ContentSid"], second["ContentVariables"]) == ("HX1", '{"1": "Ana", "2": "zwei = drei"}')
    assert "Body" not in second
    assert (third["Body"], "ContentSid" in third) == ("Frei", False)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, ("refused", True, "hard_bounce", False, None)),
        (400, 21610, ("refused", True, "stopped", False, None)),
        (400, 21617, ("refused", True, "", False, None)),
        (401, 20003, ("refused", False, "", False, None)),
        (429, 20429, ("refused", False, "", False, timedelta(seconds=9))),
        (500, None, ("refused", False, "", True, timedelta(seconds=9))),
        (503, None, ("refused", False, "", True, timedelta(seconds=9))),
        (504, None, ("unknown",)),
    ],
)
def test_what_twilio_answers(peer: Peer, status: int, code: int | None, expected: tuple[Any, ...]) -> None:
    headers = {"Retry-After": "9"} if status in (429, 500, 503) else {}
    peer.answers.append(Answer(status, {"code": code, "message": "No", "status": status}, headers))
    assert bare(text()) == expected


def test_a_lost_answer_is_not_known_and_a_dead_host_is_left_alone_for_the_rest_of_the_session(
    peer: Peer, settings: Any
) -> None:
    settings.PROVIDER_TIMEOUT = 0.5
    peer.answers += [Answer(fault=RESET), Answer(fault=HANG)]
    outcomes = hand_over(SmsChannel(), *[envelope(address=ANA, account=ACCOUNT) for _ in range(4)])
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown, Refused, Refused]
    assert len(peer.received) == 2


def test_without_an_account_it_waits_and_nobody_is_asked(peer: Peer) -> None:
    assert bare(text(account={})) == ("refused", False, "", False, None)
    assert peer.received == []


@pytest.mark.parametrize(
    ("words", "encoding", "units", "count"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("ÄÖÜäöüßñéà", "GSM-7", 10, 1),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2),  # the two halves of € are never parted
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("ж" * 70, "UCS-2", 70, 1),
        ("ж" * 71, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 67, "UCS-2", 134, 3),  # 33 of them in a segment of 67 units: half a sign fits nowhere
        ("ç", "UCS-2", 1, 1),
    ],
)
def test_segments_are_counted_as_they_are_charged(words: str, encoding: str, units: int, count: int) -> None:
    found = count_segments(words)
    assert (found.encoding, found.units, found.count) == (encoding, units, count)


def test_typographic_signs_are_made_plain_and_others_named() -> None:
    assert count_segments(plainer("„Grüße“ – so’s…")).encoding == "GSM-7"
    assert count_segments("Hallo ж😀ж").foreign == "ж😀"


def test_no_word_has_two_meanings() -> None:
    meanings: dict[str, set[str]] = {}
    for language in WORDS.values():
        for command, words in language.items():
            for word in words:
                meanings.setdefault(normal(word), set()).add(command)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}
    assert all(set(language) == set(WORDS["en"]) for language in WORDS.values())


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("STOP", "stop"), (" stop. ", "stop"), ("Stop!!", "stop"), ("stop all", "stop"), ("ABMELDEN", "stop"),
        ("später", "not_now"), ("SPATER", "not_now"), ("Nicht jetzt", "not_now"), ("ja", "helpful"),
        ("help", "help"), ("HELPFUL", "helpful"), ("arrêt", "stop"), ("start", "start"), ("undo", "undo"),
        ("Please do not stop", ""), ("Stopwatch", ""), ("nonstop", ""), ("Yes, but in blue", ""), ("no no", ""),
        ("", ""), ("👍", ""), ("endless", ""), ("I want to cancel my order", ""),
    ],
)  # fmt: skip
def test_only_a_whole_message_is_a_command(words: str, command: str) -> None:
    assert command_of(words) == command


def test_each_language_names_its_own_words() -> None:
    assert words_for("de-AT")["not_now"] == "SPÄTER"
    assert words_for("xx")["stop"] == "STOP"
