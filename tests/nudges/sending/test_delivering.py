"""Sending: due messages go out once, with what became of each."""

from __future__ import annotations

import pytest

from engagement.models import Event, Workspace
from nudges.models import Nudge
from nudges.sending import send_messages
from tests import make, make_messages
from tests.make import NOW
from tests.nudges.sending.scripted import MINUTE, Scripted, message

pytestmark = pytest.mark.django_db


def test_a_due_message_is_sent_once_and_told_on_the_timeline(nudge: Nudge, scripted: type[Scripted]) -> None:
    sent = message(nudge)
    counts = send_messages(now=NOW)
    assert counts["taken"] == counts["sent"] == 1
    sent.refresh_from_db()
    assert (sent.state, sent.sent_at, sent.provider_id, sent.attempts) == ("sent", NOW, "p-1", 1)
    assert (sent.subject, sent.text, sent.html) == ("A subject", "Hello", "<p>Hello</p>\n")
    assert sent.next_attempt_at is None
    assert sent.claim_token is None
    event = Event.objects.get(customer=sent.customer)
    assert event.name == "Message Sent"
    assert event.properties["message_id"] == sent.pk
    assert event.properties["nudge_id"] == nudge.pk
    # Again, and nothing happens again.
    assert send_messages(now=NOW + MINUTE)["taken"] == 0
    assert len(scripted.given) == 1
    assert Event.objects.count() == 1


def test_what_goes_out_holds_signed_links_and_what_is_kept_holds_none(
    nudge: Nudge, scripted: type[Scripted]
) -> None:
    kept = message(nudge)
    send_messages(now=NOW)
    [envelope] = scripted.given
    kept.refresh_from_db()
    for kind in ("helpful", "not_now", "not_relevant", "changed"):
        assert f"/{kind}/" in envelope.text
        assert f"/{kind}/" in envelope.html
    assert "/m/u/" in envelope.unsubscribe_url
    assert "/m/" not in kept.text + kept.html


def test_a_message_that_is_not_due_waits(nudge: Nudge, scripted: type[Scripted]) -> None:
    message(nudge, next_attempt_at=NOW + MINUTE)
    assert send_messages(now=NOW)["taken"] == 0
    assert scripted.given == []
    assert send_messages(now=NOW + MINUTE)["sent"] == 1


def test_an_inbox_message_is_delivered_at_once(nudge: Nudge, scripted: type[Scripted]) -> None:
    delivered = message(nudge, channel="inbox")
    send_messages(now=NOW)
    delivered.refresh_from_db()
    assert delivered.state == "delivered"
    assert delivered.html == "<p>Hello</p>\n"
    assert Event.objects.get().name == "Message Delivered"
    assert scripted.given == []


def test_everybody_of_one_claim_gets_the_words_of_their_language_nudge_and_channel(
    shop: Workspace, nudge: Nudge, scripted: type[Scripted]
) -> None:
    make_messages.content(nudge, language="de", subject="Ein Betreff")
    other = make_messages.nudge(shop, name="Another")
    make_messages.content(other, channel="inbox", subject="In the inbox")
    other.contents.filter(channel="email").update(subject="Another subject")
    wanted = [
        (nudge, "de", "email", "Ein Betreff"),
        (nudge, "de-AT", "email", "Ein Betreff"),
        (nudge, "fr", "email", "A subject"),
        (nudge, "", "email", "A subject"),
        (other, "de", "email", "Another subject"),
        (other, "de", "inbox", "In the inbox"),
    ]
    sent = []
    for n, (what, locale, channel, subject) in enumerate(wanted):
        reader = make.customer(shop, email=f"p{n}@example.org", locale=locale)
        sent.append((make_messages.message(what, reader, channel=channel), subject))
    assert send_messages(now=NOW)["taken"] == len(wanted)
    for one, subject in sent:
        one.refresh_from_db()
        assert one.subject == subject
