"""Which of a customer's candidates goes first, what becomes of the others, and that they meet at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Customer, Workspace
from nudges.considering import put_forward
from nudges.deciding import decide_nudges
from nudges.models import Candidate, Decision, Message, Nudge
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became, decide, read

pytestmark = pytest.mark.django_db
SENT, OUTRANKED = ("send", "sent"), ("suppress", "outranked")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"promise": "service", "priority": 0}, {"priority": 100}),
        ({"priority": 0}, {"interest": "business", "priority": 100}),
        ({"priority": 60}, {"priority": 50, "expected_value": 0.9}),
        ({"expected_value": 0.2}, {"expected_value": 0.1}),
    ],
)
def test_the_order_is_service_interest_priority_value(
    workspace: Workspace, customer: Customer, better: dict[str, Any], worse: dict[str, Any]
) -> None:
    make_nudges.cap(workspace, 1)
    loser = make_nudges.candidate(make_nudges.nudge(workspace, **worse), customer, at=NOW - MINUTE)
    winner = make_nudges.candidate(make_nudges.nudge(workspace, **better), customer)
    decide_nudges(now=NOW)
    assert read(winner) == SENT
    assert read(loser) == OUTRANKED
    assert Decision.objects.get(candidate=loser).winner == winner


def test_the_need_that_is_furthest_on_comes_before_priority(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1)
    near, far = make_nudges.need(workspace, "near"), make_nudges.need(workspace, "far")
    make_nudges.customer_need(customer, near, "awareness")
    make_nudges.customer_need(customer, far, "purchase")
    about_near = make_nudges.nudge(workspace, trigger_need=near, priority=100)
    about_far = make_nudges.nudge(workspace, trigger_need=far, priority=0)
    about_nothing = make_nudges.nudge(workspace, priority=100)
    losers = [make_nudges.candidate(nudge, customer) for nudge in (about_near, about_nothing)]
    winner = make_nudges.candidate(about_far, customer)
    decide_nudges(now=NOW)
    assert read(winner) == SENT
    assert [read(loser) for loser in losers] == [OUTRANKED, OUTRANKED]


def test_the_customers_interest_comes_before_any_need_of_the_business(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.cap(workspace, 1)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace), "purchase").need
    selling = make_nudges.nudge(
        workspace, trigger_need=need, interest="business", promise="choose_us", priority=100
    )
    loser = make_nudges.candidate(selling, customer)
    winner = make_nudges.candidate(make_nudges.nudge(workspace, priority=0), customer)
    decide_nudges(now=NOW)
    assert (read(winner), read(loser)) == (SENT, OUTRANKED)


def test_among_equals_the_older_goes_first_then_the_lower_id(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 2)
    young, twin = (make_nudges.candidate(nudge, customer) for _n in range(2))
    old = make_nudges.candidate(nudge, customer, at=NOW - HOUR)
    decide_nudges(now=NOW)
    assert [read(one) for one in (old, young, twin)] == [SENT, SENT, OUTRANKED]


def test_what_one_round_uses_counts_in_the_next(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1, scope="category")
    make_nudges.cap(workspace, 2)
    tips, offers = make.category(workspace, "advice"), make.category(workspace, "offers")
    ranks = [(tips, 90), (tips, 80), (offers, 70), (offers, 60)]
    made = [
        make_nudges.candidate(make_nudges.nudge(workspace, category=category, priority=rank), customer)
        for category, rank in ranks
    ]
    decide_nudges(now=NOW)
    assert [read(one) for one in made] == [SENT, OUTRANKED, SENT, OUTRANKED]
    messages = [Message.objects.get(candidate=made[index]).pk for index in (0, 2)]
    second, fourth = (Decision.objects.get(candidate=made[index]) for index in (1, 3))
    assert (second.winner_id, second.used_by) == (made[0].pk, [messages[0]])
    assert fourth.winner_id in (made[0].pk, made[2].pk)
    assert set(fourth.used_by) <= set(messages)


def test_who_would_have_been_held_back_anyway_was_not_outranked(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW - HOUR)
    made = [make_nudges.candidate(nudge, customer) for _n in range(3)]
    decide_nudges(now=NOW)
    assert {read(one) for one in made} == {("suppress", "capped")}
    assert not Decision.objects.filter(winner__isnull=False).exists()


def test_a_customer_does_not_compete_with_another(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.cap(workspace, 1)
    made = [
        make_nudges.candidate(nudge, make.customer(workspace, email=f"{n}@example.org")) for n in range(3)
    ]
    decide_nudges(now=NOW)
    assert [read(one) for one in made] == [SENT, SENT, SENT]


def test_candidates_put_forward_within_the_collecting_time_meet(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.cap(workspace, 1)
    weak, strong = (make_nudges.nudge(workspace, priority=priority) for priority in (10, 90))
    put_forward(nudge=weak, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    put_forward(nudge=strong, customer_ids=[customer.pk], occasion="api:2", now=NOW + timedelta(seconds=40))
    assert decide_nudges(now=NOW + timedelta(seconds=59)) == {}
    decide_nudges(now=NOW + timedelta(seconds=60))
    assert read(Candidate.objects.get(nudge=strong)) == SENT
    assert read(Candidate.objects.get(nudge=weak)) == OUTRANKED


def test_a_service_message_is_decided_at_once_and_calls_nobody_in_early(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    service = make_nudges.nudge(workspace, promise="service")
    put_forward(nudge=nudge, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    put_forward(nudge=service, customer_ids=[customer.pk], occasion="api:2", now=NOW)
    decide_nudges(now=NOW)
    assert read(Candidate.objects.get(nudge=service)) == SENT
    assert not Decision.objects.filter(nudge=nudge).exists()


def test_what_waits_for_its_time_is_not_called_in_early(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1, per=3600)
    waiting = make_nudges.nudge(workspace, on_cap="defer")
    make_nudges.sent(waiting, customer, at=NOW - HOUR + timedelta(seconds=90))
    deferred = make_nudges.candidate(waiting, customer)
    assert became(deferred) == ("defer", "capped")
    decided_at = Decision.objects.get(candidate=deferred).decided_at
    decide(make_nudges.candidate(waiting, customer, at=NOW + MINUTE), NOW + MINUTE)
    assert Decision.objects.get(candidate=deferred).decided_at == decided_at


def test_what_loses_may_wait_if_its_nudge_does(workspace: Workspace, customer: Customer) -> None:
    make_nudges.cap(workspace, 1, per=3600)
    winner = make_nudges.candidate(make_nudges.nudge(workspace, priority=90), customer)
    loser = make_nudges.candidate(make_nudges.nudge(workspace, on_cap="defer"), customer)
    decide_nudges(now=NOW)
    decision = Decision.objects.get(candidate=loser)
    assert (decision.outcome, decision.reason, decision.winner_id) == ("defer", "outranked", winner.pk)
    loser.refresh_from_db()
    assert became(loser, loser.waiting.due_at) == SENT


def test_the_ledger_keeps_the_eligible_set_and_the_chances(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, version=7)
    first, second = (make_nudges.candidate(nudge, customer) for _n in range(2))
    decision = decide(second)
    assert decision.policy_version == 7
    assert decision.context["eligible"] == [first.pk, second.pk]
    assert (decision.context["place"], decision.context["chance"]) == (2, 1)


def test_the_same_data_and_clock_decide_the_same(workspace: Workspace) -> None:
    def story(serial: int) -> list[tuple[Any, ...]]:
        shop = make.workspace(holdout_percent=0)
        make_nudges.policy(shop, min_gap_seconds=600, business_limit=1)
        make_nudges.cap(shop, 2, per=DAY.days * 86400)
        nudges = [
            make_nudges.nudge(shop, priority=p, on_cap=fate)
            for p, fate in ((9, "drop"), (5, "defer"), (5, "drop"))
        ]
        people = [make.customer(shop, email=f"s{serial}-{n}@example.org") for n in range(6)]
        made = [make_nudges.candidate(one, person) for person in people for one in nudges]
        base = made[0].pk
        decide_nudges(now=NOW)
        decisions = Decision.objects.filter(candidate__in=made).order_by("candidate_id")
        return [(d.candidate_id - base, d.outcome, d.reason, d.count, d.allowed_at) for d in decisions]

    assert story(1) == story(2)


@pytest.fixture
def better(workspace: Workspace) -> Nudge:
    return make_nudges.nudge(
        workspace, priority=90, on_cap="defer", category=make.category(workspace, "better")
    )


def scheduled(better: Nudge, customer: Customer, hours: float) -> Candidate:
    """A candidate that waits: it was deferred until then."""
    return make_nudges.candidate(better, customer, at=NOW - HOUR, due_at=NOW + hours * HOUR)


def test_a_higher_candidate_already_scheduled_within_the_look_ahead_keeps_its_slot(
    workspace: Workspace, customer: Customer, nudge: Nudge, better: Nudge
) -> None:
    cap = make_nudges.cap(workspace, 1)
    waiting = scheduled(better, customer, 3)
    low = make_nudges.candidate(nudge, customer)
    decision = decide(low)
    assert (decision.outcome, decision.reason, decision.winner) == ("suppress", "outranked", waiting)
    assert (decision.rule, decision.limit, decision.count) == (f"cap:{cap.pk}", 1, 1)
    assert decision.allowed_at == NOW + 27 * HOUR
    assert not Decision.objects.filter(candidate=waiting).exists()
    assert became(waiting, NOW + 3 * HOUR) == SENT


@pytest.mark.parametrize(
    ("hours", "seconds", "rank", "limit"),
    [
        (25, 86400, 50, 1),  # beyond the look-ahead
        (3, 0, 50, 1),  # no look-ahead
        (3, 86400, 95, 1),  # the scheduled one is the lower
        (3, 86400, 50, 2),  # room for both
    ],
)
def test_a_slot_is_kept_for_nobody_else(
    workspace: Workspace, customer: Customer, better: Nudge, hours: int, seconds: int, rank: int, limit: int
) -> None:
    make_nudges.policy(workspace, look_ahead_seconds=seconds)
    make_nudges.cap(workspace, limit)
    scheduled(better, customer, hours)
    assert became(make_nudges.candidate(make_nudges.nudge(workspace, priority=rank), customer)) == SENT


def test_a_slot_is_kept_only_where_the_lower_one_would_take_it(
    workspace: Workspace, customer: Customer, nudge: Nudge, better: Nudge
) -> None:
    make_nudges.policy(workspace, min_gap_seconds=2 * 3600)
    make_nudges.cap(workspace, 1, scope="category")
    scheduled(better, customer, 3)
    # Three hours apart is more than the gap, and they are of two categories.
    assert became(make_nudges.candidate(nudge, customer)) == SENT


@pytest.mark.parametrize("ago", [1, 23])
def test_no_slot_is_kept_where_there_is_room_by_then(
    workspace: Workspace, customer: Customer, nudge: Nudge, better: Nudge, ago: int
) -> None:
    """One of two is used; whether it is free again when the better one comes decides whether the lower one yields."""
    make_nudges.cap(workspace, 2)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - ago * HOUR)
    scheduled(better, customer, 3)
    decision = decide(make_nudges.candidate(nudge, customer))
    assert decision.reason == ("outranked" if ago == 1 else "sent")


def test_a_better_one_keeps_no_slot_for_a_lower_one(
    workspace: Workspace, customer: Customer, better: Nudge
) -> None:
    make_nudges.cap(workspace, 2)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    scheduled(better, customer, 3)
    make_nudges.candidate(make_nudges.nudge(workspace, priority=50), customer)  # of three not all have room
    assert became(make_nudges.candidate(make_nudges.nudge(workspace, priority=95), customer)) == SENT


def test_it_yields_to_the_one_that_would_lack_the_slot(
    workspace: Workspace, customer: Customer, nudge: Nudge, better: Nudge
) -> None:
    """The first of two that wait would have had room; what comes after it does not count at its time."""
    make_nudges.cap(workspace, 2)
    scheduled(better, customer, 3)
    second = scheduled(make_nudges.nudge(workspace, priority=80), customer, 5)
    assert decide(make_nudges.candidate(nudge, customer)).winner == second


@pytest.mark.parametrize("is_lower_exempt", [True, False])
def test_what_is_exempt_neither_keeps_a_slot_nor_yields_one(
    workspace: Workspace, customer: Customer, is_lower_exempt: bool
) -> None:
    make_nudges.policy(workspace, allow_service_exempt=True)
    make_nudges.cap(workspace, 2)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    better, lower = (
        make_nudges.nudge(workspace, promise="service", priority=priority, respects_caps=respects)
        for priority, respects in ((90, is_lower_exempt), (40, not is_lower_exempt))
    )
    scheduled(better, customer, 3)
    make_nudges.candidate(make_nudges.nudge(workspace), customer)  # for which the cap is asked
    assert became(make_nudges.candidate(lower, customer)) == SENT


def test_no_slot_is_kept_for_what_could_not_be_sent(
    workspace: Workspace, customer: Customer, nudge: Nudge, better: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    scheduled(better, customer, 3)
    make.consent(customer, better.category, state="denied")
    assert became(make_nudges.candidate(nudge, customer)) == SENT
    assert Decision.objects.count() == 1


def test_what_yields_may_wait_until_there_is_room_again(
    workspace: Workspace, customer: Customer, better: Nudge
) -> None:
    make_nudges.cap(workspace, 1, per=3600)
    make_nudges.sent(better, customer, at=NOW - 2 * HOUR)
    scheduled(better, customer, 0.5)
    low = make_nudges.candidate(make_nudges.nudge(workspace, on_cap="defer"), customer)
    decision = decide(low)
    assert (decision.outcome, decision.allowed_at) == ("defer", NOW + 1.5 * HOUR)


@pytest.mark.parametrize("gone", ["dormant_since", "closed_at"])
def test_a_need_gone_quiet_lifts_nothing(workspace: Workspace, customer: Customer, gone: str) -> None:
    make_nudges.cap(workspace, 1)
    closed = {"closed_reason": "resolved"} if gone == "closed_at" else {}
    need = make_nudges.customer_need(
        customer, make_nudges.need(workspace), "purchase", **{gone: NOW - DAY}, **closed
    ).need
    loser = make_nudges.candidate(make_nudges.nudge(workspace, trigger_need=need, priority=40), customer)
    winner = make_nudges.candidate(make_nudges.nudge(workspace, priority=60), customer)
    decide_nudges(now=NOW)
    assert read(winner) == SENT
    assert read(loser)[0] == "suppress"
