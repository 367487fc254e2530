"""E-mail against a real SMTP server: what each of its answers means, and what a message looks like."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest

from nudges.channels import Envelope, Outcome, Refused, Sent, Unknown
from nudges.channels.email import EmailChannel, sender
from nudges.channels.mime import write_mime
from tests import make_channels
from tests.smtp_peer import SES_ID, Peer, smtp_peer

UNSUBSCRIBE = "https://example.org/m/u/token/"


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with smtp_peer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 0.5
        yield running


def envelope(address: str = "ana@example.org", **fields: Any) -> Envelope:
    return make_channels.envelope(address, **{"unsubscribe_url": UNSUBSCRIBE} | fields)


def send(*addresses: str) -> list[Outcome]:
    with EmailChannel().session() as hand_over:
        return list(hand_over(envelope(f"{name}@example.org") for name in addresses))


def test_a_mail_carries_what_readers_and_providers_ask_for(peer: Peer) -> None:
    given = envelope()
    with EmailChannel().session() as hand_over:
        assert list(hand_over([given])) == [Sent()]
    [mail] = peer.to("ana@example.org")
    assert mail["Subject"] == "Grüße"
    assert mail["From"] == "The Shop <shop@example.org>"
    assert mail["Message-ID"] == f"<{given.dispatch_id}@touchstone.localhost>"
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Feedback-ID"] == "n7:w3:tips:touchstone"
    assert mail["Content-Language"] == "de"
    assert mail["Auto-Submitted"] is None
    assert mail.get_content_type() == "multipart/alternative"
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert "Plain words" in plain.get_content()
    assert rich is not None
    assert "<p>Rich words</p>" in rich.get_content()


def test_a_service_message_is_not_a_list(peer: Peer) -> None:
    with EmailChannel().session() as hand_over:
        list(hand_over([envelope(is_service=True)]))
    [mail] = peer.to("ana@example.org")
    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("line", ["From now on", ".hidden", "x" * 1200, "a\rb", "Grüße “hier”", ""])
def test_every_line_arrives_as_it_was_and_needs_no_change_on_the_way(line: str) -> None:
    text = f"{line}\nbetween\n{line}"
    raw = write_mime(envelope(text=text, html=text))
    assert all(len(each) <= 998 and each.isascii() and b"\r" not in each for each in raw.split(b"\r\n"))
    # The parts' own lines begin with a dash or come after it.
    assert not re.search(rb"^(?:From [^T]|\.)", raw, re.MULTILINE)
    for part in message_from_bytes(raw, policy=policy.default).iter_parts():
        assert html.unescape(part.get_content()).splitlines() == text.replace("\r", "\n").splitlines()


def test_amazons_own_id_is_kept_so_that_its_reports_find_the_mail(peer: Peer) -> None:
    assert send("amazon", "a") == [Sent(SES_ID), Sent()]


def test_a_chunk_goes_over_one_connection(peer: Peer) -> None:
    assert send("a", "b", "c") == [Sent(), Sent(), Sent()]
    assert peer.connections == 1


@pytest.mark.parametrize(
    ("name", "permanent", "is_bounce", "suppresses", "is_provider"),
    [
        ("later", False, False, "", False),
        ("gone", True, True, "hard_bounce", False),
        ("full", True, True, "", False),
        ("refused", True, False, "", False),
        ("busy", False, False, "", False),
        ("closing", False, False, "", True),
        ("dropped", False, False, "", True),
    ],
)
def test_each_answer_of_a_server_has_its_meaning(
    peer: Peer, name: str, permanent: bool, is_bounce: bool, suppresses: str, is_provider: bool
) -> None:
    [outcome] = send(name)
    assert isinstance(outcome, Refused)
    assert (outcome.permanent, outcome.is_bounce, outcome.suppresses, outcome.is_provider) == (
        permanent,
        is_bounce,
        suppresses,
        is_provider,
    )
    assert outcome.error
    assert peer.received == []


@pytest.mark.parametrize("name", ["cut", "slow"])
def test_a_connection_that_breaks_once_the_text_is_out_leaves_it_unknown(peer: Peer, name: str) -> None:
    [outcome] = send(name)
    assert isinstance(outcome, Unknown)
    assert len(peer.received) == 1  # it did arrive, and nobody told us


def test_one_bad_recipient_holds_up_no_other(peer: Peer) -> None:
    names = ["a", "gone", "b", "later", "c", "dropped", "d", "cut", "e", "refused", "f", "closing", "g"]
    outcomes = send(*names)
    taken = [name for name, outcome in zip(names, outcomes, strict=True) if isinstance(outcome, Sent)]
    assert taken == ["a", "b", "c", "d", "e", "f", "g"]
    assert [len(peer.to(f"{name}@example.org")) for name in taken] == [1] * 7


def test_each_answer_goes_to_its_own_mail_over_several_pipelined_connections(peer: Peer) -> None:
    faults = ["gone", "later", "refused", "full", "busy", "dropped", "cut", "closing"]
    names = [faults[n // 7] if n % 7 == 6 and n // 7 < len(faults) else f"p{n}" for n in range(63)]
    outcomes = send(*names)
    sent = [name for name, outcome in zip(names, outcomes, strict=True) if outcome == Sent()]
    assert sent == [name for name in names if name not in faults]
    assert [len(peer.to(f"{name}@example.org")) for name in sent] == [1] * len(sent)
    assert sum(isinstance(outcome, Unknown) for outcome in outcomes) == 1
    assert len(peer.received) == len(sent) + 1  # the one that was cut did arrive


def test_a_server_without_pipelining_is_spoken_to_line_by_line(peer: Peer, monkeypatch: Any) -> None:
    monkeypatch.setattr("smtplib.SMTP.has_extn", lambda self, name: False)
    outcomes = send("a", "gone", "b", "refused", "c", "closing", "d")
    assert [isinstance(outcome, Sent) for outcome in outcomes] == [
        True,
        False,
        True,
        False,
        True,
        False,
        True,
    ]
    assert [recipient[0] for recipient, _mail in peer.received] == ["a", "b", "c", "d"]


def test_a_server_that_is_not_there_is_the_providers_failure(settings: Any, peer: Peer) -> None:
    settings.EMAIL_PORT = 1
    [outcome] = send("ana")
    assert isinstance(outcome, Refused)
    assert outcome.is_provider
    assert not outcome.permanent


def test_an_address_that_cannot_be_written_fails_for_good_and_alone(peer: Peer) -> None:
    with EmailChannel().session() as hand_over:
        refused, taken = hand_over(
            [envelope("ana@example.org\nBcc: all@example.org"), envelope("ben@example.org")]
        )
    assert isinstance(refused, Refused)
    assert refused.permanent
    assert taken == Sent()
    assert [recipient for recipient, _mail in peer.received] == ["ben@example.org"]


def test_a_workspace_signs_by_its_own_name_and_address_where_it_has_them(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Touchstone <mail@touchstone.example>"
    assert sender("The Shop", "shop@example.org") == "The Shop <shop@example.org>"
    assert sender("The Shop", "") == "The Shop <mail@touchstone.example>"
    assert sender("", "") == "Touchstone <mail@touchstone.example>"
