"""Answering a message, and leaving with one click."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from engagement.models import Consent, Customer, Event, Workspace
from journeys.models import CustomerNeed
from nudges.links import unsubscribe_url
from nudges.models import Message, Reply
from tests import make, make_messages
from tests.nudges.pages.paths import path, reply_path

pytestmark = pytest.mark.django_db


class TestReplying:
    def test_the_page_says_what_the_answer_would_do(self, browser: Client, message: Message) -> None:
        assert "until the day you choose" in browser.get(reply_path(message, "not_now")).content.decode()
        assert (
            "I am not looking for this" in browser.get(reply_path(message, "not_relevant")).content.decode()
        )
        html = browser.get(reply_path(message, "changed")).content.decode()
        assert "Surface" in html
        assert "To fit" in html
        assert "<option>Trail</option>" in html

    def test_an_unknown_answer_is_no_page(self, browser: Client, message: Message) -> None:
        assert browser.get(reply_path(message, "helpful").replace("helpful", "stop")).status_code == 404

    def test_answering_says_what_changed_and_can_be_undone(
        self, browser: Client, message: Message, need: CustomerNeed
    ) -> None:
        page = browser.post(reply_path(message, "not_now"), {"text": "later"}).content.decode()
        assert "You will hear nothing from us about “Running shoes” until" in page
        need.refresh_from_db()
        assert need.snoozed_until is not None
        undo = re.search(r'action="([^"]+/undo/)"', page)
        number = re.search(r'name="reply" value="(\d+)"', page)
        assert undo is not None
        assert number is not None
        page = browser.post(undo[1], {"reply": number[1]}).content.decode()
        assert "as it was before" in page
        need.refresh_from_db()
        assert need.snoozed_until is None

    def test_a_day_of_ones_own_goes_before_the_ready_made_ones(
        self, browser: Client, message: Message, need: CustomerNeed
    ) -> None:
        day = (datetime.now(UTC) + timedelta(days=50)).date().isoformat()
        soon = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
        browser.post(reply_path(message, "not_now"), {"until": soon, "until_date": day})
        need.refresh_from_db()
        assert need.snoozed_until is not None
        assert need.snoozed_until.date().isoformat() == day

    def test_a_mistake_is_named_and_changes_nothing(self, browser: Client, message: Message) -> None:
        answer = browser.post(
            reply_path(message, "not_now"), {"until_date": "2001-01-01", "text": "my words"}
        )
        assert answer.status_code == 400
        assert "within the next twelve months" in answer.content.decode()
        assert "my words" in answer.content.decode()
        assert not Reply.objects.exists()

    def test_the_form_of_the_situation_reaches_the_timeline(self, browser: Client, message: Message) -> None:
        page = browser.post(reply_path(message, "changed"), {"fact-surface": "Trail"}).content.decode()
        assert "surface: Trail" in page
        assert Event.objects.get(name="Context Told").properties["facts"] == {"surface": "Trail"}

    def test_nobody_undoes_the_reply_to_another_message(
        self, browser: Client, shop: Workspace, message: Message
    ) -> None:
        other = make_messages.message(make_messages.nudge(shop), make.customer(shop, email="ben@example.org"))
        browser.post(reply_path(other, "helpful"))
        number = Reply.objects.get().pk
        undo = reply_path(message, "helpful").replace("helpful", "undo")
        for wrong in (str(number), "x", ""):
            assert browser.post(undo, {"reply": wrong}).status_code == 404
        assert Reply.objects.get().undone_at is None

    def test_the_page_speaks_the_customers_language(
        self, browser: Client, message: Message, ana: Customer
    ) -> None:
        Customer.objects.update(locale="de-AT")
        html = browser.get(reply_path(message, "not_now")).content.decode()
        assert 'lang="de"' in html
        assert "Bis wann?" in html


class TestUnsubscribing:
    def test_one_click_acts_at_once_without_cookie_redirect_or_question(
        self, browser: Client, message: Message
    ) -> None:
        answer = browser.post(path(unsubscribe_url(message.pk)), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert not answer.cookies
        word = Consent.objects.get()
        assert (word.category, word.channel, word.state, word.source) == (
            message.category,
            "email",
            "denied",
            "one_click",
        )

    def test_the_form_acts_too(self, browser: Client, shop: Workspace, message: Message) -> None:
        make.category(shop, "orders")
        link = path(unsubscribe_url(message.pk))
        assert "Nothing has changed yet" in browser.get(link).content.decode()
        answer = browser.post(link, {"scope": "all"})
        assert "Tips, Orders" in answer.content.decode()
        assert Consent.objects.filter(source="unsubscribe_page", state="denied").count() == 2
