"""Asked again at the hand-over: what must not go any more is cancelled, explained, and gives its slot back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.models import Address, Consent, Customer, Event, Workspace
from nudges.models import Decision, Message, Nudge, Policy, Preference, Pressure
from nudges.sending import send_messages
from tests import make, make_messages
from tests.make import NOW
from tests.nudges.sending.scripted import MINUTE, Scripted, message, person

pytestmark = pytest.mark.django_db


def cancelled(late: Message, reason: str) -> Decision:
    assert send_messages(now=NOW)["cancelled"] == 1
    assert Scripted.given == []
    late.refresh_from_db()
    assert late.state == "cancelled"
    assert late.next_attempt_at is None
    assert not late.counts
    assert Pressure.objects.get(customer=late.customer).message_ids == []
    decision = Decision.objects.get(candidate=late.candidate)
    assert (decision.outcome, decision.reason) == ("suppress", reason)
    assert decision.earlier == [{"at": NOW.isoformat(), "outcome": "send", "reason": "sent", "until": None}]
    assert not Event.objects.exists()
    return decision


def test_consent_was_withdrawn(nudge: Nudge) -> None:
    late = message(nudge)
    make.consent(late.customer, nudge.category, state="denied")
    assert cancelled(late, "no_consent").rule == "consent:tips"


def test_an_opt_in_category_lost_its_consent(nudge: Nudge) -> None:
    nudge.category.opt_in = True
    nudge.category.save()
    late = message(nudge)
    cancelled(late, "no_consent")


def test_the_address_was_suppressed(nudge: Nudge) -> None:
    late = message(nudge)
    Address.objects.update(suppressed_at=NOW, suppression_reason="complaint")
    cancelled(late, "suppressed_address")


def test_the_address_was_removed(nudge: Nudge) -> None:
    late = message(nudge)
    Address.objects.all().delete()
    cancelled(late, "unreachable")


def test_the_customer_paused_everything(nudge: Nudge) -> None:
    late = message(nudge)
    Preference.objects.create(
        customer=late.customer,
        workspace=nudge.workspace,
        paused_until=NOW + timedelta(days=1),
        updated_at=NOW,
    )
    cancelled(late, "paused")


def test_the_customer_paused_the_category(nudge: Nudge) -> None:
    late = message(nudge)
    until = (NOW + timedelta(days=1)).isoformat()
    Preference.objects.create(
        customer=late.customer,
        workspace=nudge.workspace,
        paused_categories={str(nudge.category_id): until},
        updated_at=NOW,
    )
    cancelled(late, "paused")


def test_its_time_ran_out(nudge: Nudge) -> None:
    cancelled(message(nudge, not_after=NOW - MINUTE), "expired")


def test_the_nudge_was_paused(nudge: Nudge) -> None:
    late = message(nudge)
    Nudge.objects.update(status="paused")
    cancelled(late, "nudge_inactive")


def test_the_need_was_closed(shop: Workspace, nudge: Nudge) -> None:
    customer = person(shop, "ana")
    need = make_messages.need(customer, closed_at=NOW, closed_reason="not_relevant")
    late = make_messages.message(nudge, customer, customer_need=need)
    cancelled(late, "need_closed")


def test_the_need_was_snoozed(shop: Workspace, nudge: Nudge) -> None:
    customer = person(shop, "ana")
    need = make_messages.need(customer, snoozed_until=NOW + timedelta(days=3))
    cancelled(make_messages.message(nudge, customer, customer_need=need), "snoozed")


def test_a_pause_of_before_is_over(nudge: Nudge) -> None:
    late = message(nudge)
    Preference.objects.create(
        customer=late.customer, workspace=nudge.workspace, paused_until=NOW - MINUTE, updated_at=NOW
    )
    assert send_messages(now=NOW)["sent"] == 1


def test_a_retry_in_quiet_hours_waits_and_keeps_its_slot(nudge: Nudge) -> None:
    late = message(nudge)
    Policy.objects.create(workspace=nudge.workspace, quiet_start="11:00", quiet_end="13:30")
    assert send_messages(now=NOW)["postponed"] == 1
    late.refresh_from_db()
    assert (late.state, late.next_attempt_at) == ("decided", NOW + timedelta(minutes=90))
    assert late.counts
    assert send_messages(now=NOW + timedelta(minutes=91))["sent"] == 1


def test_quiet_hours_are_those_where_the_customer_is(nudge: Nudge) -> None:
    late = message(nudge)
    Customer.objects.filter(pk=late.customer_id).update(timezone="Asia/Tokyo")  # 21:00 there
    other = message(nudge, "ben")
    Customer.objects.filter(pk=other.customer_id).update(timezone="Not/A_Zone")
    Policy.objects.create(workspace=nudge.workspace, quiet_start="20:00", quiet_end="08:00")
    counts = send_messages(now=NOW)
    assert (counts["postponed"], counts["sent"]) == (1, 1)
    late.refresh_from_db()
    assert late.next_attempt_at == NOW + timedelta(hours=11)


def test_quiet_hours_past_its_time_end_it(nudge: Nudge) -> None:
    Policy.objects.create(workspace=nudge.workspace, quiet_start="11:00", quiet_end="13:30")
    cancelled(message(nudge, not_after=NOW + MINUTE), "expired")


def test_a_customer_who_is_just_being_merged_waits_until_the_rows_are_moved(nudge: Nudge) -> None:
    late = message(nudge)
    Customer.objects.filter(pk=late.customer_id).update(merged_into=person(nudge.workspace, "target"))
    assert send_messages(now=NOW)["postponed"] == 1
    late.refresh_from_db()
    assert (late.state, late.counts) == ("decided", True)
    assert late.next_attempt_at == NOW + timedelta(seconds=5)


def test_conditions_are_asked_again_of_a_retry(nudge: Nudge) -> None:
    Nudge.objects.update(conditions={"trait": "plan", "is": "gold"})
    cancelled(message(nudge, attempts=1), "conditions_not_met")


def test_conditions_are_checked_again_when_it_is_sent_however_long_it_waited(nudge: Nudge) -> None:
    """A paused broadcast, a dead provider or a limit on the pace let it wait, and none of them is a try."""
    Nudge.objects.update(conditions={"trait": "plan", "is": "gold"})
    late, just = message(nudge, at=NOW - timedelta(hours=2)), message(nudge, "ben")
    counts = send_messages(now=NOW)
    assert (counts["cancelled"], counts["sent"]) == (1, 1)
    decision = Decision.objects.get(candidate=late.candidate)
    assert (decision.outcome, decision.reason, decision.rule) == (
        "suppress",
        "conditions_not_met",
        "conditions",
    )
    just.refresh_from_db()
    assert just.state == "sent"


def test_consent_given_late_is_no_obstacle(nudge: Nudge, scripted: type[Scripted]) -> None:
    nudge.category.opt_in = True
    nudge.category.save()
    wanted = message(nudge)
    make.consent(wanted.customer, nudge.category)
    assert send_messages(now=NOW)["sent"] == 1
    assert Consent.objects.count() == 1
