"""Regressions of other systems in what waits and in what goes on by steps, tried on ours.

The name of a test says what goes wrong elsewhere; its docstring says where.
"""

from __future__ import annotations

import pytest

from engagement.models import Customer, Workspace
from nudges.considering import (
    consider_broadcasts,
    let_into,
    pause_broadcast,
    resume_broadcast,
    start_broadcast,
)
from nudges.deciding import decide_nudges, release_slots
from nudges.flowing import advance_flows, publish_flow, save_draft
from nudges.models import Candidate, Decision, FlowRun, Message, Nudge, Waiting
from nudges.overviews import figures_of
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became

pytestmark = pytest.mark.django_db


def test_what_waited_in_the_queue_goes_out_twice(workspace: Workspace, customer: Customer) -> None:
    """Mautic #8802, #11763, #13070: queued messages were taken by two runs. A candidate has one message."""
    make_nudges.cap(workspace, 1, per=3600)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR / 2)
    held = make_nudges.candidate(make_nudges.nudge(workspace, on_cap="defer"), customer)
    assert became(held) == ("defer", "capped")
    due = Waiting.objects.get().due_at
    for _run in range(3):
        decide_nudges(now=due)
    assert Message.objects.filter(candidate=held).count() == 1
    assert not Waiting.objects.exists()


def test_what_is_scheduled_never_starts_until_somebody_restarts_it(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Parcelvoy #627: its timer lived in one process. Whoever looks after the time has come finds it."""
    later = make_nudges.candidate(nudge, customer, due_at=NOW + 2 * HOUR)
    assert decide_nudges(now=NOW + 2 * HOUR - MINUTE) == {}
    assert became(later, NOW + 9 * HOUR) == ("send", "sent")


def test_a_paused_broadcast_forgets_whom_it_had_not_reached(workspace: Workspace) -> None:
    """Mautic #2004, #150: one cron's end took the other's schedule away. Paused and resumed, it reaches all, once."""
    make_nudges.policy(workspace, collect_seconds=0)
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(3)]
    broadcast = start_broadcast(
        nudge=make_nudges.nudge(workspace, trigger="broadcast"), started_by=None, now=NOW
    )
    pause_broadcast(broadcast_id=broadcast.pk, now=NOW)
    for _clock in range(2):
        consider_broadcasts(now=NOW)
    assert not Candidate.objects.exists()
    resume_broadcast(broadcast_id=broadcast.pk, now=NOW)
    for _clock in range(2):
        consider_broadcasts(now=NOW)
        decide_nudges(now=NOW)
    assert sorted(Message.objects.values_list("customer_id", flat=True)) == [one.pk for one in people]


def test_a_send_that_failed_stalls_the_journey(workspace: Workspace, customer: Customer) -> None:
    """Parcelvoy PR #434. The step is taken when it is put forward; what becomes of the message holds up nobody."""
    make_nudges.policy(workspace, collect_seconds=0)
    first, second = make_nudges.nudge(workspace), make_nudges.nudge(workspace)
    flow = make_flows.flow(workspace, say(first), wait("1d"), say(second))
    let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    decide_nudges(now=NOW)
    failed = Message.objects.get()
    Message.objects.filter(pk=failed.pk).update(state="failed", next_attempt_at=None)
    release_slots([failed.pk])
    advance_flows(now=NOW + DAY)
    decide_nudges(now=NOW + DAY)
    assert list(Message.objects.order_by("id").values_list("nudge", "state")) == [
        (first.pk, "failed"),
        (second.pk, "decided"),
    ]
    assert FlowRun.objects.get().state == "finished"


def test_who_enters_a_flow_again_while_inside_is_scheduled_twice(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Mautic #9797: a restart made a second, parallel run. Refused, and the ledger says so."""
    flow = make_flows.flow(workspace, wait("1d"), say(nudge), re_entry="after_end")
    for n in range(2):
        let_into(flow=flow, customer_ids=[customer.pk], occasion=f"api:{n}", now=NOW)
        advance_flows(now=NOW)
    assert Decision.objects.get().reason == "already_inside"
    advance_flows(now=NOW + DAY)
    assert Waiting.objects.count() == 1


def test_who_is_inside_gets_half_of_the_old_and_half_of_the_new(
    workspace: Workspace, customer: Customer
) -> None:
    """Mautic #6445, #6323, Parcelvoy #432: an edit met people in the middle. They end what they began."""
    old, new = make_nudges.nudge(workspace, name="Old"), make_nudges.nudge(workspace, name="New")
    flow = make_flows.flow(workspace, wait("1d"), say(old))
    let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    draft = {"trigger": "api", "steps": [{"id": "s1"} | wait("1d"), {"id": "s2"} | say(new)]}
    save_draft(flow=flow, values=draft, actor=None, now=NOW)
    publish_flow(flow=flow, actor=None, now=NOW)
    late = make.customer(workspace, email="late@example.org")
    let_into(flow=flow, customer_ids=[late.pk], occasion="api:2", now=NOW)
    advance_flows(now=NOW)
    advance_flows(now=NOW + DAY)
    assert dict(Candidate.objects.values_list("customer_id", "nudge__name")) == {
        customer.pk: "Old",
        late.pk: "New",
    }


def test_bounces_are_only_a_total(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    """PostHog #64179: how many, but not who. Each message has its own end, and its words."""
    other = make.customer(workspace, email="ben@example.org")
    make_nudges.sent(nudge, customer, at=NOW, state="bounced", counts=False, error="550 no such user")
    make_nudges.sent(nudge, other, at=NOW)
    [bounced] = Message.objects.filter(state="bounced").select_related("customer")
    assert (bounced.customer, bounced.error) == (customer, "550 no such user")
    assert figures_of([nudge.pk], since=NOW - DAY)[nudge.pk].sent == 2
