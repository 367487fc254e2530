"""What holds for every page behind a message's links: GET shows, POST acts, the token is all that counts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.models import Customer, Workspace
from nudges.links import inbox_url, preferences_url, reply_urls, unsubscribe_url
from nudges.models import Message, Reply
from nudges.sending import send_messages
from tests import make, make_messages
from tests.checksums import checksums
from tests.nudges.pages.paths import all_links, path, reply_path

pytestmark = pytest.mark.django_db


class TestScanners:
    def test_following_every_link_twice_changes_nothing(self, browser: Client, message: Message) -> None:
        before = checksums()
        for link in all_links(message) * 2:
            assert browser.get(link).status_code == 200
            assert browser.head(link).status_code == 200
        assert checksums() == before

    def test_the_links_in_a_real_letter_too(
        self, browser: Client, shop: Workspace, ana: Customer, mailoutbox: Any
    ) -> None:
        make_messages.message(make_messages.nudge(shop), ana)
        send_messages(now=make.NOW)
        [mail] = mailoutbox
        links = set(re.findall(r'https?://[^\s"<>]+/m/[^\s"<>]+', mail.body + mail.alternatives[0][0]))
        assert len(links) >= 6
        before = checksums()
        for link in links:
            assert browser.get(path(link)).status_code == 200
            assert browser.head(path(link)).status_code == 200
        assert checksums() == before

    def test_what_only_acts_cannot_be_opened(self, browser: Client, message: Message, ana: Customer) -> None:
        preferences, inbox = path(preferences_url(ana)), path(inbox_url(ana))
        undo = reply_path(message, "helpful").replace("helpful", "undo")
        for link in (undo, f"{preferences}forget/", f"{preferences}close/", f"{inbox}{message.pk}/archive/"):
            assert browser.get(link).status_code == 405


class TestEveryPage:
    def test_it_sets_no_cookie_is_kept_nowhere_and_passes_on_no_address(
        self, browser: Client, message: Message
    ) -> None:
        for link in all_links(message):
            answer = browser.get(link)
            assert not answer.cookies, link
            assert "no-store" in answer["Cache-Control"]
            assert answer["Referrer-Policy"] == "no-referrer"
            assert "noindex" in answer["X-Robots-Tag"]
            assert "unsafe-inline" not in answer["Content-Security-Policy"]
        answer = browser.post(reply_path(message, "helpful"))
        assert not answer.cookies

    def test_it_works_without_a_script_or_a_style_of_its_own(self, browser: Client, message: Message) -> None:
        for link in all_links(message):
            if link.endswith("/data/"):
                continue
            html = browser.get(link).content.decode()
            assert "<script" not in html
            assert " style=" not in html
            assert 'lang="en"' in html
            assert html.count("<h1>") == 1
            labelled = len(re.findall(r"<label", html))
            inputs = len(re.findall(r"<(?:input|textarea|select)\b(?![^>]*hidden)", html))
            assert labelled == inputs

    @given(data=st.data())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_token_that_was_touched_is_none(
        self, browser: Client, message: Message, data: st.DataObject
    ) -> None:
        link = data.draw(
            st.sampled_from(
                [
                    path(url)
                    for url in (
                        *reply_urls(message.pk).values(),
                        unsubscribe_url(message.pk),
                        preferences_url(message.customer),
                        inbox_url(message.customer),
                    )
                ]
            )
        )
        start = link.index("/", 3) + 1
        place = data.draw(st.integers(start, link.index("/", start) - 1))
        sign = data.draw(st.sampled_from("abcXYZ019-_:."))
        if link[place] == sign:
            return
        touched = link[:place] + sign + link[place + 1 :]
        assert browser.get(touched).status_code == 404
        assert browser.post(touched).status_code in (404, 405)  # the inbox page takes no POST at all

    def test_a_link_for_one_purpose_opens_no_other(self, browser: Client, message: Message) -> None:
        token = {
            name: path(url).split("/")[3]
            for name, url in (
                ("r", reply_urls(message.pk)["helpful"]),
                ("u", unsubscribe_url(message.pk)),
                ("p", preferences_url(message.customer)),
                ("i", inbox_url(message.customer)),
            )
        }
        for own, value in token.items():
            for page, suffix in (("r", "helpful/"), ("u", ""), ("p", ""), ("p", "data/"), ("i", "")):
                expected = 200 if page == own else 404
                assert browser.get(f"/m/{page}/{value}/{suffix}").status_code == expected

    def test_an_old_link_says_so(
        self, browser: Client, message: Message, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import time

        link, unsubscribe = reply_path(message, "helpful"), path(unsubscribe_url(message.pk))
        now = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 61 * 86400)
        answer = browser.get(link)
        assert answer.status_code == 410
        assert b"too old" in answer.content
        assert browser.post(link).status_code == 410
        assert browser.get(unsubscribe).status_code == 200  # lives longer
        assert not Reply.objects.exists()

    def test_words_from_outside_are_escaped(self, browser: Client, message: Message) -> None:
        Message.objects.update(subject="<script>alert(1)</script>")
        html = browser.get(reply_path(message, "helpful")).content.decode()
        assert "<script" not in html
        assert "&lt;script&gt;" in html
