"""Opens and clicks of people told apart from those of machines, told, counted and forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from engagement.models import Customer, Event, Workspace
from nudges.hits import seen_of
from nudges.models import Hit, HitKind, Message, Nudge, Reception, SeenAs
from nudges.watching import forget_hits, judge_hits
from nudges.watching.judging import KEPT, judge
from tests import make, make_messages
from tests.nudges.watching.letters import IPHONE, PLACE, clock, fetch, pictures, refuse, watch, watched_links

GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def hit(kind: str = "click", *, after: float, who: str = "person", link: str = "a") -> Hit:
    return Hit(kind=kind, link=link, seen_as=who, at=make.NOW + timedelta(seconds=after))


@pytest.mark.parametrize(
    ("one", "others", "expected"),
    [
        (hit(after=300), [], "person"),
        (hit(after=14), [], "scanner"),  # nobody reads that fast
        (hit("open", after=14), [], "scanner"),
        (hit("open", after=14, who="proxy"), [], "ahead"),
        (hit("open", after=300, who="proxy"), [], "proxy"),
        (hit("open", after=5, who="ahead"), [], "ahead"),
        (hit(after=300, who="scanner"), [], "scanner"),
        (hit("trap", after=300), [], "scanner"),
        (hit(after=300), [hit("trap", after=340)], "scanner"),
        (hit("open", after=300), [hit("trap", after=340)], "scanner"),
        (hit(after=300), [hit("trap", after=361)], "person"),  # a scanner long after the reader
        (hit(after=300), [hit(after=302, link="b")], "scanner"),
        (hit(after=300), [hit(after=303, link="b")], "person"),
        (hit(after=300), [hit(after=301, link="a")], "person"),  # a double click
        (hit("open", after=300), [hit(after=301)], "person"),  # opening and clicking are no race
    ],
)
def test_who_it_was_shows_by_its_company(one: Hit, others: list[Hit], expected: str) -> None:
    assert judge(one, [one, *others], sent_at=make.NOW) == expected


def test_before_it_was_sent_it_was_no_person() -> None:
    assert judge(hit(after=300), [], sent_at=None) == "scanner"


def seen() -> list[tuple[str, str]]:
    return [(row.kind, row.seen_as) for row in Hit.objects.order_by("id")]


def settle(seconds: float = 3700) -> None:
    judge_hits(now=make.NOW + timedelta(seconds=seconds))


def test_an_open_and_a_click_of_a_person_are_told(client: Client, mailed: str) -> None:
    assert fetch(client, pictures(mailed)[0], agent=IPHONE)["Content-Type"] == "image/gif"
    fetch(client, watched_links(mailed)[0])
    fetch(client, watched_links(mailed)[0])
    message = Message.objects.get()
    assert (message.opened_at, message.clicked_at) == (None, None)  # not before it is judged
    settle()
    message.refresh_from_db()
    moment = make.NOW + timedelta(hours=1)
    assert (message.opened_at, message.clicked_at) == (moment, moment)
    assert seen() == [("open", "person"), ("click", "person"), ("click", "person")]
    assert list(Event.objects.filter(name="Message Opened").values_list("properties__by", flat=True)) == [
        "person"
    ]
    [click] = Event.objects.filter(name="Message Clicked")
    assert click.properties["link"] == PLACE
    assert Reception.objects.get().message_ids == [message.pk]
    settle()  # again: nothing twice
    assert Event.objects.filter(name__in=["Message Opened", "Message Clicked"]).count() == 2


def test_machines_are_noted_and_tell_nothing(
    client: Client, mailed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(client, pictures(mailed)[0], agent="Mozilla/5.0")
    for link in watched_links(mailed):
        fetch(client, link, method="head")
    settle()
    clock(monkeypatch, 7200)
    for link in watched_links(mailed):  # one that passes itself off as a browser, in one go
        fetch(client, link)
    settle(7300)
    message = Message.objects.get()
    assert {who for _kind, who in seen()} == {"ahead", "scanner"}
    assert (message.opened_at, message.clicked_at) == (None, None)
    assert not Event.objects.filter(name__in=["Message Opened", "Message Clicked"]).exists()
    assert not Reception.objects.exists()


def test_a_reader_after_a_scanner_is_a_reader(
    client: Client, mailed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for link in watched_links(mailed):
        fetch(client, link)
    clock(monkeypatch, 4000)
    fetch(client, watched_links(mailed)[1])
    settle(4100)
    assert Message.objects.get().clicked_at == make.NOW + timedelta(seconds=4000)
    assert [who for _kind, who in seen()].count("person") == 1


def test_gmails_proxy_is_an_open_and_said_to_be_the_proxys(client: Client, mailed: str) -> None:
    fetch(client, pictures(mailed)[0], agent=GMAIL)
    settle()
    assert Message.objects.get().opened_at is not None
    assert Event.objects.get(name="Message Opened").properties["by"] == "proxy"


def test_who_refuses_within_the_minute_was_not_seen(client: Client, ana: Customer, mailed: str) -> None:
    fetch(client, watched_links(mailed)[0])
    refuse(ana)
    settle()
    assert not Hit.objects.exists()
    assert Message.objects.get().clicked_at is None


def test_what_is_old_is_forgotten(client: Client, mailed: str) -> None:
    fetch(client, pictures(mailed)[0])
    at = Hit.objects.get().at
    assert forget_hits(now=at + KEPT)["taken"] == 0
    assert forget_hits(now=at + KEPT + timedelta(seconds=1))["taken"] == 1
    assert not Hit.objects.exists()


def test_judging_takes_the_same_queries_for_many(
    shop: Workspace, nudge: Nudge, django_assert_max_num_queries: Any
) -> None:
    watch(shop)
    for number in (2, 20):
        for _ in range(number):
            customer = make.customer(shop, email=f"c{Customer.objects.count()}@example.org")
            message = make_messages.message(nudge, customer, state="sent", sent_at=make.NOW)
            Hit.objects.create(
                workspace=shop,
                message=message,
                nudge=nudge,
                kind="click",
                link=PLACE,
                seen_as="person",
                at=make.NOW + timedelta(hours=1),
            )
        with django_assert_max_num_queries(45):
            assert judge_hits(now=make.NOW + timedelta(hours=2))["person"] == number
    assert Event.objects.filter(name="Message Clicked").count() == 22


def test_the_nudges_figures_tell_people_from_machines(shop: Workspace, ana: Customer, nudge: Nudge) -> None:
    assert seen_of(nudge, since=make.NOW) is None
    for kind, who, link in [
        ("open", "proxy", ""),
        ("open", "ahead", ""),
        ("click", "person", PLACE),
        ("click", "person", PLACE),
        ("click", "scanner", PLACE),
    ]:
        message = make_messages.message(nudge, ana)
        Hit.objects.create(
            workspace=shop,
            message=message,
            nudge=nudge,
            kind=kind,
            seen_as=who,
            link=link,
            at=make.NOW,
            is_judged=True,
        )
    seen = seen_of(nudge, since=make.NOW)
    assert seen is not None
    assert (seen.opened, seen.clicked) == (1, 2)
    assert (HitKind.OPEN, SeenAs.AHEAD, 1) in seen.by_whom
    assert (HitKind.CLICK, SeenAs.SCANNER, 1) in seen.by_whom
    assert [(link.address, link.messages) for link in seen.links] == [(PLACE, 2)]
