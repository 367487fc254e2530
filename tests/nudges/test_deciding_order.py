"""The order of the questions, and the edges at which one rule leaves off and another begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from engagement.models import Address, Consent, Customer, Merge, Workspace
from engagement.statements import run_prepared
from journeys.models import CustomerNeed
from nudges.deciding import decide_nudges
from nudges.deciding.judging import make_tables
from nudges.limiting import add_cap, archive_cap
from nudges.models import Decision, Message, Nudge, Policy, Preference
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became, bucket_of, decide

pytestmark = pytest.mark.django_db
SENT = ("send", "sent")


def test_conditions_then_consent_then_hours_then_caps_and_the_holdout_last(
    workspace: Workspace, customer: Customer
) -> None:
    """Everything stands against it at once; what is told is the first in the order, until it is put right."""
    Workspace.objects.filter(pk=workspace.pk).update(holdout_percent=50)
    bucket_of(workspace, customer, lambda bucket: bucket < 5000)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace))
    change = make_nudges.stage_change(need)
    make_nudges.policy(
        workspace, collect_seconds=0, look_ahead_seconds=0, quiet_start="00:00", quiet_end="23:59"
    )
    nudge = make_nudges.nudge(workspace, trigger_need=need.need)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    make_nudges.cap(workspace, 1)

    def gold(plan: str) -> None:
        Customer.objects.filter(pk=customer.pk).update(traits={"plan": plan})

    needs, addresses = CustomerNeed.objects.filter(pk=need.pk), Address.objects.filter(customer=customer)
    nudges, people = Nudge.objects.filter(pk=nudge.pk), Preference.objects.filter(customer=customer)
    put_right: list[tuple[str, Callable[[], object]]] = [
        ("nudge_inactive", lambda: nudges.update(status="active")),
        ("need_closed", lambda: needs.update(closed_at=None, closed_reason="")),
        ("snoozed", lambda: needs.update(snoozed_until=None)),
        ("stage_moved", lambda: needs.update(stage="shortlist")),
        ("conditions_not_met", lambda: gold("gold")),
        ("no_consent", lambda: Consent.objects.filter(customer=customer).update(state="granted")),
        ("suppressed_address", lambda: addresses.update(suppressed_at=None, suppression_reason="")),
        ("paused", lambda: people.update(paused_until=None)),
        ("quiet_hours", lambda: Policy.objects.update(quiet_start=None, quiet_end=None)),
        ("capped", lambda: workspace.caps.update(archived_at=NOW)),
        ("holdout", lambda: Workspace.objects.filter(pk=workspace.pk).update(holdout_percent=0)),
        ("sent", lambda: None),
    ]
    waiting = [
        make_nudges.candidate(nudge, customer, due_at=NOW + place * MINUTE, stage_change=change)
        for place in range(len(put_right))
    ]
    nudges.update(status="paused", conditions={"trait": "plan", "is": "gold"})
    needs.update(closed_at=NOW, closed_reason="not_relevant", snoozed_until=NOW + DAY, stage="purchase")
    make.consent(customer, nudge.category, state="denied")
    addresses.update(suppressed_at=NOW, suppression_reason="bounced")
    Preference.objects.create(workspace=workspace, customer=customer, paused_until=NOW + DAY, updated_at=NOW)
    told = []
    for place, (_reason, mend) in enumerate(put_right):
        told.append(decide(waiting[place], NOW + place * MINUTE).reason)
        mend()
    assert told == [reason for reason, _mend in put_right]


def test_what_is_snoozed_says_until_when(workspace: Workspace, customer: Customer) -> None:
    need = make_nudges.customer_need(customer, make_nudges.need(workspace), snoozed_until=NOW + DAY)
    nudge = make_nudges.nudge(workspace, trigger_need=need.need)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.allowed_at) == ("suppress", "snoozed", NOW + DAY)


def test_at_0_per_cent_nobody_is_held_out_and_at_5_one_in_twenty_buckets(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    spaces = Workspace.objects.filter(pk=workspace.pk)
    bucket_of(workspace, customer, lambda bucket: bucket == 0)
    spaces.update(holdout_percent=0)
    assert became(make_nudges.candidate(nudge, customer)) == SENT
    spaces.update(holdout_percent="0.01")
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "holdout")


def test_a_pause_lets_an_exempt_service_message_pass_and_quiet_hours_do_not(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, allow_service_exempt=True, quiet_start=time(11), quiet_end=time(13))
    Preference.objects.create(workspace=workspace, customer=customer, paused_until=NOW + DAY, updated_at=NOW)
    service = make_nudges.nudge(workspace, promise="service", respects_caps=False)
    held = decide(make_nudges.candidate(service, customer))
    assert (held.outcome, held.reason, held.allowed_at) == ("defer", "quiet_hours", NOW + HOUR)
    assert became(make_nudges.candidate(service, customer, at=NOW + HOUR), NOW + HOUR) == SENT


def test_a_slow_clock_does_not_call_in_what_is_put_forward_later(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    later = make_nudges.candidate(
        nudge, customer, at=NOW + 30 * timedelta(seconds=1), due_at=NOW + 90 * timedelta(seconds=1)
    )
    assert became(make_nudges.candidate(nudge, customer, at=NOW - MINUTE, due_at=NOW)) == SENT
    assert not Decision.objects.filter(candidate=later).exists()


def test_where_not_all_can_be_asked_at_once_a_service_message_goes_before_older_ones(
    workspace: Workspace, customer: Customer
) -> None:
    other = make.customer(workspace, email="ben@example.org")
    older = make_nudges.candidate(make_nudges.nudge(workspace), other, at=NOW - HOUR)
    service = make_nudges.candidate(make_nudges.nudge(workspace, promise="service"), customer)
    assert decide_nudges(now=NOW, limit=1)["decided"] == 1
    assert Decision.objects.get().candidate == service
    assert decide(older).outcome == "send"


def test_of_a_customer_whose_rows_are_just_being_joined_nothing_is_taken(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """The merge may come between the claim and the lock: what is taken is asked for after the lock."""
    make_nudges.candidate(nudge, customer)
    make_tables()
    asked = {"customers": [customer.pk], "now": NOW}
    source = make.customer(workspace)
    merge = Merge.objects.create(workspace=workspace, source=source, target=customer, at=NOW)
    assert run_prepared("nudges.take_candidates", asked) == []
    merge.delete()
    assert [row["nudge_id"] for row in run_prepared("nudges.take_candidates", asked)] == [nudge.pk]


class TestAChangeOfPolicyOpensNoSecondWindow:
    def test_a_new_cap_counts_what_was_sent_before_it(
        self, workspace: Workspace, customer: Customer, nudge: Nudge
    ) -> None:
        one_a_day = {"scope": "any", "window": "rolling", "seconds": 86_400, "limit": 1}
        old = add_cap(workspace=workspace, values=one_a_day, actor=None, now=NOW - DAY)
        assert became(make_nudges.candidate(nudge, customer)) == SENT
        archive_cap(cap=old, actor=None, now=NOW + MINUTE)
        a_week = one_a_day | {"window": "calendar", "seconds": None, "unit": "week"}
        new = add_cap(workspace=workspace, values=a_week, actor=None, now=NOW + MINUTE)
        later = NOW + HOUR
        held = decide(make_nudges.candidate(nudge, customer, at=later), later)
        assert (held.reason, held.rule, held.count) == ("capped", f"cap:{new.pk}", 1)
        assert held.used_by == [Message.objects.get().pk]

    def test_the_workspaces_new_zone_begins_no_new_day_before_the_old_one_is_over(
        self, workspace: Workspace, nudge: Nudge
    ) -> None:
        spaces = Workspace.objects.filter(pk=workspace.pk)
        spaces.update(timezone="Asia/Tokyo")  # 21:00 there: three hours of the day are left
        customer = make.customer(workspace, email="no@zone.example", timezone="")
        make_nudges.cap(workspace, 1, per="day")
        assert became(make_nudges.candidate(nudge, customer)) == SENT
        spaces.update(timezone="UTC")  # noon: twelve hours are left
        for hours, reason in ((4, "capped"), (11, "capped"), (12, "sent")):
            at = NOW + hours * HOUR
            assert became(make_nudges.candidate(nudge, customer, at=at), at)[1] == reason

    def test_another_window_for_the_budget_counts_what_was_sent_before(
        self, workspace: Workspace, customer: Customer
    ) -> None:
        make_nudges.policy(workspace, business_limit=1, business_window_seconds=3600)
        offer = make_nudges.nudge(workspace, interest="business", promise="choose_us")
        assert became(make_nudges.candidate(offer, customer)) == SENT
        Policy.objects.update(business_window_seconds=30 * 86_400)
        later = NOW + 20 * DAY
        assert became(make_nudges.candidate(offer, customer, at=later), later) == (
            "suppress",
            "business_budget",
        )


def test_only_what_is_ignored_for_72_hours_is_silence(workspace: Workspace, customer: Customer) -> None:
    nudge = make_nudges.nudge(workspace, channels=["email", "staff_task"])
    for days in (2, 4, 5, 6, 7):
        make_nudges.sent(nudge, customer, at=NOW - days * DAY)
    assert decide(make_nudges.candidate(nudge, customer)).channel == "email"
    later = NOW + DAY  # by then the one of two days ago counts as well
    assert decide(make_nudges.candidate(nudge, customer, at=later), later).channel == "staff_task"
