"""Opens and clicks: off until both sides let it, machines told apart, and a link that leads where it led."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from engagement.models import AuditEntry, Customer, Event, Workspace
from nudges.hearing import Choices, save_preferences
from nudges.hits import seen_of
from nudges.links import preferences_url
from nudges.models import Hit, HitKind, Message, Nudge, Preference, Reception, SeenAs, Watch
from nudges.sending import send_messages
from nudges.watching import DomainRefused, change_watch, forget_hits, judge_hits, watchers_for
from nudges.watching.agents import objects, seen_as
from nudges.watching.choosing import allows, proof_of
from nudges.watching.judging import KEPT, judge
from nudges.watching.noticing import MOST_HITS, NOTED_FOR
from tests import make, make_messages
from tests.https_peer import Answer, https_peer

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
WRITTEN = "https://shop.example/p?a=1&b=Grüße#top"
PLACE = "https://shop.example/p?a=1&b=Gr%C3%BC%C3%9Fe#top"  # as Markdown writes it


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"User-Agent": CHROME}, "person"),
        ("GET", {"User-Agent": IPHONE}, "person"),
        ("GET", {"User-Agent": "Mozilla/5.0"}, "ahead"),
        ("GET", {"User-Agent": GMAIL}, "proxy"),
        ("GET", {"User-Agent": YAHOO}, "proxy"),
        ("HEAD", {"User-Agent": CHROME}, "scanner"),
        ("GET", {}, "scanner"),
        ("GET", {"User-Agent": "BarracudaCentral/1.0"}, "scanner"),
        ("GET", {"User-Agent": "python-requests/2.32"}, "scanner"),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, "scanner"),
        ("GET", {"User-Agent": CHROME.replace("Chrome", "HeadlessChrome")}, "scanner"),
        ("GET", {"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender"}, "ahead"),
    ],
)
def test_what_a_request_says_of_itself(method: str, headers: dict[str, str], expected: str) -> None:
    assert seen_as(method, headers) == expected


def test_a_browser_may_object() -> None:
    assert objects({"Sec-GPC": "1"})
    assert objects({"DNT": "1"})
    assert not objects({"User-Agent": CHROME, "DNT": "0"})


@pytest.mark.parametrize(
    ("who", "said", "expected"),
    [
        ("nobody", True, False),
        ("agreed", None, False),
        ("agreed", True, True),
        ("agreed", False, False),
        ("not_refused", None, True),
        ("not_refused", True, True),
        ("not_refused", False, False),
    ],
)
def test_both_sides_must_let_it(who: str, said: bool | None, expected: bool) -> None:
    assert allows(Watch(who=who), said) is expected
    assert allows(None, said) is False


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


@pytest.fixture
def shop(db: None) -> Workspace:
    return make.workspace(name="Shoe shop")


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, email="ana@example.org")


@pytest.fixture
def nudge(shop: Workspace) -> Nudge:
    made = make_messages.nudge(shop, words=None)
    make_messages.content(
        made,
        body=f"Look [here]({WRITTEN}) or [there](https://other.example/), or [write](mailto:us@shop.example).",
        link_url="https://shop.example/guide?x=1&y=2",
        link_label="The guide",
    )
    return made


def watch(shop: Workspace, who: str = "not_refused", **fields: Any) -> Watch:
    return Watch.objects.create(workspace=shop, who=who, **{"opens": True, "clicks": True} | fields)


def refuse(customer: Customer, *, may: bool = False) -> None:
    save_preferences(customer=customer, choices=Choices(may_be_watched=may), now=make.NOW)


def sent_mail(
    nudge: Nudge, customer: Customer, mailoutbox: list[Any]
) -> tuple[Message, EmailMultiAlternatives]:
    message = make_messages.message(nudge, customer)
    send_messages(now=make.NOW)
    message.refresh_from_db()
    assert message.state == "sent"
    return message, mailoutbox[-1]


def html_of(mail: EmailMultiAlternatives) -> str:
    return str(mail.alternatives[0][0])


def watched_links(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<a\b[^>]*\shref="([^"]*/m/t/[^"]+)"', html)]


def pictures(html: str) -> list[str]:
    return re.findall(r'<img src="([^"]*/m/t/[^"]+)"', html)


def path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


class TestLetter:
    def test_without_a_choice_of_the_workspace_nothing_is_put_in(
        self, nudge: Nudge, ana: Customer, mailoutbox: list[Any]
    ) -> None:
        _message, mail = sent_mail(nudge, ana, mailoutbox)
        assert "/m/t/" not in html_of(mail) + str(mail.body)

    def test_links_lead_by_way_of_us_and_a_picture_stands_at_the_end(
        self, shop: Workspace, nudge: Nudge, ana: Customer, mailoutbox: list[Any]
    ) -> None:
        watch(shop)
        message, mail = sent_mail(nudge, ana, mailoutbox)
        html = html_of(mail)
        *links, trap = watched_links(html)
        assert len(links) == 3
        assert "aria-hidden" in html[html.index(path(trap)) :]
        assert len(pictures(html)) == 1
        assert "mailto:us@shop.example" in html
        assert "https://other.example/" in str(mail.body)  # the plain text is as it was written
        assert "/m/t/" not in str(mail.body)
        assert "/m/t/" not in message.html  # nor is it in what is kept
        assert not re.search(r'href="[^"]*/m/t/[^"]*/m/[rpu]/', html)  # our own pages are not wrapped

    def test_who_refused_is_left_alone_and_the_next_is_not(
        self, shop: Workspace, nudge: Nudge, ana: Customer, mailoutbox: list[Any]
    ) -> None:
        watch(shop)
        refuse(ana)
        _message, mail = sent_mail(nudge, ana, mailoutbox)
        assert "/m/t/" not in html_of(mail)
        _message, mail = sent_mail(nudge, make.customer(shop, email="ben@example.org"), mailoutbox)
        assert "/m/t/" in html_of(mail)

    @pytest.mark.parametrize(("opens", "clicks"), [(True, False), (False, True)])
    def test_each_kind_is_chosen_by_itself(
        self, shop: Workspace, nudge: Nudge, ana: Customer, mailoutbox: list[Any], opens: bool, clicks: bool
    ) -> None:
        watch(shop, opens=opens, clicks=clicks)
        html = html_of(sent_mail(nudge, ana, mailoutbox)[1])
        assert bool(pictures(html)) is opens
        assert bool(watched_links(html)) is clicks

    def test_a_name_of_the_shops_own_stands_in_the_links(
        self, shop: Workspace, nudge: Nudge, ana: Customer, mailoutbox: list[Any]
    ) -> None:
        watch(shop, domain="links.shop.example")
        html = html_of(sent_mail(nudge, ana, mailoutbox)[1])
        assert all(
            link.startswith("https://links.shop.example/m/t/")
            for link in watched_links(html) + pictures(html)
        )

    def test_whom_it_may_watch_is_read_in_two_queries(
        self, shop: Workspace, nudge: Nudge, ana: Customer, django_assert_num_queries: Any
    ) -> None:
        messages = [make_messages.message(nudge, ana) for _ in range(5)]
        with django_assert_num_queries(1):
            assert watchers_for(messages) == {}
        watch(shop)
        with django_assert_num_queries(2):
            assert len(watchers_for(messages)) == 5


@pytest.fixture
def mailed(
    shop: Workspace, nudge: Nudge, ana: Customer, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The HTML of a watched mail, an hour ago for all who now fetch something of it."""
    watch(shop)
    _message, mail = sent_mail(nudge, ana, mailoutbox)
    clock(monkeypatch, 3600)
    return html_of(mail)


def clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The doors' clock stands so many seconds after the sending."""
    monkeypatch.setattr(timezone, "now", lambda: make.NOW + timedelta(seconds=seconds))


def fetch(client: Client, url: str, *, agent: str = CHROME, method: str = "get", **headers: str) -> Any:
    return getattr(client, method)(path(url), headers={"user-agent": agent, **headers})


def seen() -> list[tuple[str, str]]:
    return [(row.kind, row.seen_as) for row in Hit.objects.order_by("id")]


def settle(seconds: float = 3700) -> None:
    judge_hits(now=make.NOW + timedelta(seconds=seconds))


class TestDoor:
    def test_a_link_leads_to_the_very_address_that_stood_in_the_message(
        self, client: Client, mailed: str
    ) -> None:
        places = [fetch(client, link)["Location"] for link in watched_links(mailed)]
        assert sorted(set(places)) == sorted(
            {PLACE, "https://other.example/", "https://shop.example/guide?x=1&y=2"}
        )
        answer = fetch(client, watched_links(mailed)[0])
        assert answer.status_code == 302
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies

    def test_nobody_makes_it_lead_elsewhere(self, client: Client, mailed: str) -> None:
        link = path(watched_links(mailed)[0])
        token = link.split("/")[3]
        body, *rest = token.split(":")
        for forged in (
            link.replace(body, body[:-4] + "AAAA"),
            link.replace(token, ":".join([body, rest[0], rest[1][:-2] + "AA"])),
            f"/m/t/{preferences_url(Customer.objects.get()).split('/')[-2]}/",
            "/m/t/https:%2F%2Fevil.example/",
        ):
            assert client.get(forged).status_code == 404
        assert client.get(f"{link}?url=https://evil.example/&u=//evil.example")["Location"].startswith(
            "https://shop.example/"
        )

    def test_an_open_and_a_click_of_a_person_are_told(self, client: Client, mailed: str) -> None:
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
        self, client: Client, mailed: str, monkeypatch: pytest.MonkeyPatch
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
        self, client: Client, mailed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for link in watched_links(mailed):
            fetch(client, link)
        clock(monkeypatch, 4000)
        fetch(client, watched_links(mailed)[1])
        settle(4100)
        assert Message.objects.get().clicked_at == make.NOW + timedelta(seconds=4000)
        assert [who for _kind, who in seen()].count("person") == 1

    def test_gmails_proxy_is_an_open_and_said_to_be_the_proxys(self, client: Client, mailed: str) -> None:
        fetch(client, pictures(mailed)[0], agent=GMAIL)
        settle()
        assert Message.objects.get().opened_at is not None
        assert Event.objects.get(name="Message Opened").properties["by"] == "proxy"

    @pytest.mark.parametrize("why", ["refused", "off", "gpc", "old", "clicks_off", "erased"])
    def test_where_it_may_not_be_known_it_is_not_and_the_link_still_leads_there(
        self,
        client: Client,
        shop: Workspace,
        ana: Customer,
        mailed: str,
        monkeypatch: pytest.MonkeyPatch,
        why: str,
    ) -> None:
        headers = {"Sec-GPC": "1"} if why == "gpc" else {}
        if why == "refused":
            refuse(ana)
        if why == "off":
            Watch.objects.all().delete()
        if why == "clicks_off":
            Watch.objects.update(clicks=False)
        if why == "old":
            clock(monkeypatch, NOTED_FOR.total_seconds() + 1)
        if why == "erased":
            Message.objects.all().delete()
        assert fetch(client, watched_links(mailed)[0], **headers)["Location"].startswith(
            "https://shop.example/p"
        )
        assert not Hit.objects.exists()

    def test_who_refuses_within_the_minute_was_not_seen(
        self, client: Client, ana: Customer, mailed: str
    ) -> None:
        fetch(client, watched_links(mailed)[0])
        refuse(ana)
        settle()
        assert not Hit.objects.exists()
        assert Message.objects.get().clicked_at is None

    def test_fetching_again_and_again_fills_no_table(self, client: Client, mailed: str) -> None:
        message = Message.objects.get()
        Hit.objects.bulk_create(
            Hit(
                workspace_id=message.workspace_id,
                message=message,
                nudge_id=message.nudge_id,
                kind="open",
                seen_as="scanner",
                at=make.NOW,
                is_judged=True,
            )
            for _ in range(MOST_HITS)
        )
        assert fetch(client, pictures(mailed)[0]).status_code == 200
        assert Hit.objects.count() == MOST_HITS

    def test_what_is_old_is_forgotten(self, client: Client, mailed: str) -> None:
        fetch(client, pictures(mailed)[0])
        at = Hit.objects.get().at
        assert forget_hits(now=at + KEPT)["taken"] == 0
        assert forget_hits(now=at + KEPT + timedelta(seconds=1))["taken"] == 1
        assert not Hit.objects.exists()

    def test_judging_takes_the_same_queries_for_many(
        self, shop: Workspace, nudge: Nudge, django_assert_max_num_queries: Any
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


def test_a_browsers_push_leads_by_way_of_us(shop: Workspace, ana: Customer) -> None:
    from nudges.watching.choosing import Watcher
    from nudges.watching.wrapping import watched
    from nudges.wording import Rendered

    words = Rendered("S", "T", "<p>T</p>", "T", "<p>T</p>", "en", "", "", link=PLACE)
    watcher = Watcher(True, True, "https://t.example")
    pushed = watched(Message(pk=5, channel="web_push"), words, watcher)
    assert pushed.link.startswith("https://t.example/m/t/")
    for channel in ("sms", "whatsapp", "mobile_push", "webhook", "inbox", "staff_task"):
        assert watched(Message(pk=5, channel=channel), words, watcher) is words


class TestSettings:
    def test_a_change_stands_in_the_trail(self, shop: Workspace) -> None:
        change_watch(
            workspace=shop, who="agreed", opens=True, clicks=False, domain="", actor=None, now=make.NOW
        )
        assert AuditEntry.objects.get().detail == {"who": ["nobody", "agreed"], "opens": [False, True]}

    def test_a_name_that_does_not_lead_here_is_refused(self, shop: Workspace, settings: Any) -> None:
        with https_peer(settings) as peer:
            peer.otherwise = Answer(200, "hello")
            with pytest.raises(DomainRefused, match="does not lead here"):
                self.choose(shop, f"127.0.0.1:{peer.port}")
            settings.OUTBOUND_PRIVATE_HOSTS = []
            with pytest.raises(DomainRefused, match="could not be fetched"):
                self.choose(shop, f"127.0.0.1:{peer.port}")
        assert not Watch.objects.exists()

    def test_one_that_leads_here_proves_it(
        self, shop: Workspace, settings: Any, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with https_peer(settings) as peer:
            monkeypatch.setattr("nudges.watching.choosing.secrets.token_urlsafe", lambda _size: "known")
            said = client.get("/m/t/here/", {"ask": "known"})
            peer.otherwise = Answer(200, said.content)
            assert self.choose(shop, f"127.0.0.1:{peer.port}").domain == f"127.0.0.1:{peer.port}"
            assert peer.received[0].path == "/m/t/here/?ask=known"
        assert said.content.decode() != proof_of("other")

    def choose(self, shop: Workspace, domain: str) -> Watch:
        return change_watch(
            workspace=shop, who="agreed", opens=True, clicks=True, domain=domain, actor=None, now=make.NOW
        )


class TestPreferencePage:
    def save(self, client: Client, ana: Customer, **fields: str) -> None:
        assert client.post(path(preferences_url(ana)), fields).status_code == 303

    def said(self) -> Iterable[bool | None]:
        return list(Preference.objects.values_list("may_be_watched", flat=True))

    def test_nobody_is_asked_about_what_is_off(self, client: Client, ana: Customer) -> None:
        assert b'name="watched"' not in client.get(path(preferences_url(ana))).content

    def test_a_customer_says_no_and_yes_again(self, client: Client, shop: Workspace, ana: Customer) -> None:
        watch(shop)
        assert b'value="yes" checked' in client.get(path(preferences_url(ana))).content
        self.save(client, ana, watched="yes")
        assert self.said() == [None]  # leaving it as it was says nothing
        self.save(client, ana, watched="no")
        assert self.said() == [False]
        assert b'value="no" checked' in client.get(path(preferences_url(ana))).content
        self.save(client, ana)  # a form without the question changes nothing
        assert self.said() == [False]
        self.save(client, ana, watched="yes")
        assert self.said() == [True]
        assert Event.objects.filter(name="Preference Changed").count() == 2


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
