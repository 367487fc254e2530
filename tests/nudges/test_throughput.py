"""Throughputs: so many messages leave in any minute, evenly, in order, whoever asks; what is over waits."""

from __future__ import annotations

import random
import uuid
from collections import deque
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from engagement.models import AuditEntry, Workspace
from nudges.models import Message, Nudge, Throughput
from nudges.sending import send_messages
from nudges.throttling import set_throughput
from nudges.throughputs import queues_of
from tests import make, make_messages, make_nudges
from tests.make import NOW
from tests.make_api import caller

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


@pytest.fixture
def nudge(shop: Workspace) -> Nudge:
    return make_messages.nudge(shop)


def due(nudge: Nudge, number: int, **fields: Any) -> list[int]:
    """Messages of so many customers, each due a second after the one before: what is due at once has no order."""
    customers = [make.customer(nudge.workspace, email=f"{uuid.uuid4()}@example.org") for _ in range(number)]
    return [
        make_messages.message(
            nudge, customer, **{"next_attempt_at": NOW - (number - place) * SECOND} | fields
        ).pk
        for place, customer in enumerate(customers)
    ]


def claim(*, limit: int = 100, channel: str = "email", after: timedelta = timedelta(0)) -> list[int]:
    return make_messages.claim(channel=channel, limit=limit, now=NOW + after)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("messages", "seconds"), [(1, 60), (7, 60), (60, 60), (1000, 60), (90, 3600)])
def test_no_stretch_of_the_time_ever_sees_more_and_who_asks_all_the_time_gets_nearly_all(
    messages: int, seconds: int, seed: int
) -> None:
    """The bucket alone, asked at random moments by workers that want much, little, or give back."""
    chance, at = random.Random(seed), NOW
    row = Throughput(messages=messages, seconds=seconds, filled_at=NOW)
    row.tokens = row.burst
    left: deque[tuple[Any, int]] = deque()
    total = 0
    while at < NOW + 4 * timedelta(seconds=seconds):
        at += timedelta(seconds=chance.choice([0, 0.2, 1, 1, 1, chance.random() * 9]))
        wanted = chance.choice([1, 5, 10_000])
        row.tokens, row.filled_at = row.tokens_at(at), max(row.filled_at, at)
        taken = min(int(row.tokens), wanted)
        row.tokens -= taken
        left.append((at, taken))
        total += taken
        while left and left[0][0] <= at - timedelta(seconds=seconds):
            left.popleft()
        assert sum(n for _at, n in left) <= messages
    assert total <= 4 * messages + row.burst
    assert row.rate * seconds >= min(0.9 * messages, messages - 2)


def test_a_claim_takes_what_the_pace_allows_and_the_rest_follows_in_order(
    shop: Workspace, nudge: Nudge
) -> None:
    make_nudges.throughput(shop, 60)  # three at once, then nearly one a second
    waiting = due(nudge, 8)
    assert claim() == waiting[:3]
    assert claim() == []
    assert claim(after=2 * SECOND) == waiting[3:4]
    assert claim(after=MINUTE) == waiting[4:7]  # a rest saves up no more than the burst
    assert Message.objects.filter(state="decided").count() == 1


def test_service_goes_first_also_under_a_limit(shop: Workspace, nudge: Nudge) -> None:
    make_nudges.throughput(shop, 1)
    due(nudge, 3)
    urgent = due(make_messages.nudge(shop, promise="service"), 1)
    assert claim() == urgent


def test_a_channel_keeps_to_its_own_pace_and_to_that_of_all_together(shop: Workspace) -> None:
    make_nudges.throughput(shop, 60, channel="")
    make_nudges.throughput(shop, 1, channel="sms")
    letters = due(make_messages.nudge(shop), 3)
    texts = due(make_messages.nudge(shop, channels=["sms"]), 3, channel="sms", address="+491701234567")
    assert claim(channel="sms") == texts[:1]
    assert claim() == letters[:2]
    assert claim(channel="sms", after=5 * SECOND) == []
    assert claim(after=5 * SECOND) == letters[2:]


def test_one_workspace_does_not_slow_another_and_the_inbox_has_no_pace(shop: Workspace, nudge: Nudge) -> None:
    make_nudges.throughput(shop, 1)
    make_nudges.throughput(shop, 1, channel="")
    due(nudge, 4)
    others = due(make_messages.nudge(make.workspace()), 4)
    pulled = due(make_messages.nudge(shop, channels=["inbox"]), 4, channel="inbox")
    assert set(others) < set(claim())
    assert claim(channel="inbox") == pulled


def test_what_was_claimed_and_did_not_leave_costs_nothing(shop: Workspace, nudge: Nudge) -> None:
    make_nudges.throughput(shop, 1)
    cancelled, sent = due(nudge, 2)
    Message.objects.filter(pk=cancelled).update(not_after=NOW - MINUTE, next_attempt_at=NOW - MINUTE)
    assert send_messages(now=NOW)["sent"] == 1
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {cancelled: "cancelled", sent: "sent"}
    assert send_messages(now=NOW + 30 * SECOND)["taken"] == 0


def test_another_pace_holds_at_once_and_grants_nothing_on_top(shop: Workspace, nudge: Nudge) -> None:
    owner = make.member(shop, role="owner").user
    kept: dict[str, Any] = {"workspace": shop, "channel": "email", "seconds": 60, "actor": owner}
    set_throughput(messages=1, now=NOW, **kept)
    waiting = due(nudge, 5)
    assert claim() == waiting[:1]
    row = set_throughput(messages=6000, now=NOW, **kept)
    assert (row.messages, row.tokens) == (6000, 0)
    assert claim() == []
    assert claim(after=SECOND) == waiting[1:]
    assert set_throughput(messages=6000, now=NOW, **kept) == row
    assert AuditEntry.objects.filter(action="set_throughput").count() == 2


def test_who_waits_and_for_how_long_is_told(shop: Workspace, nudge: Nudge) -> None:
    make_nudges.throughput(shop, 1)
    due(nudge, 4)
    due(nudge, 1, next_attempt_at=NOW + MINUTE)  # waits for something else
    [queue] = queues_of(shop, now=NOW)
    assert (queue.waiting, queue.lasts) == (4, 4 * MINUTE)
    assert queue.sentence == "By E-mail at most 1 message leaves a minute."


def test_an_owner_sets_and_removes_it_on_the_page(shop: Workspace) -> None:
    browser = Client()
    browser.force_login(make.member(shop, role="owner").user)
    browser.post("/settings/limits/throughput", {"channel": "", "messages": "600", "seconds": "60"})
    row = Throughput.objects.get()
    assert (row.channel, row.messages, row.seconds) == ("", 600, 60)
    page = browser.get("/settings/limits").content.decode()
    assert "By all channels together at most 600 messages leave a minute." in page
    answer = browser.post(
        "/settings/limits/throughput", {"channel": "inbox", "messages": "0", "seconds": "9"}, follow=True
    )
    assert "greater than or equal to 1" in answer.content.decode()
    assert Throughput.objects.get() == row
    browser.post(f"/settings/limits/throughput/{row.pk}/remove")
    assert not Throughput.objects.exists()


def test_the_api_replaces_them_as_a_whole(shop: Workspace) -> None:
    make_nudges.throughput(make.workspace(), 5)
    api = caller(shop)
    body = {
        "limits": [
            {"channel": "", "messages": 600, "per": "minute"},
            {"channel": "sms", "messages": 90, "per": "hour"},
        ]
    }
    assert api.put("throughput", body).status_code == 200
    limits = api.get("throughput").json()["limits"]
    assert [(one["channel"], one["messages"], one["per"], one["waiting"]) for one in limits] == [
        ("", 600, "minute", 0),
        ("sms", 90, "hour", 0),
    ]
    api.put("throughput", {"limits": body["limits"][1:]})
    assert [one["channel"] for one in api.get("throughput").json()["limits"]] == ["sms"]
    assert Throughput.objects.count() == 2  # the other company's stands


@pytest.mark.parametrize(
    "limit",
    [
        {"channel": "inbox", "messages": 1, "per": "hour"},
        {"channel": "sms", "messages": 0, "per": "hour"},
        {"channel": "sms", "messages": 1, "per": "day"},
        {"channel": "sms", "messages": 1},
    ],
)
def test_the_api_says_what_is_wrong(shop: Workspace, limit: dict[str, Any]) -> None:
    answer = caller(shop).put("throughput", {"limits": [limit]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/limits/0/")
    assert not Throughput.objects.exists()


def test_the_api_takes_a_channel_once(shop: Workspace) -> None:
    limit = {"channel": "sms", "messages": 1, "per": "hour"}
    assert caller(shop).put("throughput", {"limits": [limit, limit]}).status_code == 422
    assert not Throughput.objects.exists()
