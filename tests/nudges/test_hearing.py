"""Replies: heard once, doing at once what they say, undone as a whole; free text kept and never read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.conditions import check_condition, customers_matching, describe_condition
from engagement.consents import allowed_channels
from engagement.models import Consent, Customer, Event, Fact, Workspace
from journeys.closing import close_need, snooze_need
from journeys.models import CustomerNeed, Need
from nudges.hearing import (
    BadReply,
    Choices,
    hear_reply,
    save_preferences,
    undo_reply,
    unsubscribe,
    what_changed,
)
from nudges.models import Message, Preference, Reply
from tests import make, make_messages

pytestmark = pytest.mark.django_db
NOW = make.NOW
SOON = NOW + timedelta(minutes=5)
QUESTIONS = [
    {"key": "surface", "label": "Surface", "purpose": "to fit the sole", "options": ["Road", "Trail"]},
    {"key": "size", "label": "Size", "options": []},
]


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, email="ana@example.org", name="Ana")


@pytest.fixture
def need(ana: Customer) -> CustomerNeed:
    need = make_messages.need(ana)
    Need.objects.update(context_attributes=QUESTIONS)
    return CustomerNeed.objects.select_related("need").get(pk=need.pk)


@pytest.fixture
def about_shoes(shop: Workspace, ana: Customer, need: CustomerNeed) -> Message:
    return make_messages.message(make_messages.nudge(shop), ana, customer_need=need, state="sent")


@pytest.fixture
def about_nothing(shop: Workspace, ana: Customer) -> Message:
    return make_messages.message(make_messages.nudge(shop), ana, state="sent")


def reply(message: Message, kind: str, *, now: Any = NOW, **detail: Any) -> Reply:
    return hear_reply(message_id=message.pk, kind=kind, detail=detail, now=now)


def told(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=name).order_by("id").values_list("properties", flat=True))


def test_helpful_is_counted_and_changes_nothing_else(about_shoes: Message, need: CustomerNeed) -> None:
    heard = reply(about_shoes, "helpful", text="  Very much.  ")
    assert "helpful" in what_changed(heard)
    [event] = told("Nudge Replied")
    assert event["kind"] == "helpful"
    assert event["message_id"] == about_shoes.pk
    assert event["text"] == "Very much."
    about_shoes.refresh_from_db()
    assert about_shoes.replied_at == NOW
    after = CustomerNeed.objects.get(pk=need.pk)
    assert (after.closed_at, after.snoozed_until) == (None, None)
    assert not Consent.objects.exists()
    assert not Preference.objects.exists()


class TestNotNow:
    def test_the_need_sleeps_until_the_chosen_day(self, about_shoes: Message, need: CustomerNeed) -> None:
        heard = reply(about_shoes, "not_now", until="2026-04-01")
        need.refresh_from_db()
        assert need.snoozed_until is not None
        assert need.snoozed_until.date().isoformat() == "2026-04-01"
        assert "Running shoes" in what_changed(heard)
        assert "April 1, 2026" in what_changed(heard)
        assert not Consent.objects.exists()

    def test_without_a_day_it_is_thirty(self, about_shoes: Message, need: CustomerNeed) -> None:
        reply(about_shoes, "not_now")
        need.refresh_from_db()
        assert need.snoozed_until == NOW + timedelta(days=30)

    def test_without_a_need_the_category_pauses(self, about_nothing: Message, ana: Customer) -> None:
        heard = reply(about_nothing, "not_now", until="2026-04-01")
        paused = Preference.objects.get(customer=ana).paused_categories
        assert list(paused) == [str(about_nothing.category_id)]
        assert "Tips" in what_changed(heard)
        assert told("Preference Changed")

    def test_it_can_be_taken_back(
        self, about_shoes: Message, about_nothing: Message, need: CustomerNeed
    ) -> None:
        for message in (about_shoes, about_nothing):
            undo_reply(reply_id=reply(message, "not_now").pk, now=SOON)
        need.refresh_from_db()
        assert need.snoozed_until is None
        assert Preference.objects.get().paused_categories == {}

    def test_what_was_there_before_comes_back(self, about_shoes: Message, need: CustomerNeed) -> None:
        before = NOW + timedelta(days=2)
        snooze_need(customer_need_id=need.pk, until=before, now=NOW - timedelta(days=1))
        undo_reply(reply_id=reply(about_shoes, "not_now").pk, now=SOON)
        need.refresh_from_db()
        assert need.snoozed_until == before

    def test_what_was_said_since_stays(self, about_shoes: Message, need: CustomerNeed) -> None:
        heard = reply(about_shoes, "not_now")
        later = NOW + timedelta(days=90)
        snooze_need(customer_need_id=need.pk, until=later, now=SOON)
        undo_reply(reply_id=heard.pk, now=SOON)
        need.refresh_from_db()
        assert need.snoozed_until == later

    @pytest.mark.parametrize(
        "until", ["tomorrow", "2026-13-01", "2020-01-01", "2036-01-01", "2026-04-01T10:00:00"]
    )
    def test_a_day_that_makes_no_sense_is_refused(self, about_shoes: Message, until: str) -> None:
        with pytest.raises(BadReply) as refused:
            reply(about_shoes, "not_now", until=until)
        assert refused.value.field == "until"
        assert not Reply.objects.exists()
        assert not Event.objects.exists()


class TestNotRelevant:
    def test_it_closes_the_need_and_leaves_the_category(
        self, about_shoes: Message, need: CustomerNeed
    ) -> None:
        heard = reply(about_shoes, "not_relevant")
        need.refresh_from_db()
        assert need.closed_reason == "not_relevant"
        assert "Running shoes" in what_changed(heard)
        assert not Consent.objects.exists()

    def test_or_leaves_the_category_and_keeps_the_need(
        self, about_shoes: Message, need: CustomerNeed, ana: Customer
    ) -> None:
        heard = reply(about_shoes, "not_relevant", choice="category")
        need.refresh_from_db()
        assert need.closed_at is None
        category = about_shoes.category
        allowed = allowed_channels([ana.pk], workspace_id=ana.workspace_id, category_id=category.pk)
        assert allowed[ana.pk] == set()
        assert "Tips" in what_changed(heard)

    def test_without_a_need_it_is_the_category(self, about_nothing: Message) -> None:
        reply(about_nothing, "not_relevant")
        assert Consent.objects.filter(state="denied", category=about_nothing.category).exists()
        with pytest.raises(BadReply):
            reply(about_nothing, "not_relevant", choice="need")

    def test_closing_can_be_taken_back(self, about_shoes: Message, need: CustomerNeed) -> None:
        undo_reply(reply_id=reply(about_shoes, "not_relevant").pk, now=SOON)
        need.refresh_from_db()
        assert (need.closed_at, need.closed_reason) == (None, "")

    def test_a_need_that_was_closed_before_stays_closed(
        self, about_shoes: Message, need: CustomerNeed
    ) -> None:
        close_need(customer_need_id=need.pk, reason="resolved", now=NOW - timedelta(days=1))
        undo_reply(reply_id=reply(about_shoes, "not_relevant").pk, now=SOON)
        need.refresh_from_db()
        assert need.closed_reason == "resolved"

    def test_leaving_can_be_taken_back_word_for_word(self, about_shoes: Message, ana: Customer) -> None:
        make.consent(ana, about_shoes.category, channel="email", state="granted")
        make.consent(ana, about_shoes.category, channel="sms", state="denied")
        heard = reply(about_shoes, "not_relevant", choice="category")
        assert set(Consent.objects.values_list("state", flat=True)) == {"denied"}
        undo_reply(reply_id=heard.pk, now=SOON)
        words = dict(Consent.objects.values_list("channel", "state"))
        assert words == {"email": "granted", "sms": "denied"}

    def test_what_was_chosen_since_stays(self, about_shoes: Message, ana: Customer) -> None:
        heard = reply(about_shoes, "not_relevant", choice="category")
        Consent.objects.filter(channel="email").update(state="granted", source="preference_page")
        undo_reply(reply_id=heard.pk, now=SOON)
        assert dict(Consent.objects.values_list("channel", "state")) == {"email": "granted"}


class TestChanged:
    def test_the_new_situation_is_told_on_the_timeline(self, about_shoes: Message, ana: Customer) -> None:
        heard = reply(about_shoes, "changed", facts={"surface": "Trail", "size": "38"}, text="I moved.")
        [event] = told("Context Told")
        assert event["topic"] == "running-shoes"
        assert event["facts"] == {"surface": "Trail", "size": "38"}
        assert "Trail" in what_changed(heard)
        # The text is kept as it is, and nothing is read out of it.
        assert Reply.objects.get().detail["text"] == "I moved."
        assert "I moved" not in str(event)

    def test_it_can_be_taken_back(self, shop: Workspace, about_shoes: Message, ana: Customer) -> None:
        Fact.objects.create(
            workspace=shop, customer=ana, topic="running-shoes", key="surface", value="Road", learned_at=NOW
        )
        undo_reply(
            reply_id=reply(about_shoes, "changed", facts={"surface": "Trail", "size": "38"}).pk, now=SOON
        )
        assert told("Context Told")[-1]["facts"] == {"surface": "Road", "size": None}

    def test_words_alone_are_noted(self, about_nothing: Message) -> None:
        heard = reply(about_nothing, "changed", text="STOP! not relevant, close everything")
        assert "noted" in what_changed(heard)
        assert told("Context Told") == []
        assert not Consent.objects.exists()

    @pytest.mark.parametrize(
        "facts", [{"surface": "Moon"}, {"shoe": "x"}, {"surface": ["Road"]}, {"size": "9" * 201}, ["surface"]]
    )
    def test_only_what_was_asked_is_taken(self, about_shoes: Message, facts: Any) -> None:
        with pytest.raises(BadReply) as refused:
            reply(about_shoes, "changed", facts=facts)
        assert refused.value.field == "facts"
        assert not Event.objects.exists()


class TestOnce:
    def test_the_same_reply_again_changes_nothing(self, about_shoes: Message) -> None:
        first = reply(about_shoes, "not_now", text="busy")
        events = Event.objects.count()
        again = reply(about_shoes, "not_now", now=SOON, text="busy")
        assert again.pk == first.pk
        assert Event.objects.count() == events
        assert Reply.objects.count() == 1

    def test_another_date_takes_the_place_of_the_first(
        self, about_shoes: Message, need: CustomerNeed
    ) -> None:
        reply(about_shoes, "not_now", until="2026-04-01")
        second = reply(about_shoes, "not_now", now=SOON, until="2026-05-01")
        assert list(Reply.objects.filter(undone_at=None)) == [second]
        undo_reply(reply_id=second.pk, now=SOON + timedelta(minutes=1))
        need.refresh_from_db()
        assert need.snoozed_until is None

    def test_taking_back_twice_takes_back_once(self, about_shoes: Message) -> None:
        heard = reply(about_shoes, "not_now")
        undo_reply(reply_id=heard.pk, now=SOON)
        events = Event.objects.count()
        assert undo_reply(reply_id=heard.pk, now=SOON + timedelta(minutes=1)).undone_at == SOON
        assert Event.objects.count() == events
        assert len(told("Nudge Reply Undone")) == 1
        assert "as it was before" in what_changed(Reply.objects.get())

    def test_an_unknown_kind_is_refused(self, about_shoes: Message) -> None:
        with pytest.raises(BadReply) as refused:
            reply(about_shoes, "stop")
        assert refused.value.field == "kind"

    def test_too_many_words_are_refused(self, about_shoes: Message) -> None:
        with pytest.raises(BadReply) as refused:
            reply(about_shoes, "helpful", text="x" * 1001)
        assert refused.value.field == "text"


class TestUnsubscribing:
    def test_it_leaves_the_category_by_the_channel(self, about_shoes: Message, ana: Customer) -> None:
        other = make.category(ana.workspace, "orders")
        done = unsubscribe(message_id=about_shoes.pk, source="one_click", now=NOW)
        assert done.categories == ["Tips"]
        word = Consent.objects.get()
        assert (word.category, word.channel, word.state, word.source) == (
            about_shoes.category,
            "email",
            "denied",
            "one_click",
        )
        assert (
            "email" in allowed_channels([ana.pk], workspace_id=ana.workspace_id, category_id=other.pk)[ana.pk]
        )
        [event] = told("Consent Changed")
        assert (event["category"], event["channel"], event["after"]) == ("tips", "email", "denied")

    def test_or_everything_by_the_channel(self, about_shoes: Message, ana: Customer) -> None:
        make.category(ana.workspace, "orders")
        unsubscribe(message_id=about_shoes.pk, source="unsubscribe_page", everything=True, now=NOW)
        assert set(Consent.objects.values_list("category__slug", "channel")) == {
            ("tips", "email"),
            ("orders", "email"),
        }

    def test_the_second_time_changes_nothing(self, about_shoes: Message) -> None:
        unsubscribe(message_id=about_shoes.pk, source="one_click", now=NOW)
        again = unsubscribe(message_id=about_shoes.pk, source="one_click", now=SOON)
        assert again.changes == []
        assert len(told("Consent Changed")) == 1

    def test_a_merged_customers_link_speaks_for_who_they_are_now(
        self, about_shoes: Message, ana: Customer
    ) -> None:
        target = make.customer(ana.workspace, email="ana@example.com")
        Customer.objects.filter(pk=ana.pk).update(merged_into=target)
        unsubscribe(message_id=about_shoes.pk, source="one_click", now=NOW)
        assert Consent.objects.get().customer == target


class TestPreferences:
    def test_only_what_differs_becomes_a_word_of_consent(self, ana: Customer) -> None:
        tips, news = make.category(ana.workspace, "tips"), make.category(ana.workspace, "news", opt_in=True)
        wanted = {
            (tips.pk, "email"): True,
            (tips.pk, "inbox"): False,
            (news.pk, "email"): True,
            (news.pk, "inbox"): False,
        }
        assert save_preferences(customer=ana, choices=Choices(allowed=wanted), now=NOW) == ["consent"]
        words = set(Consent.objects.values_list("category__slug", "channel", "state"))
        assert words == {("tips", "inbox", "denied"), ("news", "email", "granted")}
        assert save_preferences(customer=ana, choices=Choices(allowed=wanted), now=SOON) == []
        assert len(told("Consent Changed")) == 2

    def test_limits_of_ones_own_are_kept_and_told(self, ana: Customer) -> None:
        import datetime as dt

        choices = Choices(
            max_per_week=0,
            paused_until=NOW + timedelta(days=3),
            quiet_start=dt.time(21),
            quiet_end=dt.time(8),
        )
        changed = save_preferences(customer=ana, choices=choices, now=NOW)
        assert set(changed) == {"max_per_week", "paused_until", "quiet_start", "quiet_end"}
        kept = Preference.objects.get(customer=ana)
        assert (kept.max_per_week, kept.quiet_start, kept.quiet_end) == (0, dt.time(21), dt.time(8))
        [event] = told("Preference Changed")
        assert event["changes"]["max_per_week"] == [None, 0]

    def test_half_a_pair_of_quiet_hours_is_none(self, ana: Customer) -> None:
        import datetime as dt

        save_preferences(customer=ana, choices=Choices(quiet_start=dt.time(21)), now=NOW)
        assert Preference.objects.get().quiet_start is None


class TestReplyLeaf:
    def matching(self, shop: Workspace, condition: dict[str, Any], now: Any = NOW) -> list[Customer]:
        assert check_condition(condition, workspace=shop) == []
        return list(customers_matching(condition, workspace=shop, now=now))

    def test_it_finds_who_replied(self, shop: Workspace, about_shoes: Message, ana: Customer) -> None:
        make.customer(shop)
        heard = reply(about_shoes, "helpful")
        assert self.matching(shop, {"reply": "helpful"}) == [ana]
        assert self.matching(shop, {"reply": "helpful", "nudge": about_shoes.nudge_id}) == [ana]
        assert self.matching(shop, {"reply": "helpful", "within": "1h"}, SOON) == [ana]
        assert self.matching(shop, {"reply": "helpful", "within": "1h"}, NOW + timedelta(hours=2)) == []
        assert self.matching(shop, {"reply": "not_now"}) == []
        other = make_messages.nudge(shop)
        assert self.matching(shop, {"reply": "helpful", "nudge": other.pk}) == []
        undo_reply(reply_id=heard.pk, now=SOON)
        assert self.matching(shop, {"reply": "helpful"}) == []

    @pytest.mark.parametrize(
        ("leaf", "path"),
        [
            ({"reply": "stop"}, "reply"),
            ({"reply": "helpful", "within": "soon"}, "within"),
            ({"reply": "helpful", "nudge": "all"}, "nudge"),
            ({"reply": "helpful", "nudge": 2**70}, "nudge"),
            ({"reply": "helpful", "since": "1d"}, "since"),
        ],
    )
    def test_it_says_what_is_wrong(self, shop: Workspace, leaf: dict[str, Any], path: str) -> None:
        [problem] = check_condition(leaf, workspace=shop)
        assert problem.path == path

    def test_another_workspaces_nudge_is_none(self, shop: Workspace) -> None:
        foreign = make_messages.nudge(make.workspace())
        assert check_condition({"reply": "helpful", "nudge": foreign.pk}, workspace=shop)

    def test_it_reads_as_a_sentence(self) -> None:
        sentence = describe_condition({"reply": "not_now", "within": "30d"})
        assert sentence == "Customers who replied “Not now” in the last 30 days."
