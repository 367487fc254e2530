"""What should not be said at all: inactive, expired, no longer fitting, not allowed, not reachable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Address, Category, Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Decision, Message, Nudge, Waiting
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, became, decide

pytestmark = pytest.mark.django_db
SENT = ("send", "sent")


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
def test_a_nudge_that_is_not_active_is_not_sent(customer: Customer, nudge: Nudge, status: str) -> None:
    """Regression of another system, which sent unpublished mails that had been queued."""
    candidate = make_nudges.candidate(nudge, customer)
    Nudge.objects.filter(pk=nudge.pk).update(status=status)
    assert became(candidate) == ("suppress", "nudge_inactive")
    assert not Message.objects.exists()


def test_what_is_no_longer_true_expires(customer: Customer, nudge: Nudge) -> None:
    """Regression of another system: due during an outage, sent whenever the server came back."""
    candidate = make_nudges.candidate(nudge, customer)
    late = candidate.not_after + timedelta(seconds=1)
    assert became(candidate, late) == ("suppress", "expired")


def test_at_its_last_moment_it_is_still_true(customer: Customer, nudge: Nudge) -> None:
    candidate = make_nudges.candidate(nudge, customer)
    assert became(candidate, candidate.not_after) == SENT


def test_conditions_are_checked_again_when_it_is_decided(workspace: Workspace, customer: Customer) -> None:
    customer.traits = {"plan": "gold"}
    customer.save()
    nudge = make_nudges.nudge(workspace, conditions={"trait": "plan", "is": "gold"})
    first, second = (make_nudges.candidate(nudge, customer) for _n in range(2))
    customer.traits = {"plan": "silver"}
    customer.save()
    decision = decide(first)
    assert (decision.outcome, decision.reason, decision.rule) == (
        "suppress",
        "conditions_not_met",
        "conditions",
    )
    assert became(second) == ("suppress", "conditions_not_met")


def test_conditions_that_make_no_sense_any_more_fit_nobody_and_stop_nobody_else(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    broken = make_nudges.nudge(workspace)
    candidate, other = make_nudges.candidate(broken, customer), make_nudges.candidate(nudge, customer)
    Nudge.objects.filter(pk=broken.pk).update(conditions={"consent": "gone", "channel": "email"})
    assert became(candidate) == ("suppress", "conditions_not_met")
    assert became(other) == SENT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"closed_at": NOW, "closed_reason": "resolved"}, "need_closed"),
        ({"snoozed_until": NOW + DAY}, "snoozed"),
        ({"stage": "post_purchase"}, "stage_moved"),
    ],
)
def test_the_need_must_stand_where_it_stood(
    workspace: Workspace, customer: Customer, changes: dict[str, Any], reason: str
) -> None:
    need = make_nudges.customer_need(customer, make_nudges.need(workspace))
    change = make_nudges.stage_change(need)
    nudge = make_nudges.nudge(
        workspace, trigger="stage_change", trigger_stage="shortlist", trigger_need=need.need
    )
    candidate = make_nudges.candidate(nudge, customer, stage_change=change)
    for field, value in changes.items():
        setattr(need, field, value)
    need.save()
    decision = decide(candidate)
    assert (decision.outcome, decision.reason, decision.rule) == ("suppress", reason, "need:espresso")
    assert decision.stage == need.stage


def test_a_need_that_still_stands_there_is_spoken_of(workspace: Workspace, customer: Customer) -> None:
    need = make_nudges.customer_need(customer, make_nudges.need(workspace), snoozed_until=NOW)
    nudge = make_nudges.nudge(workspace, trigger_need=need.need)
    candidate = make_nudges.candidate(nudge, customer, stage_change=make_nudges.stage_change(need))
    assert became(candidate) == SENT
    assert Message.objects.get().need_slug == "espresso"


def test_not_relevant_closes_the_matter_also_for_a_later_broadcast(
    workspace: Workspace, customer: Customer
) -> None:
    need = make_nudges.need(workspace)
    make_nudges.customer_need(customer, need, closed_at=NOW, closed_reason="not_relevant")
    about = make_nudges.nudge(workspace, trigger_need=need)
    assert became(make_nudges.candidate(about, customer)) == ("suppress", "need_closed")


def test_a_need_that_lapsed_closes_nothing_for_a_later_broadcast(
    workspace: Workspace, customer: Customer
) -> None:
    need = make_nudges.need(workspace)
    make_nudges.customer_need(customer, need, closed_at=NOW, closed_reason="lapsed")
    assert became(make_nudges.candidate(make_nudges.nudge(workspace, trigger_need=need), customer)) == SENT


def test_an_opt_in_category_needs_consent(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    Category.objects.filter(pk=nudge.category_id).update(opt_in=True)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.rule) == ("suppress", "no_consent", "consent:tips")
    make.consent(customer, nudge.category)
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_any_other_category_goes_until_it_is_denied(customer: Customer, nudge: Nudge) -> None:
    """Regression of another system: consent withdrawn after scheduling must cancel, not retry for ever."""
    candidate = make_nudges.candidate(nudge, customer)
    make.consent(customer, nudge.category, state="denied")
    assert became(candidate) == ("suppress", "no_consent")
    assert not Waiting.objects.exists()


def test_consent_to_another_category_or_channel_is_none(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    Category.objects.filter(pk=nudge.category_id).update(opt_in=True)
    make.consent(customer, nudge.category, channel="sms")
    make.consent(customer, make.category(workspace, "offers"))
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "no_consent")


def test_without_an_address_nobody_is_reached(workspace: Workspace, nudge: Nudge) -> None:
    assert became(make_nudges.candidate(nudge, make.customer(workspace))) == ("suppress", "unreachable")


def test_a_suppressed_address_is_not_used(customer: Customer, nudge: Nudge) -> None:
    Address.objects.filter(customer=customer).update(suppressed_at=NOW, suppression_reason="hard bounce")
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.rule) == (
        "suppress",
        "suppressed_address",
        "address:email",
    )


def test_another_address_takes_the_suppressed_ones_place(customer: Customer, nudge: Nudge) -> None:
    Address.objects.filter(customer=customer).update(suppressed_at=NOW, suppression_reason="hard bounce")
    for value, verified in (("new@example.org", None), ("sure@example.org", NOW)):
        Address.objects.create(
            workspace=customer.workspace,
            customer=customer,
            channel="email",
            value=value,
            verified_at=verified,
            updated_at=NOW - HOUR,
        )
    became(make_nudges.candidate(nudge, customer))
    assert Message.objects.get().address == "sure@example.org"


@pytest.mark.parametrize(
    ("has", "denies", "chosen"),
    [
        (["sms", "email"], [], "sms"),
        (["email"], [], "email"),
        (["sms", "email"], ["sms"], "email"),
        ([], [], "inbox"),
        (["sms", "email"], ["sms", "email"], "inbox"),
        (["sms", "email"], ["sms", "email", "inbox"], None),
    ],
)
def test_the_channel_is_the_first_that_is_allowed_and_reaches(
    workspace: Workspace, has: list[str], denies: list[str], chosen: str | None
) -> None:
    nudge = make_nudges.nudge(workspace, channels=["sms", "email", "inbox"])
    customer = make.customer(workspace)
    for channel in has:
        Address.objects.create(
            workspace=workspace, customer=customer, channel=channel, value=f"{channel}-1", updated_at=NOW
        )
    for channel in denies:
        make.consent(customer, nudge.category, channel=channel, state="denied")
    decision = decide(make_nudges.candidate(nudge, customer))
    assert decision.channel == (chosen or "")
    assert decision.outcome == ("send" if chosen else "suppress")


def test_another_tenants_customer_is_never_put_forward(nudge: Nudge) -> None:
    stranger = make.customer(make.workspace(), email="x@example.org")
    with pytest.raises(AssertionError):
        make_nudges.candidate(nudge, stranger)
    decide_nudges(now=NOW)
    assert not Decision.objects.exists()
