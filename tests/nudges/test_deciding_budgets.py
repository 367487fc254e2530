"""Business-centric budgets, the exemption of service messages, and the holdout."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from engagement.models import Customer, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Decision, Message, Nudge, Policy, Preference, Pressure
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE, became, decide, read

pytestmark = pytest.mark.django_db
SENT, CAPPED = ("send", "sent"), ("suppress", "capped")


def business(workspace: Workspace, **fields: object) -> Nudge:
    return make_nudges.nudge(workspace, interest="business", promise="choose_us", **fields)


def test_a_customers_budget_bounds_business_messages_only(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, business_limit=1, business_window_seconds=7 * 86400)
    selling = business(workspace)
    make_nudges.sent(selling, customer, at=NOW - DAY)
    decision = decide(make_nudges.candidate(selling, customer))
    assert (decision.outcome, decision.reason, decision.rule) == (
        "suppress",
        "business_budget",
        "business_limit",
    )
    assert decision.allowed_at == NOW + 6 * DAY
    assert became(make_nudges.candidate(nudge, customer)) == SENT


def test_over_a_budget_nothing_waits(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, business_limit=1, business_window_seconds=3600)
    selling = business(workspace, on_cap="defer")
    made = [make_nudges.candidate(selling, customer) for _n in range(2)]
    decide_nudges(now=NOW)
    assert [read(one)[0] for one in made] == ["send", "suppress"]


def test_a_budget_of_0_means_no_business_messages(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, business_limit=0)
    assert became(make_nudges.candidate(business(workspace), customer)) == ("suppress", "business_budget")


def test_the_workspaces_share_is_exact(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.policy(workspace, business_share_percent=25)
    selling = business(workspace)
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(20)]
    for person in people:
        make_nudges.candidate(selling, person)
    for person in people[:9]:
        make_nudges.candidate(nudge, person)
    decide_nudges(now=NOW)
    # 9 that serve the customer leave room for 3 of 12; a fourth would be 4 of 13.
    assert Message.objects.filter(interest="business").count() == 3
    held = Decision.objects.filter(reason="workspace_budget")
    assert held.count() == 17
    assert {(one.outcome, one.rule, one.limit, one.count) for one in held} == {
        ("suppress", "business_share", 25, 25)
    }


def test_the_share_is_of_the_last_30_days_and_of_what_counts(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, business_share_percent=50)
    selling, serving = business(workspace), make_nudges.nudge(workspace)
    make_nudges.sent(serving, customer, at=NOW - 31 * DAY)
    make_nudges.sent(serving, customer, at=NOW - DAY, counts=False)
    assert became(make_nudges.candidate(selling, customer)) == ("suppress", "workspace_budget")
    make_nudges.sent(serving, customer, at=NOW - 29 * DAY)
    assert became(make_nudges.candidate(selling, customer)) == SENT
    assert became(make_nudges.candidate(selling, customer)) == ("suppress", "workspace_budget")


@pytest.mark.parametrize(
    ("later", "counts", "has_room"),
    [
        (-MINUTE, True, False),
        (MINUTE, True, True),  # within the hour in which the 30 days begin
        (MINUTE, False, False),
        (2 * HOUR, True, True),
    ],
)
def test_the_30_days_begin_at_the_minute(
    workspace: Workspace, customer: Customer, later: timedelta, counts: bool, has_room: bool
) -> None:
    make_nudges.policy(workspace, business_share_percent=50)
    make_nudges.sent(make_nudges.nudge(workspace), customer, at=NOW - 30 * DAY + later, counts=counts)
    found = became(make_nudges.candidate(business(workspace), customer))
    assert found == (SENT if has_room else ("suppress", "workspace_budget"))


def test_one_workspaces_share_is_not_anothers(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, business_share_percent=0)
    other = make.workspace()
    free = make_nudges.candidate(business(other), make.customer(other, email="o@example.org"))
    bound = make_nudges.candidate(business(workspace), customer)
    decide_nudges(now=NOW)
    assert (read(free), read(bound)) == (SENT, ("suppress", "workspace_budget"))


def test_better_business_candidates_get_the_share(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.policy(workspace, business_share_percent=50)
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(3)]
    dull = make_nudges.candidate(business(workspace, priority=10), people[0])
    good = make_nudges.candidate(business(workspace, priority=90), people[1])
    make_nudges.candidate(nudge, people[2])
    decide_nudges(now=NOW)
    assert (read(good), read(dull)) == (SENT, ("suppress", "workspace_budget"))


def test_a_service_message_passes_caps_only_with_the_owners_permission(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, min_gap_seconds=3600)
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, customer, at=NOW)
    Preference.objects.create(
        workspace=workspace, customer=customer, max_per_week=1, paused_until=NOW + DAY, updated_at=NOW
    )
    service = make_nudges.nudge(workspace, promise="service", respects_caps=False)
    assert became(make_nudges.candidate(service, customer)) == ("suppress", "paused")
    Policy.objects.filter(workspace=workspace).update(allow_service_exempt=True)
    assert became(make_nudges.candidate(service, customer)) == SENT
    assert became(make_nudges.candidate(service, customer)) == SENT


def test_permission_alone_exempts_nothing_that_respects_caps(
    workspace: Workspace, customer: Customer
) -> None:
    make_nudges.policy(workspace, allow_service_exempt=True)
    make_nudges.cap(workspace, 0)
    assert became(make_nudges.candidate(make_nudges.nudge(workspace, promise="service"), customer)) == CAPPED
    assert became(make_nudges.candidate(make_nudges.nudge(workspace), customer)) == CAPPED


@pytest.mark.parametrize("counts", [True, False])
def test_whether_an_exempt_message_counts_is_said_apart(
    workspace: Workspace, customer: Customer, nudge: Nudge, counts: bool
) -> None:
    make_nudges.policy(workspace, allow_service_exempt=True)
    make_nudges.cap(workspace, 1)
    exempt = make_nudges.nudge(workspace, promise="service", respects_caps=False, counts=counts)
    first, second = make_nudges.candidate(exempt, customer), make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    assert read(first) == SENT
    assert read(second) == (("suppress", "outranked") if counts else SENT)


def test_an_exempt_message_still_needs_consent(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, allow_service_exempt=True)
    exempt = make_nudges.nudge(workspace, promise="service", respects_caps=False)
    make.consent(customer, exempt.category, state="denied")
    assert became(make_nudges.candidate(exempt, customer)) == ("suppress", "no_consent")


def held_out(salt: str, customer_id: int, percent: float) -> bool:
    """The rule once more, as an integrator would write it."""
    digest = hashlib.sha256(f"{salt}{customer_id}".encode()).hexdigest()
    return int(digest[:15], 16) % 10000 < percent * 100


@pytest.mark.parametrize("percent", [0, 2.5, 50])
def test_the_holdout_is_a_stable_share_of_the_customers(percent: float) -> None:
    workspace = make.workspace(holdout_percent=percent, holdout_salt="pepper")
    nudge = make_nudges.nudge(workspace)
    people = [make.customer(workspace, email=f"{n}@example.org") for n in range(120)]
    made = {person.pk: make_nudges.candidate(nudge, person) for person in people}
    decide_nudges(now=NOW)
    for person in people:
        expected = ("suppress", "holdout") if held_out("pepper", person.pk, percent) else SENT
        assert read(made[person.pk]) == expected


@pytest.fixture
def kept_out(workspace: Workspace) -> Customer:
    """A customer in the holdout of a workspace that holds half of them out."""
    workspace.holdout_percent = 50
    workspace.save()
    return make.halves(workspace, 2)[1]


def test_the_holdout_gets_no_message_and_no_pressure(
    workspace: Workspace, kept_out: Customer, nudge: Nudge
) -> None:
    decision = decide(make_nudges.candidate(nudge, kept_out))
    assert (decision.reason, decision.rule, decision.in_holdout) == ("holdout", "holdout", True)
    assert not Message.objects.exists()
    assert Pressure.objects.get(customer=kept_out).message_ids == []


def test_a_service_message_is_never_held_out(workspace: Workspace, kept_out: Customer) -> None:
    service = make_nudges.nudge(workspace, promise="service")
    decision = decide(make_nudges.candidate(service, kept_out))
    assert (decision.reason, decision.in_holdout) == ("sent", False)


def test_every_other_check_comes_before_the_holdout(
    workspace: Workspace, kept_out: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    first, second = (make_nudges.candidate(nudge, kept_out) for _n in range(2))
    denied = make_nudges.candidate(
        make_nudges.nudge(workspace, category=make.category(workspace, "x")), kept_out
    )
    make.consent(kept_out, denied.nudge.category, state="denied")
    decide_nudges(now=NOW)
    reasons = [Decision.objects.get(candidate=one) for one in (first, second, denied)]
    assert [one.reason for one in reasons] == ["holdout", "outranked", "no_consent"]
    assert all(one.in_holdout for one in reasons)


def test_a_held_out_message_uses_no_share(workspace: Workspace) -> None:
    """Neither before nor in the same run, where it comes first."""
    workspace.holdout_percent = 50
    workspace.save()
    make_nudges.policy(workspace, business_share_percent=50)
    treated, held = make.halves(workspace, 2)
    make_nudges.sent(make_nudges.nudge(workspace), held, at=NOW - HOUR)
    better = make_nudges.candidate(business(workspace, priority=90), held)
    other = make_nudges.candidate(business(workspace, priority=10), treated)
    decide_nudges(now=NOW)
    assert (read(better), read(other)) == (("suppress", "holdout"), SENT)
