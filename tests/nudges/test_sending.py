"""Sending: claimed once, asked again, handed over, recorded under the token; what a dead worker leaves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Address, Consent, Customer, Event, Workspace
from nudges.channels import Capability, Envelope, Outcome, Refused, Send, Sent, Unknown, one_by_one
from nudges.models import Circuit, Decision, Message, Nudge, Policy, Preference, Pressure, Quota
from nudges.sending import reconcile_claims, send_messages
from nudges.sending.claiming import claim_messages
from nudges.sending.delays import next_attempt
from nudges.sending.quotas import day_limit
from nudges.sending.reconciling import LEASE
from nudges.sending.recording import Result, record
from tests import make, make_messages

pytestmark = pytest.mark.django_db
NOW = make.NOW
MINUTE = timedelta(minutes=1)


class Scripted:
    """A channel whose provider answers as a test says, and remembers what it was given."""

    provider = "scripted"
    capability = Capability("none")
    is_pull = False
    answers: ClassVar[dict[str, list[Outcome]]] = {}
    given: ClassVar[list[Envelope]] = []
    known: ClassVar[dict[uuid.UUID, Sent]] = {}
    before: ClassVar[Callable[[Envelope], None] | None] = None

    @contextmanager
    def session(self) -> Iterator[Send]:
        yield one_by_one(self._send)

    def look_up(self, dispatch_id: uuid.UUID) -> Sent | None:
        return self.known.get(dispatch_id)

    def _send(self, envelope: Envelope) -> Outcome:
        if Scripted.before:
            Scripted.before(envelope)
        self.given.append(envelope)
        answers = self.answers.get(envelope.address)
        return answers.pop(0) if answers else Sent("p-1")


class ScriptedIdempotent(Scripted):
    capability = Capability("idempotent", ttl=timedelta(hours=1))


class ScriptedQueryable(Scripted):
    capability = Capability("queryable")


@pytest.fixture(autouse=True)
def scripted(settings: Any) -> type[Scripted]:
    Scripted.answers, Scripted.given, Scripted.known, Scripted.before = {}, [], {}, None
    use(settings, Scripted)
    return Scripted


def use(settings: Any, channel: type[Scripted]) -> None:
    settings.CHANNELS = {
        "email": f"{__name__}.{channel.__name__}",
        "inbox": "nudges.channels.inbox.InboxChannel",
    }


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(name="Shoe shop")


@pytest.fixture
def nudge(shop: Workspace) -> Nudge:
    return make_messages.nudge(shop)


def message(nudge: Nudge, name: str = "ana", **fields: Any) -> Message:
    return make_messages.message(nudge, person(nudge.workspace, name), **fields)


def person(workspace: Workspace, name: str) -> Customer:
    return make.customer(workspace, email=f"{name}@example.org", name=name.capitalize())


def names(given: list[Envelope]) -> list[str]:
    return [envelope.address.partition("@")[0] for envelope in given]


def test_a_due_message_is_sent_once_and_told_on_the_timeline(nudge: Nudge, scripted: type[Scripted]) -> None:
    sent = message(nudge)
    counts = send_messages(now=NOW)
    assert counts["taken"] == counts["sent"] == 1
    sent.refresh_from_db()
    assert (sent.state, sent.sent_at, sent.provider_id, sent.attempts) == ("sent", NOW, "p-1", 1)
    assert (sent.subject, sent.text, sent.html) == ("A subject", "Hello", "<p>Hello</p>\n")
    assert sent.next_attempt_at is None
    assert sent.claim_token is None
    event = Event.objects.get(customer=sent.customer)
    assert event.name == "Message Sent"
    assert event.properties["message_id"] == sent.pk
    assert event.properties["nudge_id"] == nudge.pk
    # Again, and nothing happens again.
    assert send_messages(now=NOW + MINUTE)["taken"] == 0
    assert len(scripted.given) == 1
    assert Event.objects.count() == 1


def test_what_goes_out_holds_signed_links_and_what_is_kept_holds_none(
    nudge: Nudge, scripted: type[Scripted]
) -> None:
    kept = message(nudge)
    send_messages(now=NOW)
    [envelope] = scripted.given
    kept.refresh_from_db()
    for kind in ("helpful", "not_now", "not_relevant", "changed"):
        assert f"/{kind}/" in envelope.text
        assert f"/{kind}/" in envelope.html
    assert "/m/u/" in envelope.unsubscribe_url
    assert "/m/" not in kept.text + kept.html


def test_a_message_that_is_not_due_waits(nudge: Nudge, scripted: type[Scripted]) -> None:
    message(nudge, next_attempt_at=NOW + MINUTE)
    assert send_messages(now=NOW)["taken"] == 0
    assert scripted.given == []
    assert send_messages(now=NOW + MINUTE)["sent"] == 1


def test_an_inbox_message_is_delivered_at_once(nudge: Nudge, scripted: type[Scripted]) -> None:
    delivered = message(nudge, channel="inbox")
    send_messages(now=NOW)
    delivered.refresh_from_db()
    assert delivered.state == "delivered"
    assert delivered.html == "<p>Hello</p>\n"
    assert Event.objects.get().name == "Message Delivered"
    assert scripted.given == []


class TestWhatCameBetween:
    """Asked again at the hand-over: what must not go any more is cancelled, explained, and gives its slot back."""

    def cancelled(self, late: Message, reason: str) -> Decision:
        assert send_messages(now=NOW)["cancelled"] == 1
        assert Scripted.given == []
        late.refresh_from_db()
        assert late.state == "cancelled"
        assert late.next_attempt_at is None
        assert not late.counts
        assert Pressure.objects.get(customer=late.customer).message_ids == []
        decision = Decision.objects.get(candidate=late.candidate)
        assert (decision.outcome, decision.reason) == ("suppress", reason)
        assert decision.earlier == [
            {"at": NOW.isoformat(), "outcome": "send", "reason": "sent", "until": None}
        ]
        assert not Event.objects.exists()
        return decision

    def test_consent_was_withdrawn(self, nudge: Nudge) -> None:
        late = message(nudge)
        make.consent(late.customer, nudge.category, state="denied")
        assert self.cancelled(late, "no_consent").rule == "consent:tips"

    def test_an_opt_in_category_lost_its_consent(self, nudge: Nudge) -> None:
        nudge.category.opt_in = True
        nudge.category.save()
        late = message(nudge)
        self.cancelled(late, "no_consent")

    def test_the_address_was_suppressed(self, nudge: Nudge) -> None:
        late = message(nudge)
        Address.objects.update(suppressed_at=NOW, suppression_reason="complaint")
        self.cancelled(late, "suppressed_address")

    def test_the_address_was_removed(self, nudge: Nudge) -> None:
        late = message(nudge)
        Address.objects.all().delete()
        self.cancelled(late, "unreachable")

    def test_the_customer_paused_everything(self, nudge: Nudge) -> None:
        late = message(nudge)
        Preference.objects.create(
            customer=late.customer,
            workspace=nudge.workspace,
            paused_until=NOW + timedelta(days=1),
            updated_at=NOW,
        )
        self.cancelled(late, "paused")

    def test_the_customer_paused_the_category(self, nudge: Nudge) -> None:
        late = message(nudge)
        until = (NOW + timedelta(days=1)).isoformat()
        Preference.objects.create(
            customer=late.customer,
            workspace=nudge.workspace,
            paused_categories={str(nudge.category_id): until},
            updated_at=NOW,
        )
        self.cancelled(late, "paused")

    def test_its_time_ran_out(self, nudge: Nudge) -> None:
        self.cancelled(message(nudge, not_after=NOW - MINUTE), "expired")

    def test_the_nudge_was_paused(self, nudge: Nudge) -> None:
        late = message(nudge)
        Nudge.objects.update(status="paused")
        self.cancelled(late, "nudge_inactive")

    def test_the_need_was_closed(self, shop: Workspace, nudge: Nudge) -> None:
        customer = person(shop, "ana")
        need = make_messages.need(customer, closed_at=NOW, closed_reason="not_relevant")
        late = make_messages.message(nudge, customer, customer_need=need)
        self.cancelled(late, "need_closed")

    def test_the_need_was_snoozed(self, shop: Workspace, nudge: Nudge) -> None:
        customer = person(shop, "ana")
        need = make_messages.need(customer, snoozed_until=NOW + timedelta(days=3))
        self.cancelled(make_messages.message(nudge, customer, customer_need=need), "snoozed")

    def test_a_pause_of_before_is_over(self, nudge: Nudge) -> None:
        late = message(nudge)
        Preference.objects.create(
            customer=late.customer, workspace=nudge.workspace, paused_until=NOW - MINUTE, updated_at=NOW
        )
        assert send_messages(now=NOW)["sent"] == 1

    def test_a_retry_in_quiet_hours_waits_and_keeps_its_slot(self, nudge: Nudge) -> None:
        late = message(nudge)
        Policy.objects.create(workspace=nudge.workspace, quiet_start="11:00", quiet_end="13:30")
        assert send_messages(now=NOW)["postponed"] == 1
        late.refresh_from_db()
        assert (late.state, late.next_attempt_at) == ("decided", NOW + timedelta(minutes=90))
        assert late.counts
        assert send_messages(now=NOW + timedelta(minutes=91))["sent"] == 1

    def test_quiet_hours_are_those_where_the_customer_is(self, nudge: Nudge) -> None:
        late = message(nudge)
        Customer.objects.filter(pk=late.customer_id).update(timezone="Asia/Tokyo")  # 21:00 there
        other = message(nudge, "ben")
        Customer.objects.filter(pk=other.customer_id).update(timezone="Not/A_Zone")
        Policy.objects.create(workspace=nudge.workspace, quiet_start="20:00", quiet_end="08:00")
        counts = send_messages(now=NOW)
        assert (counts["postponed"], counts["sent"]) == (1, 1)
        late.refresh_from_db()
        assert late.next_attempt_at == NOW + timedelta(hours=11)

    def test_quiet_hours_past_its_time_end_it(self, nudge: Nudge) -> None:
        Policy.objects.create(workspace=nudge.workspace, quiet_start="11:00", quiet_end="13:30")
        self.cancelled(message(nudge, not_after=NOW + MINUTE), "expired")

    def test_a_customer_who_is_just_being_merged_waits_until_the_rows_are_moved(self, nudge: Nudge) -> None:
        late = message(nudge)
        Customer.objects.filter(pk=late.customer_id).update(merged_into=person(nudge.workspace, "target"))
        assert send_messages(now=NOW)["postponed"] == 1
        late.refresh_from_db()
        assert (late.state, late.counts) == ("decided", True)
        assert late.next_attempt_at == NOW + timedelta(seconds=5)

    def test_conditions_are_asked_again_of_a_retry(self, nudge: Nudge) -> None:
        Nudge.objects.update(conditions={"trait": "plan", "is": "gold"})
        self.cancelled(message(nudge, attempts=1), "conditions_not_met")


class TestRefusals:
    def test_a_permanent_one_fails_and_gives_the_slot_back(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        failed = message(nudge)
        scripted.answers = {failed.address: [Refused("554 no", permanent=True)]}
        assert send_messages(now=NOW)["failed"] == 1
        failed.refresh_from_db()
        assert (failed.state, failed.error, failed.counts) == ("failed", "554 no", False)
        assert Pressure.objects.get().message_ids == []
        assert Event.objects.get().name == "Message Failed"
        assert Address.objects.get().suppressed_at is None

    def test_a_hard_bounce_suppresses_the_address_for_everybody_who_has_it(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        bounced = message(nudge)
        other = make.customer(nudge.workspace, email=bounced.address)
        elsewhere = make.customer(make.workspace(), email=bounced.address)
        refusal = Refused("550 5.1.1", permanent=True, is_bounce=True, suppresses="hard_bounce")
        scripted.answers = {bounced.address: [refusal]}
        assert send_messages(now=NOW)["bounced"] == 1
        bounced.refresh_from_db()
        assert (bounced.state, bounced.counts) == ("bounced", False)
        for customer in (bounced.customer, other):
            address = Address.objects.get(customer=customer)
            assert (address.suppressed_at, address.suppression_reason) == (NOW, "hard_bounce")
        assert Address.objects.get(customer=elsewhere).suppressed_at is None

    def test_a_transient_one_waits_each_time_and_keeps_its_slot(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        retried = message(nudge)
        scripted.answers = {retried.address: [Refused("451", permanent=False)] * 3}
        now, waits = NOW, []
        for _attempt in range(3):
            assert send_messages(now=now)["decided"] == 1
            retried.refresh_from_db()
            assert retried.next_attempt_at is not None
            waits.append(retried.next_attempt_at - now)
            assert send_messages(now=retried.next_attempt_at - timedelta(seconds=1))["taken"] == 0
            now = retried.next_attempt_at
        assert all(
            timedelta(seconds=1) <= wait <= 30 * 2**n * timedelta(seconds=1) for n, wait in enumerate(waits)
        )
        assert send_messages(now=now)["sent"] == 1
        retried.refresh_from_db()
        assert (retried.attempts, retried.counts) == (4, True)
        assert len({envelope.dispatch_id for envelope in scripted.given}) == 1

    def test_what_the_provider_asks_for_is_respected(self, nudge: Nudge, scripted: type[Scripted]) -> None:
        retried = message(nudge)
        wait = timedelta(minutes=20)
        scripted.answers = {retried.address: [Refused("429", permanent=False, retry_after=wait)]}
        send_messages(now=NOW)
        retried.refresh_from_db()
        assert retried.next_attempt_at == NOW + wait

    def test_it_is_given_up_at_its_not_after(self, nudge: Nudge, scripted: type[Scripted]) -> None:
        given_up = message(nudge, not_after=NOW + timedelta(milliseconds=500))
        scripted.answers = {given_up.address: [Refused("451", permanent=False)]}
        assert send_messages(now=NOW)["failed"] == 1
        given_up.refresh_from_db()
        assert given_up.state == "failed"
        assert "not_after" in given_up.error
        assert not given_up.counts

    def test_one_failing_recipient_holds_up_no_other(self, nudge: Nudge, scripted: type[Scripted]) -> None:
        for name in ("ana", "ben", "cleo", "dan"):
            message(nudge, name)
        scripted.answers = {
            "ana@example.org": [Refused("451", permanent=False)],
            "ben@example.org": [Refused("550", permanent=True, is_bounce=True)],
            "cleo@example.org": [Unknown("cut")],
        }
        counts = send_messages(now=NOW)
        assert (counts["sent"], counts["decided"], counts["bounced"], counts["unknown"]) == (1, 1, 1, 1)
        send_messages(now=NOW + timedelta(hours=1))
        assert names(scripted.given) == ["ana", "ben", "cleo", "dan", "ana"]

    def test_words_that_lack_data_fail_alone(self, shop: Workspace, scripted: type[Scripted]) -> None:
        nudge = make_messages.nudge(shop, words="Dear {{ customer.traits.title }}")
        failed, sent = message(nudge, "ana"), message(nudge, "ben")
        Customer.objects.filter(pk=sent.customer_id).update(traits={"title": "Dr"})
        counts = send_messages(now=NOW)
        assert (counts["failed"], counts["sent"]) == (1, 1)
        failed.refresh_from_db()
        assert failed.error == "missing data: customer.traits.title"
        assert names(scripted.given) == ["ben"]

    def test_a_fault_of_ours_in_one_message_waits_and_holds_up_no_other(
        self, shop: Workspace, scripted: type[Scripted], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nudges import wording
        from nudges.sending import enveloping

        sound = wording.render

        def broken(**known: Any) -> Any:
            if known["known"].customer.name == "Ana":
                raise RuntimeError("a fault")
            return sound(**known)

        monkeypatch.setattr(enveloping, "render", broken)
        nudge = make_messages.nudge(shop)
        waits = message(nudge, "ana")
        message(nudge, "ben")
        counts = send_messages(now=NOW)
        assert (counts["decided"], counts["sent"]) == (1, 1)
        waits.refresh_from_db()
        assert waits.next_attempt_at is not None
        assert waits.next_attempt_at > NOW


class TestUnknown:
    """Nobody can say whether the provider took it."""

    def test_a_nudge_stays_so_keeps_its_slot_and_is_not_sent_again(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        lost = message(nudge)
        scripted.answers = {lost.address: [Unknown("cut")]}
        assert send_messages(now=NOW)["unknown"] == 1
        lost.refresh_from_db()
        assert (lost.state, lost.next_attempt_at, lost.counts) == ("unknown", None, True)
        assert not Event.objects.exists()
        send_messages(now=NOW + timedelta(hours=1))
        reconcile_claims(now=NOW + timedelta(hours=1))
        assert len(scripted.given) == 1

    def test_a_service_message_is_sent_again_under_the_same_id(
        self, shop: Workspace, scripted: type[Scripted]
    ) -> None:
        service = message(make_messages.nudge(shop, promise="service"))
        scripted.answers = {service.address: [Unknown("cut")]}
        assert send_messages(now=NOW)["decided"] == 1
        assert send_messages(now=NOW + MINUTE)["sent"] == 1
        first, second = scripted.given
        assert first.dispatch_id == second.dispatch_id


class TestClaims:
    def test_two_workers_never_have_the_same_message(self, nudge: Nudge) -> None:
        for name in ("ana", "ben", "cleo"):
            message(nudge, name)
        first = claim_messages(channel="email", limit=2, token=uuid.uuid4(), now=NOW)
        second = claim_messages(channel="email", limit=2, token=uuid.uuid4(), now=NOW)
        assert (len(first), len(second)) == (2, 1)
        assert not set(first) & set(second)

    def test_a_workspace_with_a_backlog_does_not_starve_another(self, nudge: Nudge) -> None:
        for number in range(30):
            message(nudge, f"p{number}")
        other = make_messages.nudge(make.workspace())
        small = message(other, "zoe", next_attempt_at=NOW)
        claimed = claim_messages(channel="email", limit=10, token=uuid.uuid4(), now=NOW)
        assert small.pk in claimed
        assert len(claimed) == 6  # its share of five, and the one that the other had

    def test_with_more_workspaces_than_room_each_gets_its_turn(self, nudge: Nudge) -> None:
        for number in range(6):
            message(make_messages.nudge(make.workspace()), f"p{number}")
        claimed = {
            tuple(claim_messages(channel="email", limit=2, token=uuid.uuid4(), now=NOW)) for _ in range(3)
        }
        assert sum(len(ids) for ids in claimed) == 6

    def test_service_goes_before_what_has_waited_longer(self, shop: Workspace) -> None:
        message(make_messages.nudge(shop), "old", at=NOW - timedelta(days=1))
        urgent = message(make_messages.nudge(shop, promise="service"), "urgent")
        assert claim_messages(channel="email", limit=1, token=uuid.uuid4(), now=NOW) == [urgent.pk]

    def test_a_stale_worker_cannot_overwrite(self, nudge: Nudge) -> None:
        contested = message(nudge)
        stale, current = uuid.uuid4(), uuid.uuid4()
        claim_messages(channel="email", limit=1, token=stale, now=NOW)
        Message.objects.update(claim_token=current)
        counts = record([(contested, Result("failed", error="late"))], token=stale, now=NOW)  # type: ignore[arg-type]
        assert counts["stale"] == 1
        contested.refresh_from_db()
        assert (contested.state, contested.claim_token, contested.counts) == ("claimed", current, True)
        assert not Event.objects.exists()

    def test_whose_claim_was_taken_before_the_hand_over_does_not_send(
        self, shop: Workspace, scripted: type[Scripted]
    ) -> None:
        service = make_messages.nudge(shop, promise="service")  # begun one by one
        message(service, "ana")
        taken = message(service, "ben")

        def steal(envelope: Envelope) -> None:
            Message.objects.filter(pk=taken.pk).update(claim_token=uuid.uuid4())

        Scripted.before = steal
        counts = send_messages(now=NOW)
        assert (counts["sent"], counts["stale"]) == (1, 1)
        assert names(scripted.given) == ["ana"]

    def test_an_error_in_the_middle_gives_back_what_had_not_begun(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        known, doubtful, untouched = (message(nudge, name) for name in ("ana", "ben", "cleo"))

        def die(envelope: Envelope) -> None:
            if envelope.address == doubtful.address:
                raise KeyboardInterrupt

        Scripted.before = die
        with pytest.raises(KeyboardInterrupt):
            send_messages(now=NOW)
        for each in (known, doubtful, untouched):
            each.refresh_from_db()
        assert known.state == "sent"
        assert (doubtful.state, doubtful.begun_at) == ("claimed", NOW)
        assert (untouched.state, untouched.claim_token, untouched.attempts) == ("decided", None, 0)

    def test_chunks_take_no_more_queries_for_more_messages_but_those_of_each_hand_over(
        self, nudge: Nudge, django_assert_max_num_queries: Any
    ) -> None:
        def queries(number: int, prefix: str) -> int:
            for n in range(number):
                message(nudge, f"{prefix}{n}", channel="inbox")
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert send_messages(now=NOW)["delivered"] == number
            return len(seen)

        queries(1, "first")  # prepares the statements, where this test is the first of its process
        assert queries(2, "a") == queries(15, "b")


class ScriptedSecond(Scripted):
    provider = "second"


class TestProvidersByOrder:
    DOWN = Refused("connection refused", permanent=False, is_provider=True)

    @pytest.fixture(autouse=True)
    def two(self, settings: Any, scripted: type[Scripted]) -> None:
        settings.CHANNELS = {"email": [f"{__name__}.Scripted", f"{__name__}.ScriptedSecond"]}

    def test_the_next_one_takes_over_when_the_first_is_down_and_nothing_goes_twice(
        self, nudge: Nudge
    ) -> None:
        everybody = [message(nudge, f"p{n}") for n in range(8)]
        Scripted.answers = {each.address: [self.DOWN] for each in everybody[:3]}
        counts = send_messages(now=NOW)
        assert counts["sent"] == 5  # held back by the first, taken by the second in the same run
        assert send_messages(now=NOW + timedelta(seconds=2))["sent"] == 3
        assert set(Message.objects.values_list("state", "provider", "attempts")) == {("sent", "second", 1)}
        assert Circuit.objects.get(open_until__gt=NOW).provider == "scripted"

    def test_the_second_gets_nothing_while_the_first_works(self, nudge: Nudge) -> None:
        message(nudge)
        assert send_messages(now=NOW)["sent"] == 1
        assert Message.objects.get().provider == "scripted"


class TestQuotas:
    def test_no_more_a_second_than_allowed_and_what_was_not_used_is_given_back(
        self, nudge: Nudge, settings: Any
    ) -> None:
        settings.PROVIDER_LIMITS = {"scripted": {"per_second": 2}}
        for n in range(30):
            message(nudge, f"p{n}")
        assert send_messages(now=NOW)["sent"] == 10  # five seconds' worth at once
        assert send_messages(now=NOW)["sent"] == 0
        assert send_messages(now=NOW + timedelta(seconds=3))["sent"] == 6
        assert send_messages(now=NOW + timedelta(seconds=60))["sent"] == 10
        assert send_messages(now=NOW + timedelta(seconds=120))["sent"] == 4
        assert Quota.objects.get().tokens == 6

    def test_a_new_sender_warms_up_day_by_day(self, nudge: Nudge, settings: Any) -> None:
        limits = {"warm_up_from": NOW.date().isoformat(), "first_day": 3}
        settings.PROVIDER_LIMITS = {"scripted": limits}
        for n in range(12):
            message(nudge, f"p{n}")
        assert send_messages(now=NOW)["sent"] == 3
        assert send_messages(now=NOW + timedelta(hours=3))["sent"] == 0
        assert send_messages(now=NOW + timedelta(days=1))["sent"] == 6

    @pytest.mark.parametrize(("days", "limit"), [(-1, None), (0, 50), (1, 100), (13, 409_600), (14, None)])
    def test_the_schedule_doubles_for_two_weeks(self, days: int, limit: int | None) -> None:
        limits = {"warm_up_from": "2026-03-01", "first_day": 50}
        assert day_limit(limits, date(2026, 3, 1) + timedelta(days=days)) == limit
        assert day_limit({}, NOW.date()) is None


class TestReconciling:
    """A worker died with claims in its hands."""

    LATER = NOW + LEASE + MINUTE

    def dead(self, message: Message, *, begun: bool) -> Message:
        token = uuid.uuid4()
        claim_messages(channel="email", limit=1, token=token, now=NOW)
        if begun:
            Message.objects.filter(pk=message.pk).update(begun_at=NOW, attempts=1)
        message.refresh_from_db()
        assert message.claim_token == token
        return message

    def test_a_living_workers_claim_is_left_alone(self, nudge: Nudge) -> None:
        held = self.dead(message(nudge), begun=True)
        assert reconcile_claims(now=NOW + LEASE - MINUTE)["taken"] == 0
        held.refresh_from_db()
        assert held.state == "claimed"

    def test_what_had_not_begun_goes_back_at_once(self, nudge: Nudge, scripted: type[Scripted]) -> None:
        self.dead(message(nudge), begun=False)
        assert reconcile_claims(now=self.LATER)["returned"] == 1
        assert send_messages(now=self.LATER)["sent"] == 1
        assert len(scripted.given) == 1

    def test_a_nudge_in_doubt_is_unknown_and_keeps_its_slot(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        lost = self.dead(message(nudge), begun=True)
        assert reconcile_claims(now=self.LATER)["unknown"] == 1
        lost.refresh_from_db()
        assert (lost.state, lost.counts) == ("unknown", True)
        assert send_messages(now=self.LATER)["taken"] == 0
        assert scripted.given == []

    def test_a_worker_thought_dead_may_still_say_what_it_knows(self, nudge: Nudge) -> None:
        lost = self.dead(message(nudge), begun=True)
        token = lost.claim_token
        assert token is not None
        reconcile_claims(now=self.LATER)
        record([(lost, Result("sent", provider_id="p-9"))], token=token, now=self.LATER)  # type: ignore[arg-type]
        lost.refresh_from_db()
        assert (lost.state, lost.provider_id) == ("sent", "p-9")

    def test_a_service_message_in_doubt_goes_again(self, shop: Workspace, scripted: type[Scripted]) -> None:
        service = self.dead(message(make_messages.nudge(shop, promise="service")), begun=True)
        assert reconcile_claims(now=self.LATER)["decided"] == 1
        service.refresh_from_db()
        assert service.state == "decided"
        assert send_messages(now=self.LATER + MINUTE)["sent"] == 1

    def test_an_idempotent_provider_gets_it_again_while_it_remembers(
        self, nudge: Nudge, scripted: type[Scripted], settings: Any
    ) -> None:
        use(settings, ScriptedIdempotent)
        self.dead(message(nudge), begun=True)
        assert reconcile_claims(now=self.LATER)["decided"] == 1

    def test_and_not_when_it_has_forgotten(self, nudge: Nudge, settings: Any) -> None:
        use(settings, ScriptedIdempotent)
        self.dead(message(nudge), begun=True)
        assert reconcile_claims(now=NOW + timedelta(hours=2))["unknown"] == 1

    def test_a_queryable_provider_is_asked(
        self, shop: Workspace, settings: Any, scripted: type[Scripted]
    ) -> None:
        use(settings, ScriptedQueryable)
        nudge = make_messages.nudge(shop)
        had = self.dead(message(nudge, "ana"), begun=True)
        never = self.dead(message(nudge, "ben"), begun=True)
        scripted.known = {had.dispatch_id: Sent("p-7")}
        counts = reconcile_claims(now=self.LATER)
        assert (counts["sent"], counts["decided"]) == (1, 1)
        had.refresh_from_db()
        never.refresh_from_db()
        assert (had.state, had.provider_id) == ("sent", "p-7")
        assert never.state == "decided"

    def test_what_waited_past_its_time_is_ended_and_explained(self, nudge: Nudge) -> None:
        late = message(nudge, not_after=NOW + MINUTE)
        assert reconcile_claims(now=NOW + 2 * MINUTE)["cancelled"] == 1
        late.refresh_from_db()
        assert (late.state, late.counts) == ("cancelled", False)
        assert Decision.objects.get().reason == "expired"


class TestCircuits:
    DOWN = Refused("connection refused", permanent=False, is_provider=True)

    def test_a_dead_provider_burns_no_attempts_and_the_rest_waits(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        everybody = [message(nudge, f"p{n}") for n in range(8)]
        scripted.answers = {each.address: [self.DOWN] * 9 for each in everybody}
        counts = send_messages(now=NOW)
        assert len(scripted.given) == 3
        assert (counts["taken"], counts["decided"]) == (8, 8)
        assert set(Message.objects.values_list("state", "attempts", "counts")) == {("decided", 0, True)}
        circuit = Circuit.objects.get()
        assert circuit.failures == 3
        assert circuit.open_until == NOW + timedelta(seconds=15)
        assert circuit.last_error == "connection refused"
        # While it is open nobody knocks.
        assert send_messages(now=NOW + timedelta(seconds=14))["taken"] == 0
        # Then one does, and it waits longer.
        assert send_messages(now=NOW + timedelta(seconds=16))["taken"] == 1
        assert len(scripted.given) == 4
        circuit.refresh_from_db()
        assert circuit.open_until == NOW + timedelta(seconds=16 + 30)

    def test_one_success_closes_it(self, nudge: Nudge, scripted: type[Scripted]) -> None:
        everybody = [message(nudge, f"p{n}") for n in range(8)]
        scripted.answers = {each.address: [self.DOWN] for each in everybody[:3]}
        send_messages(now=NOW)
        assert send_messages(now=NOW + MINUTE)["sent"] == 8
        circuit = Circuit.objects.get()
        assert (circuit.failures, circuit.open_until) == (0, None)
        assert len(scripted.given) == 3 + 8

    def test_a_refused_recipient_is_not_the_providers_failure(
        self, nudge: Nudge, scripted: type[Scripted]
    ) -> None:
        everybody = [message(nudge, f"p{n}") for n in range(5)]
        scripted.answers = {each.address: [Refused("451", permanent=False)] for each in everybody}
        send_messages(now=NOW)
        assert len(scripted.given) == 5
        assert not Circuit.objects.exists()


def test_delays_double_to_an_hour_and_come_from_the_dispatch_id_alone() -> None:
    ids = [uuid.UUID(int=n) for n in range(50)]
    for attempts, full in [(1, 30), (2, 60), (3, 120), (8, 3600), (30, 3600)]:
        waits = [(next_attempt(dispatch_id=i, attempts=attempts, now=NOW) - NOW).total_seconds() for i in ids]
        assert 1 <= min(waits) < full / 4 < full * 3 / 4 < max(waits) <= full
        assert len(set(waits)) > 40
        assert waits == [
            (next_attempt(dispatch_id=i, attempts=attempts, now=NOW) - NOW).total_seconds() for i in ids
        ]


def test_consent_given_late_is_no_obstacle(nudge: Nudge, scripted: type[Scripted]) -> None:
    nudge.category.opt_in = True
    nudge.category.save()
    wanted = message(nudge)
    make.consent(wanted.customer, nudge.category)
    assert send_messages(now=NOW)["sent"] == 1
    assert Consent.objects.count() == 1
