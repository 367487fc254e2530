"""Caps: every scope, limits of 0, n and none, what counts and what does not; the strictest wins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Decision, Message, Nudge, Preference, Pressure
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became, decide

pytestmark = pytest.mark.django_db
SENT, CAPPED = ("send", "sent"), ("suppress", "capped")


def test_without_a_cap_it_is_sent_and_counts_from_now_on(customer: Customer, nudge: Nudge) -> None:
    candidate = make_nudges.candidate(nudge, customer)
    assert decide_nudges(now=NOW) == {"taken": 1, "decided": 1, "send": 1}
    decision = Decision.objects.get(candidate=candidate)
    assert (decision.outcome, decision.reason, decision.channel) == ("send", "sent", "email")
    message = Message.objects.get(candidate=candidate)
    assert (message.address, message.state, message.counts) == ("ann@example.org", "decided", True)
    assert (message.subject, message.text, message.html) == ("", "", "")
    assert message.next_attempt_at == message.decided_at == NOW
    assert Pressure.objects.get(customer=customer).message_ids == [message.pk]
    assert decide_nudges(now=NOW) == {}  # nothing is decided twice


def test_a_rolling_cap_names_what_used_it_and_when_it_frees(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    cap = make_nudges.cap(workspace, 2, per=86400)
    older = make_nudges.sent(nudge, customer, at=NOW - 10 * HOUR)
    newer = make_nudges.sent(nudge, customer, at=NOW - 2 * HOUR)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.rule) == ("suppress", "capped", f"cap:{cap.pk}")
    assert (decision.limit, decision.count, decision.used_by) == (2, 2, [newer.pk, older.pk])
    assert decision.allowed_at == NOW + 14 * HOUR
    assert Message.objects.count() == 2


def test_a_rolling_window_frees_to_the_second(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 1, per=3600)
    make_nudges.sent(nudge, customer, at=NOW - HOUR)
    late, soon = NOW - timedelta(seconds=1), NOW
    assert became(make_nudges.candidate(nudge, customer, at=late), late) == CAPPED
    assert became(make_nudges.candidate(nudge, customer, at=soon), soon) == SENT


def test_what_is_just_over_leaves_room_for_one_of_two(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Where the cap has to be counted: one is a window old to the second, one still counts, two are asked for."""
    make_nudges.cap(workspace, 2)
    for ago in (DAY, HOUR):
        make_nudges.sent(nudge, customer, at=NOW - ago)
    for _n in range(2):
        make_nudges.candidate(make_nudges.nudge(workspace), customer)
    assert decide_nudges(now=NOW)["send"] == 1


def test_of_several_that_are_full_the_one_that_never_frees_is_told(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1, per=30 * 86400)
    make_nudges.sent(nudge, customer, at=NOW - HOUR)
    never = make_nudges.cap(workspace, 0, scope="category")
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.rule, decision.limit, decision.allowed_at) == (f"cap:{never.pk}", 0, None)


def test_a_limit_of_0_means_never(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    """Regression of another system: "0 a day" let the first one out and queued the rest."""
    make_nudges.cap(workspace, 0)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.outcome, decision.reason, decision.limit, decision.count) == ("suppress", "capped", 0, 0)
    assert decision.allowed_at is None
    assert not Message.objects.exists()


def test_a_limit_of_0_does_not_wait_even_if_the_nudge_would(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 0)
    nudge = make_nudges.nudge(workspace, on_cap="defer")
    assert became(make_nudges.candidate(nudge, customer)) == CAPPED


def test_no_cap_means_no_limit(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    for _n in range(12):
        make_nudges.candidate(nudge, customer)
    assert decide_nudges(now=NOW)["send"] == 12


def test_an_archived_cap_no_longer_holds(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    cap = make_nudges.cap(workspace, 0)
    cap.archived_at = NOW - HOUR
    cap.save()
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_another_workspaces_caps_do_not_hold_here(customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(make.workspace(), 0)
    assert became(make_nudges.candidate(nudge, customer)) == SENT


@pytest.mark.parametrize(
    ("scope", "value", "same", "other"),
    [
        ("any", "", {}, None),
        ("channel", "email", {"channel": "email"}, {"channel": "sms"}),
        ("category", "tips", {}, {"category": "offers"}),
        ("interest", "customer", {"interest": "customer"}, {"interest": "business"}),
        ("promise", "choose_well", {"promise": "choose_well"}, {"promise": "feel_good"}),
        ("need", "espresso", {"need_slug": "espresso"}, {"need_slug": "grinder"}),
    ],
)
@pytest.mark.parametrize("each", [False, True])
def test_each_scope_counts_its_own_and_nothing_else(
    workspace: Workspace,
    customer: Customer,
    scope: str,
    value: str,
    same: dict[str, Any],
    other: Any,
    each: bool,
) -> None:
    need = make_nudges.need(workspace)
    nudge = make_nudges.nudge(workspace, trigger_need=need)
    make_nudges.cap(workspace, 1, scope=scope, value="" if each else value)
    if other is not None:
        other = dict(other)
        if "category" in other:
            other["category"] = make.category(workspace, other["category"])
        make_nudges.sent(nudge, customer, at=NOW - 2 * HOUR, **{"need_slug": "espresso"} | other)
        assert became(make_nudges.candidate(nudge, customer, at=NOW - HOUR), NOW - HOUR) == SENT
        assert became(make_nudges.candidate(nudge, customer)) == CAPPED
    else:
        make_nudges.sent(nudge, customer, at=NOW - 2 * HOUR, **same)
        assert became(make_nudges.candidate(nudge, customer)) == CAPPED


def test_a_cap_on_one_value_leaves_the_others_alone(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 0, scope="channel", value="sms")
    make_nudges.cap(workspace, 0, scope="promise", value="feel_good")
    make_nudges.cap(workspace, 0, scope="flow", value="welcome")
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_a_cap_on_each_flow_does_not_bear_on_what_is_in_no_flow(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1, scope="flow")
    make_nudges.sent(nudge, customer, at=NOW - HOUR)
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_a_message_of_a_flow_counts_for_that_flow_only(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1, scope="flow", value="welcome")
    make_nudges.sent(nudge, customer, at=NOW - HOUR, flow="welcome")
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_the_strictest_cap_is_named_the_one_that_frees_last(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1, per=86400)
    week = make_nudges.cap(workspace, 2, per=7 * 86400)
    make_nudges.sent(nudge, customer, at=NOW - 2 * DAY)
    make_nudges.sent(nudge, customer, at=NOW - 2 * HOUR)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert decision.rule == f"cap:{week.pk}"
    assert decision.allowed_at == NOW + 5 * DAY


def test_all_caps_hold_at_once(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 5, per=86400)
    narrow = make_nudges.cap(workspace, 1, per=3600, scope="category", value="tips")
    make_nudges.sent(nudge, customer, at=NOW - MINUTE)
    assert decide(make_nudges.candidate(nudge, customer)).rule == f"cap:{narrow.pk}"


def test_a_minimum_gap_holds_and_names_its_end(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, min_gap_seconds=7200)
    message = make_nudges.sent(nudge, customer, at=NOW - HOUR)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.reason, decision.rule, decision.used_by) == ("min_gap", "min_gap", [message.pk])
    assert decision.allowed_at == NOW + HOUR
    later = NOW + HOUR
    assert became(make_nudges.candidate(nudge, customer, at=later), later) == SENT


def test_the_customers_own_limit_holds_where_it_is_stricter(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 9, per=7 * 86400)
    Preference.objects.create(workspace=workspace, customer=customer, max_per_week=1, updated_at=NOW)
    make_nudges.sent(nudge, customer, at=NOW - 6 * DAY)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.reason, decision.limit, decision.allowed_at) == ("own_cap", 1, NOW + DAY)


def test_the_customers_own_limit_cannot_loosen_the_workspaces(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1, per=7 * 86400)
    Preference.objects.create(workspace=workspace, customer=customer, max_per_week=50, updated_at=NOW)
    make_nudges.sent(nudge, customer, at=NOW - DAY)
    assert became(make_nudges.candidate(nudge, customer)) == CAPPED


def test_an_own_limit_of_0_is_never(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    Preference.objects.create(workspace=workspace, customer=customer, max_per_week=0, updated_at=NOW)
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "own_cap")


def test_the_inbox_is_pulled_so_it_is_never_capped_and_never_counts(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    inbox = make_nudges.nudge(workspace, channels=["inbox"])
    for _n in range(3):
        make_nudges.candidate(inbox, customer)
    pushed = make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    assert Message.objects.filter(channel="inbox", counts=False).count() == 3
    assert became(pushed) == SENT
    assert len(Pressure.objects.get(customer=customer).message_ids) == 1


def test_a_staff_task_reaches_out_so_it_counts(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1)
    call = make_nudges.nudge(workspace, channels=["staff_task"])
    assert became(make_nudges.candidate(call, customer)) == SENT
    assert became(make_nudges.candidate(call, customer)) == CAPPED


def test_what_does_not_count_is_still_capped_and_leaves_no_pressure(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.cap(workspace, 1)
    quiet = make_nudges.nudge(workspace, counts=False)
    assert became(make_nudges.candidate(quiet, customer)) == SENT
    assert became(make_nudges.candidate(quiet, customer)) == SENT
    assert Pressure.objects.get(customer=customer).message_ids == []
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW)
    assert became(make_nudges.candidate(quiet, customer)) == CAPPED


def test_editing_a_nudge_changes_no_history(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1, scope="interest", value="business")
    nudge = make_nudges.nudge(workspace, interest="business", promise="choose_us")
    assert became(make_nudges.candidate(nudge, customer)) == SENT
    nudge.interest = "customer"
    nudge.save()
    other = make_nudges.nudge(workspace, interest="business", promise="choose_us")
    assert became(make_nudges.candidate(other, customer)) == CAPPED
    assert Message.objects.get().interest == "business"


def test_a_message_from_the_future_counts_and_dates_the_next_one(customer: Customer, nudge: Nudge) -> None:
    """Regression: a worker with a slow clock must not overlook what a faster one has decided."""
    make_nudges.sent(nudge, customer, at=NOW + HOUR)
    make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    newest = Message.objects.latest("pk")
    assert newest.decided_at == NOW + HOUR
    make_nudges.cap(customer.workspace, 2)
    assert became(make_nudges.candidate(nudge, customer)) == CAPPED


def test_pressure_older_than_any_window_is_let_go(customer: Customer, nudge: Nudge) -> None:
    make_nudges.sent(nudge, customer, at=NOW - 120 * DAY)
    kept = make_nudges.sent(nudge, customer, at=NOW - 90 * DAY)  # the longest window there can be
    make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    pressure = Pressure.objects.get(customer=customer)
    assert pressure.message_ids == [Message.objects.latest("pk").pk, kept.pk]
    lengths = {
        len(getattr(pressure, name))
        for name in ("sent_at", "channels", "needs", "zones", "flows", "promises")
    }
    assert lengths == {2}


def test_what_is_kept_of_one_message_stands_at_one_place(workspace: Workspace, customer: Customer) -> None:
    """Of several that go out in one round too: what is given back later must be all of one message."""
    for slug in ("tips", "news"):
        category = make.category(workspace, slug)
        make.consent(customer, category)
        make_nudges.candidate(make_nudges.nudge(workspace, category=category), customer)
    decide_nudges(now=NOW)
    pressure = Pressure.objects.get(customer=customer)
    messages = [Message.objects.get(pk=pk) for pk in pressure.message_ids]
    assert len(messages) == 2
    assert pressure.categories == [message.category.slug for message in messages]


def test_two_due_at_once_do_not_both_slip_under_a_cap(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Regression of another system: two jobs in the same second sent both."""
    make_nudges.cap(workspace, 1)
    candidates = [make_nudges.candidate(nudge, customer) for _n in range(5)]
    decide_nudges(now=NOW)
    assert Message.objects.count() == 1
    assert Decision.objects.filter(candidate__in=candidates, reason="outranked").count() == 4
