"""The pages on which words are tried: added, named, shared out, previewed, compared, and one given to everybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from nudges.models import Message, Nudge, Reply
from nudges.results import FEWEST
from nudges.variants import key_of, tried
from nudges.varying import save_variants
from tests import make, make_nudges
from tests.make_dashboard import Office, text_of
from tests.nudges.deciding_one import DAY

pytestmark = pytest.mark.django_db
WORDS = {"channel": "email", "language": "en", "subject": "S", "body": "Of the long one"}


@pytest.fixture
def client(office: Office) -> Client:
    return office.enter("marketer")


def again(office: Office) -> Nudge:
    return Nudge.objects.get(pk=office.nudge.pk)


def start(office: Office, **asked: Any) -> Nudge:
    variants = [{"name": "Short", "share": 50}, {"name": "Long", "share": 50}]
    return save_variants(nudge=office.nudge, variants=variants, actor=None, **{"now": timezone.now()} | asked)


def test_two_are_tried_named_shared_out_and_one_more_is_added(office: Office, client: Client) -> None:
    path, page = f"/nudges/{office.nudge.pk}/variants", f"/nudges/{office.nudge.pk}/words"
    assert "Try two variants" in text_of(client.get(page))
    client.post(path, {"do": "add"})
    assert [(one.key, one.name, one.share) for one in tried(again(office))] == [
        ("a", "A", 50),
        ("b", "B", 50),
    ]
    names = {"key": ["a", "b"], "name": ["Short", "Long"], "share": ["70", "30"]}
    client.post(path, {"do": "save", **names})
    assert [(one.name, one.share) for one in tried(again(office))] == [("Short", 70), ("Long", 30)]
    refused = client.post(path, {"do": "save", **names, "share": ["70", "x"]}, follow=True)
    assert "100 together" in text_of(refused)
    client.post(path, {"do": "add", **names})
    assert [(one.key, one.share) for one in tried(again(office))] == [("a", 34), ("b", 33), ("c", 33)]
    more = {"key": ["a", "b", "c"], "name": ["Short", "Long", "C"], "share": ["34", "33", "33"]}
    client.post(path, {"do": "remove:b", **more})
    assert [(one.key, one.share) for one in tried(again(office))] == [("a", 50), ("c", 50)]


def test_a_variant_begins_with_the_plain_words_and_says_so(office: Office, client: Client) -> None:
    start(office)
    page = f"/nudges/{office.nudge.pk}/words?channel=email&language=en&variant=b"
    told = text_of(client.get(page))
    assert "no words of its own here" in told
    assert "Dear {{ customer.name }}" in told
    assert "Has no words of its own for E-mail · en" in told
    saved = client.post(page, WORDS | {"variant": "b"})
    assert saved.headers["Location"].endswith("channel=email&language=en&variant=b")
    assert sorted(office.nudge.contents.values_list("variant", "body")) == [
        ("", "Dear {{ customer.name }}"),
        ("b", "Of the long one"),
    ]
    assert "no words of its own here" not in text_of(client.get(page))
    assert "Dear {{ customer.name }}" in text_of(client.get(page.replace("variant=b", "variant=x")))


def test_each_is_previewed_and_the_customers_own_where_none_is_named(office: Office, client: Client) -> None:
    held = start(office)
    client.post(f"/nudges/{held.pk}/words", WORDS | {"variant": "b"})
    path = f"/nudges/{held.pk}/preview?language=en&as={office.customer.pk}"
    assert "Of the long one" in text_of(client.get(f"{path}&variant=b"))
    assert "Dear Ada Lovelace" in text_of(client.get(f"{path}&variant=a"))
    own = {"a": "Dear Ada Lovelace", "b": "Of the long one"}[key_of(held, office.customer.pk)]
    assert own in text_of(client.get(f"/nudges/{held.pk}/preview?as={office.customer.pk}"))


def test_one_is_given_to_everybody(office: Office, client: Client) -> None:
    start(office)
    client.post(f"/nudges/{office.nudge.pk}/words", WORDS | {"variant": "b"})
    path = f"/nudges/{office.nudge.pk}/variants"
    assert "no such variant" in text_of(client.post(f"{path}/choose", follow=True)), (
        "who says nothing ends nothing"
    )
    said = client.post(f"{path}/choose", {"key": "b"}, follow=True)
    assert "everybody gets the words of “Long”" in text_of(said)
    assert office.nudge.contents.get().body == "Of the long one"
    assert "Since then everybody gets the words of “Long”" in text_of(client.get(path))
    assert "no such variant" in text_of(client.post(f"{path}/choose", {"key": "b"}, follow=True))


def test_which_helps_more_is_said_and_drawn(office: Office, client: Client) -> None:
    path, then = f"/nudges/{office.nudge.pk}/variants", timezone.now() - 20 * DAY
    assert "Nothing is compared" in text_of(client.get(path))
    start(office, now=then - DAY)
    for n in range(2 * 2 * FEWEST):
        key = "ab"[n % 2]
        customer = make.customer(office.workspace)
        message = make_nudges.sent(
            office.nudge, customer, at=then, sent_at=then, variant=key, variant_chance=50
        )
        if n > 4 and (key == "b" or n < 20):
            Reply.objects.create(
                workspace=office.workspace, message=message, customer=customer, kind="helpful", at=then
            )
        if n == 2 * FEWEST - 3:
            assert "The smallest has 29." in text_of(client.get(path))
    page = client.get(path, HTTP_HX_REQUEST="true")
    told = text_of(page)
    assert "“Long” does better than “Short”: Answered “helpful”, +" in told
    assert page.content.decode().count("ts-whisker is-better") == 1
    assert "<html" not in told
    assert "Short" in text_of(office.enter("analyst").get(f"{path}?days=7"))
    Message.objects.filter(nudge=office.nudge, variant="b").update(variant="", variant_chance=None)
    assert "not of the sizes that chance would make them" in text_of(client.get(path))


def test_the_decision_and_the_simulation_name_the_variant(office: Office, client: Client) -> None:
    held = start(office)
    Message.objects.filter(customer=office.customer, channel="email").update(variant="b", variant_chance=50)
    told = text_of(client.get(f"/decisions/{office.ids['decision_id']}"))
    assert "variant “Long”, with a chance of 50 %" in told
    own = {"a": "Short", "b": "Long"}[key_of(held, office.customer.pk)]
    told = text_of(client.get(f"/customers/{office.customer.pk}/what-if?nudge={held.pk}"))
    assert f"Their words are those of “{own}”" in told
