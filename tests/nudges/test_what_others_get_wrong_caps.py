"""Regressions of other systems: caps that are not respected, or respected in the wrong place.

The name of a test says what goes wrong elsewhere; its docstring says where.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from engagement.models import Address, Customer, Workspace
from journeys.models import Stage
from nudges.audits import find_drift, find_violations
from nudges.considering import (
    consider_broadcasts,
    consider_stage_changes,
    put_forward,
    start_broadcast,
)
from nudges.deciding import decide_nudges
from nudges.models import Decision, Message, Nudge, Preference, Waiting
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became, decide

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("limit", "sent"), [(0, 0), (1, 1), (None, 3)])
def test_a_cap_of_0_lets_the_first_message_out(
    workspace: Workspace, customer: Customer, nudge: Nudge, limit: int | None, sent: int
) -> None:
    """Mautic #10275, #10416: "0 per day" sent one and queued the rest. 0 is never; absent is no limit."""
    if limit is not None:
        make_nudges.cap(workspace, limit)
    for _n in range(3):
        make_nudges.candidate(nudge, customer)
        decide_nudges(now=NOW)
    assert Message.objects.count() == sent
    assert Decision.objects.filter(outcome="suppress", rule="").count() == 0


def test_campaigns_ignore_the_cap_that_single_messages_keep(workspace: Workspace, customer: Customer) -> None:
    """Mautic #6729: campaign e-mails ignored the frequency rule. Stages, broadcasts and the API use one cap."""
    make_nudges.policy(workspace, collect_seconds=0)
    make_nudges.cap(workspace, 1)
    need = make_nudges.customer_need(customer, make_nudges.need(workspace))
    make_nudges.nudge(workspace, trigger="stage_change", trigger_stage=Stage.SHORTLIST)
    make_nudges.stage_change(need)
    start_broadcast(nudge=make_nudges.nudge(workspace, trigger="broadcast"), started_by=None, now=NOW)
    consider_stage_changes(now=NOW)
    consider_broadcasts(now=NOW)
    put_forward(nudge=make_nudges.nudge(workspace), customer_ids=[customer.pk], occasion="api:1", now=NOW)
    assert decide_nudges(now=NOW) == {"taken": 1, "decided": 3, "send": 1, "suppress": 2}


def test_two_workflows_know_nothing_of_each_others_messages(workspace: Workspace, customer: Customer) -> None:
    """PostHog merged two campaigns into one, Knock counts by workflow: no cap over all of them."""
    cap = make_nudges.cap(workspace, 1)
    first = make_nudges.candidate(make_nudges.nudge(workspace), customer)
    assert became(first) == ("send", "sent")
    second = decide(make_nudges.candidate(make_nudges.nudge(workspace), customer))
    assert (second.reason, second.rule) == ("capped", f"cap:{cap.pk}")
    assert second.used_by == [Message.objects.get().pk]


def test_a_capped_message_waits_a_whole_window_from_now(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Mautic PR #4761: it was put off by a whole period, weeks out. It may go when the slot frees, and is due then."""
    make_nudges.cap(workspace, 1, per=7 * 86400)
    make_nudges.sent(nudge, customer, at=NOW - 6 * DAY)
    held = make_nudges.candidate(
        make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=99), customer
    )
    assert decide(held).allowed_at == NOW + DAY
    held.refresh_from_db()
    assert NOW + DAY <= held.waiting.due_at <= NOW + DAY + 5 * MINUTE
    assert became(held, held.waiting.due_at) == ("send", "sent")


def test_texts_are_capped_by_the_rule_for_mails(workspace: Workspace, customer: Customer) -> None:
    """Mautic PR #4761: SMS went by the e-mail's settings."""
    make_nudges.cap(workspace, 0, scope="channel", value="email")
    make_nudges.cap(workspace, 1, scope="channel", value="sms")
    Address.objects.create(
        workspace=workspace, customer=customer, channel="sms", value="+37120000000", updated_at=NOW
    )
    text = make_nudges.nudge(workspace, channels=["sms"])
    assert became(make_nudges.candidate(make_nudges.nudge(workspace), customer)) == ("suppress", "capped")
    assert became(make_nudges.candidate(text, customer)) == ("send", "sent")
    assert became(make_nudges.candidate(text, customer)) == ("suppress", "capped")


def test_what_was_queued_goes_out_after_its_nudge_was_unpublished(
    workspace: Workspace, customer: Customer
) -> None:
    """Mautic PR #4761: unpublished mails left the queue."""
    make_nudges.cap(workspace, 1)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    held = make_nudges.candidate(make_nudges.nudge(workspace, on_cap="defer"), customer)
    assert became(held) == ("defer", "capped")
    Nudge.objects.filter(pk=held.nudge_id).update(status="paused")
    assert became(held, NOW + 2 * DAY) == ("suppress", "nudge_inactive")


def test_the_counter_comes_late_and_lets_too_many_through(workspace: Workspace, customer: Customer) -> None:
    """Airship: counts are read from a copy that is behind. Here what one run sent counts in the very next run."""
    make_nudges.cap(workspace, 2)
    for _n in range(5):
        make_nudges.candidate(make_nudges.nudge(workspace), customer)
        decide_nudges(now=NOW)
    assert Counter(Decision.objects.values_list("outcome", flat=True)) == {"send": 2, "suppress": 3}
    assert (find_violations(), find_drift(now=NOW)) == ([], [])


def test_a_minute_of_the_clock_has_its_own_counter(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Laudspeaker: the key was the minute of the hour, so that 10:59:59 and 11:00:00 knew nothing of each other."""
    make_nudges.cap(workspace, 1, per=60)
    border = NOW.replace(minute=59, second=59)
    assert became(make_nudges.candidate(nudge, customer, at=border), border) == ("send", "sent")
    second = border + timedelta(seconds=1)
    assert became(make_nudges.candidate(nudge, customer, at=second), second) == ("suppress", "capped")
    later = border + MINUTE
    assert became(make_nudges.candidate(nudge, customer, at=later), later) == ("send", "sent")


def test_the_limit_is_for_the_provider_and_not_for_the_person(workspace: Workspace, nudge: Nudge) -> None:
    """Parcelvoy: one window for all who are sent to. Somebody else's messages use up nobody's limit."""
    make_nudges.cap(workspace, 1)
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(5)]
    for person in people:
        make_nudges.candidate(nudge, person)
    assert decide_nudges(now=NOW)["send"] == 5


def test_a_pause_is_stored_and_never_asked_for(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Mautic keeps the dates of a pause, and its counting never looks at them."""
    Preference.objects.create(
        workspace=workspace, customer=customer, paused_until=NOW + DAY, updated_at=NOW - DAY
    )
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "paused")
    later = NOW + DAY
    assert became(make_nudges.candidate(nudge, customer, at=later), later) == ("send", "sent")


def test_what_the_customer_asked_for_is_counted_though_it_is_said_not_to(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    """Mautic counts transactional mail that its pages say is left out. Here the nudge says whether it counts."""
    make_nudges.policy(workspace, allow_service_exempt=True)
    make_nudges.cap(workspace, 1)
    asked = {"promise": "service", "respects_caps": False}
    make_nudges.candidate(make_nudges.nudge(workspace, counts=False, **asked), customer)
    decide_nudges(now=NOW)
    assert became(make_nudges.candidate(nudge, customer)) == ("send", "sent")
    third = make_nudges.candidate(make_nudges.nudge(workspace, **asked), customer)
    assert became(third) == ("send", "sent")  # exempt, but it counts


def test_the_second_capped_message_of_a_kind_vanishes(workspace: Workspace, customer: Customer) -> None:
    """Mautic: while one waited in its queue, a second of the same e-mail was dropped without a word."""
    make_nudges.cap(workspace, 1)
    nudge = make_nudges.nudge(workspace, on_cap="defer")
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - HOUR)
    for _n in range(2):
        make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    assert (
        list(Decision.objects.filter(nudge=nudge).values_list("outcome", "reason"))
        == [("defer", "capped")] * 2
    )


def test_what_waits_too_often_has_no_end(workspace: Workspace, customer: Customer) -> None:
    """Mautic: after three tries a message stayed unsent for ever. Here waiting ends, at the latest by `not_after`."""
    cap = make_nudges.cap(workspace, 1)
    held = make_nudges.candidate(
        make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=60), customer
    )
    other = make_nudges.nudge(workspace)
    now = NOW
    for _round in range(6):
        make_nudges.sent(other, customer, at=now - MINUTE)
        decide_nudges(now=now)
        held.refresh_from_db()
        if not Waiting.objects.exists():
            break
        now = held.waiting.due_at
    end = Decision.objects.get(candidate=held)
    assert (end.outcome, end.reason, end.rule) == ("suppress", "expired", f"cap:{cap.pk}")
    assert [step["reason"] for step in end.earlier] == ["capped", "capped"]
