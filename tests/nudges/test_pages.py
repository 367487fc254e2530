"""The pages behind a message's links: GET shows, POST acts, the token is all that counts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.identities import embed_secret, make_token
from engagement.keys import make_key
from engagement.models import AuditEntry, Consent, Customer, Event, Fact, Workspace
from journeys.models import CustomerNeed, Need
from nudges.links import inbox_url, preferences_url, reply_urls, unsubscribe_url
from nudges.models import Decision, Message, Preference, Reply
from nudges.sending import send_messages
from tests import make, make_messages
from tests.checksums import checksums

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example"


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(name="Shoe shop", allowed_origins=[ORIGIN])


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, email="ana@example.org", name="Ana", external_id="ana")


@pytest.fixture
def need(ana: Customer) -> CustomerNeed:
    made = make_messages.need(ana)
    Need.objects.update(
        context_attributes=[
            {"key": "surface", "label": "Surface", "purpose": "To fit", "options": ["Road", "Trail"]}
        ]
    )
    return made


@pytest.fixture
def message(shop: Workspace, ana: Customer, need: CustomerNeed) -> Message:
    return make_messages.message(
        make_messages.nudge(shop), ana, customer_need=need, state="sent", subject="How to compare"
    )


@pytest.fixture
def browser() -> Client:
    """As strict as can be: a form without Django's own token would be refused, if these pages asked for it."""
    return Client(enforce_csrf_checks=True)


def path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def reply_path(message: Message, kind: str) -> str:
    return path(reply_urls(message.pk)[kind])


def all_links(message: Message) -> list[str]:
    """Every link of a message, and every page that those lead to."""
    preferences = preferences_url(message.customer)
    urls = [
        *reply_urls(message.pk).values(),
        unsubscribe_url(message.pk),
        preferences,
        f"{preferences}data/",
        f"{preferences}erase/",
        inbox_url(message.customer),
    ]
    return [path(url) for url in urls]


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


class TestInbox:
    @pytest.fixture
    def letter(self, shop: Workspace, ana: Customer) -> Message:
        now = datetime.now(UTC)
        made = make_messages.message(
            make_messages.nudge(shop, words="Dear *Ana*"), ana, channel="inbox", at=now
        )
        send_messages(now=now)
        made.refresh_from_db()
        return made

    @pytest.fixture
    def address(self, shop: Workspace) -> str:
        return f"/m/inbox/?key={make_key(workspace=shop, kind='write', name='shop')[1]}"

    def headers(self, shop: Workspace, *, subject: str = "ana", minutes: int = 5) -> dict[str, str]:
        expires = datetime.now(UTC) + timedelta(minutes=minutes)
        token = make_token(workspace=shop, external_id=subject, expires_at=expires)
        return {"Authorization": f"Bearer {token}", "Origin": ORIGIN}

    def test_the_page_shows_reads_and_puts_away(
        self, browser: Client, ana: Customer, letter: Message
    ) -> None:
        link = path(inbox_url(ana))
        html = browser.get(link).content.decode()
        assert "Dear <em>Ana</em>" in html
        letter.refresh_from_db()
        assert letter.read_at is None  # looking is not reading: scanners look
        assert browser.post(f"{link}{letter.pk}/read/").status_code == 303
        assert browser.post(f"{link}{letter.pk}/archive/").status_code == 303
        letter.refresh_from_db()
        assert letter.read_at is not None
        assert letter.archived_at is not None
        assert "Nothing here" in browser.get(link).content.decode()
        assert browser.post(f"{link}{letter.pk}/burn/").status_code == 404

    def test_nobody_touches_the_inbox_of_another(
        self, browser: Client, shop: Workspace, letter: Message
    ) -> None:
        ben = make.customer(shop, email="ben@example.org")
        assert browser.post(f"{path(inbox_url(ben))}{letter.pk}/archive/").status_code == 404
        letter.refresh_from_db()
        assert letter.archived_at is None

    def test_the_shops_page_gets_it_for_whom_the_shop_vouches(
        self, browser: Client, shop: Workspace, letter: Message, address: str
    ) -> None:
        answer = browser.get(address, headers=self.headers(shop))
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == ORIGIN
        assert not answer.cookies
        body = answer.json()
        assert body["unread"] == 1
        [entry] = body["messages"]
        assert entry["html"] == "<p>Dear <em>Ana</em></p>\n"
        assert set(entry["replies"]) == {"helpful", "not_now", "not_relevant", "changed"}
        fragment = browser.get(address.replace("inbox/", "inbox/fragment/"), headers=self.headers(shop))
        assert "Dear <em>Ana</em>" in fragment.content.decode()
        acted = browser.post(
            address.replace("inbox/", f"inbox/{letter.pk}/read/"), headers=self.headers(shop)
        )
        assert acted.json() == {"unread": 0}

    def test_nobody_else_gets_it(
        self, browser: Client, shop: Workspace, letter: Message, address: str
    ) -> None:
        other = make.workspace()
        make.customer(other, external_id="ana")
        for headers in (
            {},
            {"Authorization": "Bearer x.y"},
            self.headers(other),
            self.headers(shop, subject="nobody"),
            self.headers(shop, minutes=-1),
            self.headers(shop, minutes=60 * 48),
        ):
            assert browser.get(address, headers=headers).status_code == 401
        assert browser.get("/m/inbox/?key=wk_nonsense", headers=self.headers(shop)).status_code == 404
        ben = make.customer(shop, external_id="ben")
        assert (
            browser.get(address, headers=self.headers(shop, subject=str(ben.external_id))).json()["messages"]
            == []
        )

    def test_another_sites_page_may_not_read_it(
        self, browser: Client, shop: Workspace, letter: Message, address: str
    ) -> None:
        headers = self.headers(shop) | {"Origin": "https://evil.example"}
        assert "Access-Control-Allow-Origin" not in browser.get(address, headers=headers)
        preflight = browser.options(address, headers={"Origin": ORIGIN})
        assert preflight.status_code == 204
        assert preflight["Access-Control-Allow-Headers"] == "authorization"


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


class TestIdentityTokens:
    @given(data=st.data())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_one_that_was_touched_names_nobody(
        self, shop: Workspace, ana: Customer, data: st.DataObject
    ) -> None:
        from engagement.identities import customer_from_token

        token = make_token(workspace=shop, external_id="ana", expires_at=make.NOW + timedelta(minutes=5))
        assert customer_from_token(workspace=shop, token=token, now=make.NOW) == ana
        place = data.draw(st.integers(0, len(token) - 1))
        sign = data.draw(st.sampled_from("abcXYZ019-_.=é"))
        if token[place] != sign:
            touched = token[:place] + sign + token[place + 1 :]
            assert customer_from_token(workspace=shop, token=touched, now=make.NOW) is None

    def test_each_workspace_has_its_own_secret_and_a_rotated_key_still_opens(
        self, shop: Workspace, ana: Customer, settings: Any
    ) -> None:
        from engagement.identities import customer_from_token

        assert embed_secret(shop) != embed_secret(make.workspace())
        assert embed_secret(shop) == embed_secret(shop)
        token = make_token(workspace=shop, external_id="ana", expires_at=make.NOW + timedelta(minutes=5))
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-entirely"
        assert customer_from_token(workspace=shop, token=token, now=make.NOW) == ana
        settings.SECRET_KEY_FALLBACKS = []
        assert customer_from_token(workspace=shop, token=token, now=make.NOW) is None
