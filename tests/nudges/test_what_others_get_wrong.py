"""Regressions of other systems, as told in their users' threads: here each is tried on ours. Deciding and its ledger.

The name of a test says what goes wrong elsewhere; its docstring says where. Caps, what waits, and delivery are in files
of their own beside this one; what needs several workers at once is in tests/races.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from engagement.models import Address, Category, Consent, Customer, Workspace
from nudges.audits import find_drift
from nudges.considering import (
    consider_broadcasts,
    put_forward,
    start_broadcast,
)
from nudges.deciding import decide_nudges, release_slots, simulate
from nudges.models import Candidate, Decision, Message, Nudge, Policy, Waiting
from nudges.reasons import Reason
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became, decide

pytestmark = pytest.mark.django_db


# ---- A cap without priority


def test_the_offer_that_came_first_takes_the_slot_of_the_help_that_came_second(
    workspace: Workspace, customer: Customer
) -> None:
    """Mautic #1784, Braze's "frequency cap hierarchy": first come, first served."""
    make_nudges.cap(workspace, 1)
    offer = make_nudges.nudge(workspace, interest="business", promise="choose_us", priority=100)
    first = make_nudges.candidate(offer, customer, at=NOW - 30 * timedelta(seconds=1), due_at=NOW)
    better = make_nudges.candidate(make_nudges.nudge(workspace, priority=1), customer)
    decide_nudges(now=NOW)
    assert Message.objects.get().candidate == better
    lost = Decision.objects.get(candidate=first)
    assert (lost.reason, lost.winner_id) == ("outranked", better.pk)


# ---- Dropped or held? Nobody says


@pytest.mark.parametrize(("on_cap", "outcome"), [("drop", "suppress"), ("defer", "defer")])
def test_nobody_knows_whether_it_was_dropped_or_held(
    workspace: Workspace, customer: Customer, on_cap: str, outcome: str
) -> None:
    """Braze community 4313; the count of aborted messages had been taken away, too."""
    make_nudges.cap(workspace, 1)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    nudge = make_nudges.nudge(workspace, on_cap=on_cap)
    make_nudges.candidate(nudge, customer)
    told = simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW)
    assert decide_nudges(now=NOW)[outcome] == 1
    assert told.counts == {(outcome, "capped"): 1}


def test_it_waits_for_something_and_nobody_has_an_idea_for_what(
    workspace: Workspace, customer: Customer
) -> None:
    """Mautic #9984: "Message queued … I have no idea for what". Rule, numbers, messages, time, and two sentences."""
    cap = make_nudges.cap(workspace, 1)
    used = make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    held = decide(make_nudges.candidate(make_nudges.nudge(workspace, on_cap="defer"), customer))
    assert (held.rule, held.limit, held.count, held.used_by) == (f"cap:{cap.pk}", 1, 1, [used.pk])
    assert held.allowed_at == NOW + 23 * HOUR
    assert "1 of 1" in Reason(held.reason).marketer(held)
    assert Reason(held.reason).customer(held)


def test_what_is_not_sent_is_dropped_in_silence(workspace: Workspace) -> None:
    """PostHog PR #57115, Klaviyo's "why was it cancelled", listmonk #1762: who was sent what, and who not?"""
    tips = make.category(workspace)
    nudge = make_nudges.nudge(workspace, category=tips, conditions={"trait": "plan", "is": "gold"})
    reached = make.customer(workspace, email="a@example.org", traits={"plan": "gold"})
    absent = make.customer(workspace, traits={"plan": "gold"})
    refusing = make.customer(workspace, email="c@example.org", traits={"plan": "gold"})
    make.consent(refusing, tips, state="denied")
    changed = make.customer(workspace, email="d@example.org", traits={"plan": "gold"})
    people = [reached, absent, refusing, changed]
    put_forward(nudge=nudge, customer_ids=[one.pk for one in people], occasion="api:1", now=NOW)
    Customer.objects.filter(pk=changed.pk).update(traits={"plan": "silver"})
    decide_nudges(now=NOW + MINUTE)
    told = dict(Decision.objects.values_list("customer_id", "reason"))
    assert told == {
        reached.pk: "sent",
        absent.pk: "unreachable",
        refusing.pk: "no_consent",
        changed.pk: "conditions_not_met",
    }


# ---- Doubled


def test_a_second_run_in_the_same_second_sends_again(workspace: Workspace, customer: Customer) -> None:
    """Mautic #3669, #2215: two crons in one second, two spool processes. The same moment, the same occasion."""
    make_nudges.policy(workspace, collect_seconds=0)
    nudge = make_nudges.nudge(workspace, trigger="broadcast")
    start_broadcast(nudge=nudge, started_by=None, now=NOW)
    for _cron in range(2):
        consider_broadcasts(now=NOW)
        decide_nudges(now=NOW)
    assert (Candidate.objects.count(), Message.objects.count()) == (1, 1)


def test_two_events_within_a_second_send_two_digests(workspace: Workspace, customer: Customer) -> None:
    """Novu #2569. Two occasions of one nudge in one second: the gap holds the second back, and says so."""
    make_nudges.policy(workspace, min_gap_seconds=3600, collect_seconds=0)
    nudge = make_nudges.nudge(workspace)
    for n, at in enumerate([NOW, NOW + timedelta(milliseconds=300)]):
        put_forward(nudge=nudge, customer_ids=[customer.pk], occasion=f"event:{n}", now=at)
        decide_nudges(now=at)
    assert Message.objects.count() == 1
    assert Decision.objects.get(outcome="suppress").reason == "min_gap"


def test_who_enters_again_while_running_is_scheduled_twice(workspace: Workspace, customer: Customer) -> None:
    """Mautic's double schedule on re-entry; the "send-once key" that listmonk #888 refused."""
    nudge = make_nudges.nudge(workspace)
    asked = [
        put_forward(nudge=nudge, customer_ids=[customer.pk], occasion="once:welcome", now=NOW + n * DAY)
        for n in range(3)
    ]
    assert asked == [1, 0, 0]
    decide_nudges(now=NOW + DAY)
    assert (
        put_forward(nudge=nudge, customer_ids=[customer.pk], occasion="once:welcome", now=NOW + 2 * DAY) == 0
    )
    assert (Candidate.objects.count(), Message.objects.count()) == (1, 1)


def test_waiting_writes_hundreds_of_records_a_second(workspace: Workspace, customer: Customer) -> None:
    """Mautic #7057. However often it is asked again, a candidate has one decision, and a bounded trail."""
    make_nudges.policy(workspace, quiet_start="00:00", quiet_end="23:59")
    held = make_nudges.candidate(make_nudges.nudge(workspace, expires_after_hours=2000), customer)
    for _run in range(30):
        held.refresh_from_db()
        decide_nudges(now=held.waiting.due_at)
        Waiting.objects.filter(pk=held.pk).update(due_at=held.waiting.due_at + MINUTE)
    assert Decision.objects.count() == 1
    assert len(Decision.objects.get().earlier) <= 20


def test_a_given_back_slot_is_given_back_twice(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Parcelvoy's points: counting up and down apart from the message overshoots. The slot is the message."""
    make_nudges.cap(workspace, 1)
    make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    message = Message.objects.get()
    assert [release_slots([message.pk]), release_slots([message.pk])] == [1, 0]
    for _n in range(2):
        make_nudges.candidate(nudge, customer)
    assert decide_nudges(now=NOW + MINUTE)["send"] == 1
    assert find_drift(now=NOW) == []


# ---- Lost, late, stuck


def test_a_broadcast_that_dies_skips_a_chunk_when_it_goes_on(workspace: Workspace) -> None:
    """listmonk #3022, #2278, #2313: the mark moved when a chunk was read, and a crash lost its people."""
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(5)]
    start_broadcast(nudge=make_nudges.nudge(workspace, trigger="broadcast"), started_by=None, now=NOW)
    with transaction.atomic():  # the worker dies before it commits
        consider_broadcasts(now=NOW)
        transaction.set_rollback(True)
    assert not Candidate.objects.exists()
    consider_broadcasts(now=NOW)
    consider_broadcasts(now=NOW)
    assert Counter(Candidate.objects.values_list("customer_id", flat=True)) == {one.pk: 1 for one in people}


def test_a_broadcast_is_stuck_at_99_of_350_when_customers_go_away_meanwhile(workspace: Workspace) -> None:
    """Parcelvoy #533: it waited for people who were no longer there. It ends when there is nobody after the last."""
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(6)]
    broadcast = start_broadcast(
        nudge=make_nudges.nudge(workspace, trigger="broadcast"), started_by=None, now=NOW
    )
    Customer.objects.filter(pk__in=[one.pk for one in people[3:]]).delete()
    consider_broadcasts(now=NOW)
    broadcast.refresh_from_db()
    assert (broadcast.audience, broadcast.put_forward, broadcast.state) == (6, 3, "done")


def test_what_was_due_during_an_outage_goes_out_when_the_server_returns(
    workspace: Workspace, customer: Customer
) -> None:
    """listmonk #1801: due at eight, sent whenever somebody restarted it. What is no longer true expires."""
    candidate = make_nudges.candidate(make_nudges.nudge(workspace, expires_after_hours=3), customer)
    assert became(candidate, NOW + 4 * HOUR) == ("suppress", "expired")
    assert not Message.objects.exists()


def test_after_a_night_everything_is_let_go_in_one_second(workspace: Workspace, nudge: Nudge) -> None:
    """What waited is spread over five minutes by its id, so that no provider sees a night's worth at once."""
    make_nudges.policy(workspace, quiet_start="11:00", quiet_end="13:00")
    people = [make.customer(workspace, email=f"{n}@example.org", timezone="UTC") for n in range(20)]
    for person in people:
        make_nudges.candidate(nudge, person)
    decide_nudges(now=NOW)
    due = set(Waiting.objects.values_list("due_at", flat=True))
    assert len(due) > 15
    assert min(due) >= NOW + HOUR
    assert max(due) <= NOW + HOUR + 5 * MINUTE


def test_one_broken_nudge_stalls_everybody_elses(workspace: Workspace, customer: Customer) -> None:
    """Parcelvoy PR #434: a send that failed stopped the journey."""
    broken = make_nudges.candidate(make_nudges.nudge(workspace), customer)
    Nudge.objects.filter(pk=broken.nudge_id).update(conditions={"need": "no such need", "stage": "shortlist"})
    sound = make_nudges.candidate(make_nudges.nudge(workspace), customer)
    decide_nudges(now=NOW)
    assert dict(Decision.objects.values_list("candidate_id", "outcome")) == {
        broken.pk: "suppress",
        sound.pk: "send",
    }


def test_a_refusal_after_scheduling_is_retried_for_ever(workspace: Workspace, customer: Customer) -> None:
    """Mautic #4356: "do not contact" set later made it try again and again. It ends, and says why."""
    tips = make.category(workspace)
    make_nudges.cap(workspace, 1)
    make_nudges.sent(make_nudges.nudge(workspace, category=tips), customer, at=NOW - HOUR)
    held = make_nudges.candidate(make_nudges.nudge(workspace, category=tips, on_cap="defer"), customer)
    assert became(held) == ("defer", "capped")
    make.consent(customer, tips, state="denied")
    assert became(held, NOW + DAY) == ("suppress", "no_consent")
    assert decide_nudges(now=NOW + 2 * DAY) == {}


# ---- Edits in flight, and confusing changes of definition


def test_editing_a_nudge_rewrites_what_its_messages_counted_as(
    workspace: Workspace, customer: Customer
) -> None:
    """Braze: a tag put on today counts for messages of last week. Here classification is frozen when it is decided."""
    make_nudges.cap(workspace, 1, scope="category", value="offers")
    offers, nudge = make.category(workspace, "offers"), make_nudges.nudge(workspace)
    make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    Nudge.objects.filter(pk=nudge.pk).update(category=offers, interest="business", promise="choose_us")
    assert Message.objects.get().category.slug == "tips"
    offer = make_nudges.nudge(workspace, category=offers)
    assert became(make_nudges.candidate(offer, customer)) == ("send", "sent")
    assert Category.objects.count() == 2


def test_changing_the_cap_rewrites_why_it_was_held(workspace: Workspace, customer: Customer) -> None:
    """Braze counted campaigns, then sends (2019). A decision keeps the limit, the count and the policy's version."""
    make_nudges.policy(workspace)
    cap = make_nudges.cap(workspace, 1)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    held = decide(make_nudges.candidate(make_nudges.nudge(workspace), customer))
    cap.limit = 5
    cap.save()
    Policy.objects.update(version=2)
    held.refresh_from_db()
    assert (held.limit, held.count, held.policy_version) == (1, 1, 1)


def test_moving_to_another_time_zone_opens_a_second_day(workspace: Workspace, customer: Customer) -> None:
    """A calendar day by the zone of the moment: who flies west gets today's message twice."""
    make_nudges.cap(workspace, 1, per="day")
    Customer.objects.filter(pk=customer.pk).update(timezone="Pacific/Kiritimati")
    assert became(make_nudges.candidate(make_nudges.nudge(workspace), customer)) == ("send", "sent")
    Customer.objects.filter(pk=customer.pk).update(timezone="Pacific/Honolulu")
    later = NOW + HOUR
    again = make_nudges.candidate(make_nudges.nudge(workspace), customer, at=later)
    assert became(again, later) == ("suppress", "capped")


def test_the_abort_spares_the_control_group(workspace: Workspace) -> None:
    """Braze: a message's abort logic ran for the treated alone, and the groups were no longer alike."""
    workspace.holdout_percent = 50
    workspace.save()
    tips = make.category(workspace)
    nudge = make_nudges.nudge(workspace, category=tips)
    people = make.halves(workspace, 4)
    for person in people[:2]:
        make.consent(person, tips, state="denied")
    Address.objects.filter(customer__in=people[2:]).delete()
    for person in people:
        make_nudges.candidate(nudge, person)
    decide_nudges(now=NOW)
    told = set(Decision.objects.values_list("in_holdout", "reason"))
    assert told == {(held, why) for held in (True, False) for why in ("unreachable", "no_consent")}


def test_the_test_runner_passes_over_the_cap(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    """Knock's runner leaves out the trigger frequency, so that a trial proves nothing. Ours goes through the rules."""
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW - HOUR)
    assert simulate(nudge=nudge, customer_ids=[customer.pk], now=NOW).counts == {("suppress", "capped"): 1}
    assert Consent.objects.count() == 0
