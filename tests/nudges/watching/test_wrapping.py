"""What stands in a watched letter: links that lead by way of us, a picture, and nothing where nobody let it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engagement.models import Customer, Workspace
from nudges.models import Message, Nudge
from nudges.watching import watchers_for
from nudges.watching.choosing import Watcher
from nudges.watching.wrapping import watched
from nudges.wording import Rendered
from tests import make, make_messages
from tests.nudges.watching.letters import (
    PLACE,
    html_of,
    path,
    pictures,
    refuse,
    sent_mail,
    watch,
    watched_links,
)


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


def test_a_browsers_push_leads_by_way_of_us(shop: Workspace, ana: Customer) -> None:
    words = Rendered("S", "T", "<p>T</p>", "T", "<p>T</p>", "en", "", "", link=PLACE)
    watcher = Watcher(True, True, "https://t.example")
    pushed = watched(Message(pk=5, channel="web_push"), words, watcher)
    assert pushed.link.startswith("https://t.example/m/t/")
    for channel in ("sms", "whatsapp", "mobile_push", "webhook", "inbox", "staff_task"):
        assert watched(Message(pk=5, channel=channel), words, watcher) is words
