"""What customers see and choose for themselves."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import AuditEntry, Consent, Customer, Event, Fact, Workspace
from journeys.models import CustomerNeed, Need
from nudges.links import preferences_url
from nudges.models import Decision, Message, Preference
from tests import make, make_messages
from tests.nudges.pages.paths import ORIGIN, path, reply_path

pytestmark = pytest.mark.django_db


class TestPreferencePage:
    def save(self, browser: Client, ana: Customer, **fields: Any) -> Any:
        return browser.post(path(preferences_url(ana)), fields)

    def test_it_shows_what_holds(self, browser: Client, ana: Customer, message: Message) -> None:
        make.category(ana.workspace, "news", opt_in=True)
        Fact.objects.create(
            workspace=ana.workspace, customer=ana, topic="", key="size", value="38", learned_at=make.NOW
        )
        Decision.objects.update(outcome="suppress", reason="capped", limit=2, decided_at=datetime.now(UTC))
        html = browser.get(path(preferences_url(ana))).content.decode()
        assert "Running shoes · Shortlist" in html
        assert "size: 38" in html
        assert "heard from us 2 times" in html
        boxes = re.findall(r'value="(\d+:\w+)"( checked)?', html)
        assert [bool(checked) for _value, checked in boxes] == [True, True, False, False]

    def test_it_speaks_one_language_the_customers_whatever_the_browser_asks_for(
        self, browser: Client, ana: Customer, message: Message
    ) -> None:
        Decision.objects.update(outcome="suppress", reason="capped", limit=2, decided_at=datetime.now(UTC))
        page = path(preferences_url(ana))
        said = {}
        for locale, asked in (("en", "de"), ("de", "en")):
            Customer.objects.update(locale=locale)
            german = {"accept-language": asked}
            said[locale] = browser.get(page, headers=german).content.decode()
            said[locale] += browser.post(page, {"max_per_week": "many"}, headers=german).content.decode()
            assert (
                browser.get("/accounts/login/", headers={"accept-language": "en"}).headers["Content-Language"]
                == "en"
            )
        for english, other in (
            ("On-site inbox", "Posteingang im Shop"),
            ("heard from us 2 times", "schon 2-mal von uns gehört"),
        ):
            assert english in said["en"], english
            assert other not in said["en"]
            assert english not in said["de"]

    def test_saving_keeps_the_choices(self, browser: Client, ana: Customer, message: Message) -> None:
        day = (datetime.now(UTC) + timedelta(days=20)).date()
        answer = self.save(
            browser, ana, allow=[f"{message.category_id}:inbox"], max_per_week="2",
            paused_until=day.isoformat(), quiet_start="21:00", quiet_end="07:30",
        )  # fmt: skip
        assert answer.status_code == 303
        assert dict(Consent.objects.values_list("channel", "state")) == {"email": "denied"}
        kept = Preference.objects.get(customer=ana)
        assert kept.max_per_week == 2
        assert kept.paused_until is not None
        assert kept.paused_until.date() == day
        assert "Saved" in browser.get(answer["Location"]).content.decode()

    def test_the_day_of_a_pause_is_the_customers_and_saving_again_moves_nothing(
        self, browser: Client, ana: Customer, message: Message
    ) -> None:
        ana.timezone = "Europe/Berlin"
        ana.save()
        day = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
        topic = f"pause:{message.category_id}"
        for _again in range(2):
            html = browser.get(path(preferences_url(ana))).content.decode()
            shown = dict(re.findall(r'type="date" name="([\w:]+)" min="[^"]*" value="([^"]*)"', html))
            assert shown.keys() == {"paused_until", topic}
            assert set(shown.values()) in ({""}, {day})
            self.save(browser, ana, paused_until=shown["paused_until"] or day, **{topic: shown[topic] or day})
            kept = Preference.objects.get(customer=ana)
            assert kept.paused_until is not None
            begins = kept.paused_until.astimezone(ZoneInfo("Europe/Berlin"))
            assert (begins.date().isoformat(), begins.hour) == (day, 0)
            assert datetime.fromisoformat(kept.paused_categories[str(message.category_id)]) == begins
        self.save(browser, ana, **{topic: ""})
        assert Preference.objects.get(customer=ana).paused_categories == {}

    def test_emptying_a_field_takes_the_limit_away(self, browser: Client, ana: Customer) -> None:
        self.save(browser, ana, max_per_week="2")
        self.save(browser, ana, max_per_week="")
        assert Preference.objects.get(customer=ana).max_per_week is None

    @pytest.mark.parametrize(
        "fields",
        [{"max_per_week": "-1"}, {"max_per_week": "many"}, {"max_per_week": "99"}, {"paused_until": "soon"},
         {"paused_until": "2999-01-01"}, {"paused_until": "2026-02-31"}, {"quiet_start": "25:99", "quiet_end": "8"}],
    )  # fmt: skip
    def test_a_mistake_is_named_and_nothing_is_saved(
        self, browser: Client, ana: Customer, fields: dict[str, str]
    ) -> None:
        answer = self.save(browser, ana, **fields)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.content.decode()
        assert not Preference.objects.exists()

    def test_facts_are_told_in_the_words_of_the_questions(self, browser: Client, ana: Customer) -> None:
        asked = [
            {"key": "foot", "label": "Foot width", "kind": "ordinal", "options": ["narrow", "wide"]},
            {"key": "km", "label": "A week's distance", "kind": "numeric", "options": [], "unit": "km"},
            {"key": "uses", "label": "Where you run", "kind": "set", "options": ["road", "trail"]},
        ]
        kind = make_messages.need(ana).need
        Need.objects.filter(pk=kind.pk).update(context_attributes=asked)
        told = {"foot": "wide", "km": 30, "uses": ["road", "trail"], "vegan": True}
        for key, value in told.items():
            topic = kind.slug if key != "vegan" else ""
            Fact.objects.create(
                workspace=ana.workspace, customer=ana, topic=topic, key=key, value=value, learned_at=make.NOW
            )
        page = browser.get(path(preferences_url(ana))).content.decode()
        for words in (
            "Foot width: wide",
            "A week&#x27;s distance: 30 km",
            "Where you run: road, trail",
            "vegan: Yes",
        ):
            assert words in page
        assert "foot:" not in page
        assert "[&#x27;road" not in page

    def test_a_fact_can_be_erased(self, browser: Client, ana: Customer) -> None:
        fact = Fact.objects.create(
            workspace=ana.workspace, customer=ana, topic="shoes", key="size", value="38", learned_at=make.NOW
        )
        foreign = Fact.objects.create(
            workspace=ana.workspace,
            customer=make.customer(ana.workspace),
            topic="",
            key="size",
            value="40",
            learned_at=make.NOW,
        )
        link = f"{path(preferences_url(ana))}forget/"
        assert browser.post(link, {"fact": foreign.pk}).status_code == 404
        assert browser.post(link, {"fact": fact.pk}).status_code == 303
        assert list(Fact.objects.all()) == [foreign]
        assert Event.objects.get().properties["facts"] == {"size": None}

    def test_a_need_can_be_closed(self, browser: Client, ana: Customer, need: CustomerNeed) -> None:
        link = f"{path(preferences_url(ana))}close/"
        other = make_messages.need(make.customer(ana.workspace))
        assert browser.post(link, {"need": other.pk}).status_code == 404
        assert browser.post(link, {"need": need.pk}).status_code == 303
        need.refresh_from_db()
        assert need.closed_reason == "not_relevant"

    def test_all_that_is_kept_can_be_taken_away(
        self, browser: Client, ana: Customer, message: Message
    ) -> None:
        browser.post(reply_path(message, "helpful"), {"text": "nice"})
        answer = browser.get(f"{path(preferences_url(ana))}data/")
        assert "attachment" in answer["Content-Disposition"]
        kept = json.loads(answer.content)
        assert kept["customer"]["email"] == "ana@example.org"
        assert kept["messages"][0]["subject"] == "How to compare"
        assert kept["replies"][0]["detail"]["text"] == "nice"
        assert [event["name"] for event in kept["events"]] == ["Nudge Replied"]
        assert kept["needs"][0]["need__name"] == "Running shoes"

    def test_erasing_needs_a_yes_and_leaves_nothing(
        self, browser: Client, shop: Workspace, ana: Customer, message: Message
    ) -> None:
        ben = make.customer(shop, email="ben@example.org")
        browser.post(
            reply_path(message, "changed"), {"fact-surface": "Trail", "text": "ana@example.org moved"}
        )
        link = f"{path(preferences_url(ana))}erase/"
        assert browser.post(link).status_code == 400
        assert Customer.objects.filter(pk=ana.pk).exists()
        assert "is gone" in browser.post(link, {"sure": "yes"}).content.decode()
        assert list(Customer.objects.all()) == [ben]
        assert not Event.objects.exists()
        assert not Message.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in cursor.fetchall():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', ["%ana@example.org%"]
                )
                assert cursor.fetchone()[0] == 0, table
        assert AuditEntry.objects.get().action == "erase_customer"
        for dead in (link, reply_path(message, "helpful")):
            assert browser.get(dead).status_code == 404

    def test_a_merged_customers_link_shows_who_they_are_now(
        self, browser: Client, shop: Workspace, ana: Customer
    ) -> None:
        target = make.customer(shop, email="ana@example.com")
        Customer.objects.filter(pk=ana.pk).update(merged_into=target)
        kept = json.loads(browser.get(f"{path(preferences_url(ana))}data/").content)
        assert kept["customer"]["email"] == "ana@example.com"


class TestPreferencesOnTheShopsPage:
    """For whom the shop vouches by a token that its server signed."""

    @pytest.fixture
    def key(self, shop: Workspace) -> str:
        return make_key(workspace=shop, kind="write", name="shop")[1]

    def post(self, browser: Client, key: str, shop: Workspace, action: str = "", **fields: Any) -> Any:
        subject = fields.pop("subject", "ana")
        expires = datetime.now(UTC) + timedelta(minutes=fields.pop("minutes", 5))
        token = make_token(workspace=shop, external_id=subject, expires_at=expires)
        return browser.post(
            f"/m/preferences/{action}?key={key}", {"token": token, **fields}, headers={"Origin": ORIGIN}
        )

    def test_it_shows_and_saves_what_the_page_does(
        self, browser: Client, key: str, shop: Workspace, ana: Customer
    ) -> None:
        category = make.category(shop, slug="care", name="Care", opt_in=False)
        shown = self.post(browser, key, shop)
        assert (shown.status_code, shown["Access-Control-Allow-Origin"]) == (200, ORIGIN)
        assert not shown.cookies
        html = shown.content.decode()
        assert "<html" not in html
        assert f'value="{category.pk}:email" checked' in html
        saved = self.post(
            browser, key, shop, "save/", max_per_week="2", quiet_start="21:00", quiet_end="8:00"
        )
        assert "Saved. It holds from now on." in saved.content.decode()
        kept = Preference.objects.get(customer=ana)
        assert (kept.max_per_week, str(kept.quiet_start)) == (2, "21:00:00")
        assert f'value="{category.pk}:email">' in self.post(browser, key, shop).content.decode()
        wrong = self.post(browser, key, shop, "save/", max_per_week="99")
        assert wrong.status_code == 422
        assert "from 0 to 21" in wrong.content.decode()
        assert Preference.objects.get(customer=ana).max_per_week == 2

    def test_looking_changes_nothing_and_what_is_anothers_is_not_there(
        self, browser: Client, key: str, shop: Workspace, ana: Customer
    ) -> None:
        theirs = make_messages.need(make.customer(shop, external_id="ben"))
        self.post(browser, key, shop)
        assert not Preference.objects.exists()
        assert self.post(browser, key, shop, "close/", need=theirs.pk).status_code == 404
        assert self.post(browser, key, shop, "burn/").status_code == 404
        assert browser.get(f"/m/preferences/?key={key}").status_code == 405
        own = make_messages.need(ana, slug="own-shoes")
        assert "Closed." in self.post(browser, key, shop, "close/", need=own.pk).content.decode()
        theirs.refresh_from_db()
        assert theirs.closed_at is None

    def test_nobody_else_gets_it(self, browser: Client, key: str, shop: Workspace, ana: Customer) -> None:
        other = make.workspace()
        make.customer(other, external_id="ana")
        assert self.post(browser, key, other).status_code == 401, "another shop's word"
        assert self.post(browser, key, shop, subject="nobody").status_code == 401
        assert self.post(browser, key, shop, minutes=-1).status_code == 401
        assert browser.post(f"/m/preferences/save/?key={key}", {"max_per_week": "0"}).status_code == 401
        assert not Preference.objects.exists()
