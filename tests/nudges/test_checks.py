"""Before it goes: what a careful reader says of the words, who lacks what, and which links are dead."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Workspace
from nudges.checks import Weight, checks_of, links_of_words
from nudges.gaps import gaps_of
from nudges.models import Nudge
from nudges.visits import seen_before, visit
from tests import make, make_messages
from tests.make import NOW

pytestmark = pytest.mark.django_db
GOOD = "You looked at three tents for a week in the rain. Here is what to look for, and what to leave out of the bag."


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(postal_address="Road 1", sender_email="shop@example.org", locale="en")


def said_of(shop: Workspace, **words: Any) -> list[str]:
    """What is said of an e-mail with these words, good ones where none are told."""
    nudge = make_messages.nudge(shop, words=None)
    make_messages.content(nudge, **{"subject": "What to look for in a tent", "body": GOOD} | words)
    customer = Customer.objects.filter(workspace=shop).first() or make.customer(shop, name="Ana")
    return [f"{found.weight}: {found.text}" for found in checks_of(nudge, customer, now=NOW)]


def test_good_words_are_in_order(shop: Workspace) -> None:
    assert said_of(shop) == ["fine: Nothing found."]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"subject": "x" * 61}, "warn: The subject has 61 signs"),
        ({"subject": "BUY THIS TENT NOW"}, "warn: The subject is written in capitals"),
        ({"subject": "Tents!!"}, "warn: “!!” in the subject"),
        ({"subject": "{{ customer.phone | default: '' }}"}, "stop: The subject is empty"),
        ({"body": "{{ customer.phone }}"}, "stop: “customer.phone” is not known"),
        ({"body": "{% abort 'no tent' %}"}, "warn: The words end it for Ana: “no tent”."),
        ({"body": GOOD + " ![](https://e.org/i.png)"}, "warn: Pictures that say nothing"),
        ({"body": "![a tent](https://e.org/i.png)"}, "warn: It is nearly all pictures"),
        ({"body": GOOD + " [look](http://e.org)"}, "stop: A link that is no https://"),
        ({"body": GOOD + " [look](https://10.0.0.1/x)"}, "stop: Nobody outside your house"),
        ({"body": GOOD + " [look](https://bit.ly/x)"}, "warn: A shortened link"),
        ({"body": GOOD + " [bank.example](https://evil.example/)"}, "stop: “bank.example” leads to"),
        ({"body": GOOD + " [look](https://e.org/a)" * 21}, "warn: It has 21 links"),
        ({"body": "", "blocks": [{"kind": "text", "markdown": "**b** " * 3000}] * 3}, "stop: It has 1"),
        ({"link_url": "http://e.org", "link_label": "Go"}, "stop: A link that is no https://"),
    ],
)
def test_each_thing_is_said(shop: Workspace, words: dict[str, Any], what: str) -> None:
    assert [said for said in said_of(shop, **words) if said.startswith(what)]


@pytest.mark.parametrize(
    "body",
    [
        "[www.e.org](https://e.org/a)",
        "[shop.e.org](https://shop.e.org)",
        "[write us](mailto:a@e.org)",
        "[v1.2 is out](https://e.org/a)",
    ],
)
def test_a_link_that_says_where_it_leads_is_in_order(shop: Workspace, body: str) -> None:
    assert said_of(shop, body=f"{GOOD} {body}") == ["fine: Nothing found."]


def test_what_the_workspace_lacks_is_said_too() -> None:
    shop = make.workspace(postal_address="", sender_email="", locale="de")
    said = said_of(shop)
    assert [one for one in said if one.startswith("stop: Your postal address")]
    assert [one for one in said if one.startswith("warn: You have no sender")]
    assert [one for one in said if one.startswith("warn: There are no words in your own language (de)")]


def test_the_worst_is_said_first(shop: Workspace) -> None:
    said = said_of(shop, subject="x" * 70, body="[a](http://e.org)")
    assert [one.partition(":")[0] for one in said] == ["stop", "warn"]
    assert list(Weight) == ["stop", "warn", "fine"]


def test_dead_links_are_found_and_remembered_without_reaching_a_private_host(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudge = make_messages.nudge(shop, words="[a](https://127.0.0.1:9/x) [b](https://no-such-host.invalid/y)")
    customer = make.customer(shop, name="Ana")
    links = links_of_words(nudge, customer, now=NOW)
    assert links == ["https://127.0.0.1:9/x", "https://no-such-host.invalid/y"]
    private, gone = visit(links)
    assert (private.is_dead, private.what) == (True, "127.0.0.1 is not public")
    assert gone.is_dead
    assert set(seen_before(links)) == set(links)
    said = [finding.text for finding in checks_of(nudge, customer, now=NOW)]
    assert [one for one in said if one.startswith("A dead link: https://no-such-host.invalid/y")]


class TestGaps:
    def test_who_lacks_what_is_counted(self, shop: Workspace) -> None:
        body = "{% if customer.name == 'Bo' %}{% abort 'no Bos' %}{% endif %}{{ customer.traits.shoe }}"
        body += " {{ customer.traits.plan | default: 'none' }}"
        nudge = make_messages.nudge(shop, words=body)
        for name, traits in (
            ("Ana", {"shoe": 42, "plan": "x"}),
            ("Bo", {"shoe": 1}),
            ("Cy", {}),
            ("Di", {"shoe": 2}),
        ):
            make.customer(shop, name=name, traits=traits)
        make.customer(make.workspace(), name="Elsewhere")
        gaps = gaps_of(nudge, now=NOW)
        assert (gaps.audience, gaps.looked_at, gaps.reached) == (4, 4, 2)
        assert gaps.lack == {"customer.traits.plan": 3, "customer.traits.shoe": 1}
        assert gaps.failing == {"“customer.traits.shoe” is not known and has no default.": 1}
        assert gaps.aborted == {"no Bos": 1}
        client = Client()
        client.force_login(make.member(shop).user)
        page = client.get(f"/nudges/{nudge.pk}/readiness/gaps").content.decode()
        for said in ("1 would get nothing: “customer.traits.shoe”", "1 are passed over", "no Bos"):
            assert said in page
        assert re.search(r'customer\.traits\.plan</code></td><td class="num">3<', page)

    def test_a_share_of_many_is_looked_at_and_queries_do_not_grow(self, shop: Workspace) -> None:
        def queries(nudge: Nudge) -> int:
            with CaptureQueriesContext(connection) as seen:
                assert gaps_of(nudge, now=NOW).reached
            return len(seen)

        nudge = make_messages.nudge(shop, words="{{ customer.name }}")
        make.customer(shop, name="A")
        few = queries(nudge)
        for n in range(12):
            make.customer(shop, name=f"B{n}")
        assert queries(nudge) == few
        gaps = gaps_of(nudge, now=NOW, limit=5)
        assert gaps.audience == 13
        assert 3 <= gaps.looked_at <= 5
