"""Proving that it helped: the holdout beside all others, by the customers' outcomes and then the company's."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engagement.configuring import change_workspace
from engagement.models import Address, Customer, Event, Workspace
from nudges.deciding import decide_nudges
from nudges.models import Decision, Message, Nudge, Reply
from nudges.results import FEWEST, Results, read_results
from tests import make, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office
from tests.nudges.deciding_one import DAY, HOUR

pytestmark = pytest.mark.django_db
THEN = NOW - 20 * DAY


@pytest.fixture
def workspace(db: None) -> Workspace:
    return make.workspace(holdout_percent=50)


def decided(nudge: Nudge, customers: list[Customer], at: datetime = THEN) -> None:
    for customer in customers:
        make_nudges.candidate(nudge, customer, at=at)
    decide_nudges(now=at)


def happened(customer: Customer, name: str, at: datetime = THEN + DAY, **properties: object) -> None:
    Event.objects.create(
        workspace=customer.workspace,
        customer=customer,
        name=name,
        type="track",
        source="api",
        message_id=f"{customer.pk}:{name}:{at}",
        received_at=at,
        occurred_at=at,
        properties=properties,
    )


def held(customer: Customer) -> bool:
    return customer.workspace.holds_out(customer.pk)


def test_the_eligible_are_compared_as_they_were_meant_whoever_got_something(workspace: Workspace) -> None:
    """Caps hold back only who gets messages: were they left out, the groups would no longer be alike."""
    nudge, everybody = make_nudges.nudge(workspace), make.halves(workspace, 20)
    capped = next(one for one in everybody if not held(one))
    make_nudges.cap(workspace, 1)
    make_nudges.sent(make_nudges.nudge(workspace), capped, at=THEN - HOUR)
    decided(nudge, everybody)
    assert Decision.objects.get(nudge=nudge, customer=capped).reason == "capped"
    found = read_results(workspace, nudge=nudge, now=NOW)
    kept_out = sum(map(held, everybody))
    assert (found.treated, found.got, found.held_out) == (20 - kept_out, 19 - kept_out, kept_out)
    assert not found.is_mismatched


def test_who_was_capped_first_and_lost_to_something_else_later_was_still_meant(workspace: Workspace) -> None:
    nudge, everybody = make_nudges.nudge(workspace, on_cap="defer"), make.halves(workspace, 8)
    capped = next(one for one in everybody if not held(one))
    make_nudges.cap(workspace, 1)
    make_nudges.sent(make_nudges.nudge(workspace), capped, at=THEN - HOUR)
    decided(nudge, everybody)
    Address.objects.filter(customer=capped).delete()
    decide_nudges(now=THEN + 1.5 * DAY)
    left = Decision.objects.get(nudge=nudge, customer=capped)
    assert (left.reason, [then["reason"] for then in left.earlier]) == ("unreachable", ["capped"])
    found = read_results(workspace, nudge=nudge, now=NOW)
    assert found.treated + found.held_out == 8


def test_who_came_from_one_group_into_the_other_is_in_neither(workspace: Workspace) -> None:
    """As when two who were asked apart turn out to be one customer."""
    everybody = make.halves(workspace, 8)
    for nudge in (first := make_nudges.nudge(workspace)), make_nudges.nudge(workspace):
        decided(nudge, everybody)
    one = everybody[0]
    Decision.objects.filter(nudge=first, customer=one).update(in_holdout=not held(one))
    found = read_results(workspace, now=NOW)
    assert found.treated + found.held_out == 7


def test_outcomes_are_the_customers_next_to_the_companys(workspace: Workspace) -> None:
    nudge = make_nudges.nudge(workspace)
    everybody = make.halves(workspace, 12)
    decided(nudge, everybody)
    one, two, three = [customer for customer in everybody if not held(customer)][:3]
    need = make_nudges.customer_need(one, make_nudges.need(workspace))
    type(need).objects.filter(pk=need.pk).update(closed_at=THEN + DAY, closed_reason="resolved")
    happened(one, "Order Completed", revenue=30)
    happened(two, "Order Completed", total=20)
    happened(two, "Order Refunded", THEN + 2 * DAY)
    happened(three, "Consent Changed", after="denied")
    message = Message.objects.get(customer=three)
    Reply.objects.create(workspace=workspace, message=message, customer=three, kind="helpful", at=THEN + HOUR)
    taken_back = {"kind": "helpful", "at": THEN + HOUR, "undone_at": THEN + 2 * HOUR}
    Reply.objects.create(
        workspace=workspace, message=Message.objects.get(customer=two), customer=two, **taken_back
    )
    effects = read_results(workspace, nudge=nudge, now=NOW).effects
    n = 12 - sum(map(held, everybody))
    told = {name: round((effect.treated or 0) * n, 6) for name, effect in effects.items()}
    assert told == {
        "resolved": 1,
        "fitted": 0,
        "kept": 1,
        "helpful": 1,
        "not_relevant": 0,
        "left": 1,
        "ordered": 2,
        "revenue": 50,
    }
    answers = {"helpful", "not_relevant"}
    assert all(effect.base == 0 for name, effect in effects.items() if name not in answers)
    assert all(effects[name].base is None for name in answers)  # who gets nothing can't answer


def test_what_came_before_or_too_late_is_no_outcome_of_it(workspace: Workspace) -> None:
    nudge, everybody = make_nudges.nudge(workspace), make.halves(workspace, 6)
    decided(nudge, everybody)
    for customer in everybody:
        happened(customer, "Order Completed", THEN - HOUR)
        happened(customer, "Order Completed", THEN + 8 * DAY)
    ordered = {days: read_results(workspace, days=days, now=NOW).effects["ordered"] for days in (7, 14)}
    assert (ordered[7].treated, ordered[14].treated) == (0, 1)


def test_only_those_count_whose_days_are_over(workspace: Workspace) -> None:
    decided(make_nudges.nudge(workspace), make.halves(workspace, 8))
    assert read_results(workspace, days=14, now=NOW).treated > 0
    assert read_results(workspace, days=30, now=NOW).treated == 0


def test_a_true_difference_is_told_and_few_customers_prove_nothing(workspace: Workspace) -> None:
    nudge, everybody = make_nudges.nudge(workspace), make.halves(workspace, 6 * FEWEST)
    decided(nudge, everybody[:10])
    for place, customer in enumerate(everybody):
        helped = held(customer) != (place % 10 > 1)  # four of five: all but a few order, the others leave
        happened(customer, "Order Completed" if helped else "Consent Changed", after="denied")
    assert verdicts(read_results(workspace, nudge=nudge, now=NOW)) == {"open"}
    decided(nudge, everybody[10:], THEN + HOUR)
    found = read_results(workspace, nudge=nudge, now=NOW)
    assert found.is_enough
    told = {name: found.effects[name].verdict for name in ("ordered", "left", "resolved", "helpful")}
    assert told == {"ordered": "better", "left": "better", "resolved": "open", "helpful": "open"}


def verdicts(found: Results) -> set[str]:
    return {effect.verdict for effect in found.effects.values()}


def test_sample_ratio_mismatch_is_checked(workspace: Workspace) -> None:
    nudge, everybody = make_nudges.nudge(workspace), make.halves(workspace, 160)
    decided(nudge, [customer for customer in everybody if not held(customer)])
    found = read_results(workspace, nudge=nudge, now=NOW)
    assert (found.held_out, found.is_mismatched) == (0, True)


def test_service_and_other_workspaces_are_no_part_of_it(workspace: Workspace) -> None:
    everybody = make.halves(workspace, 4)
    decided(make_nudges.nudge(workspace, promise="service"), everybody)
    other = make.workspace(holdout_percent=50)
    decided(make_nudges.nudge(other), make.halves(other, 4))
    assert read_results(workspace, now=NOW).treated + read_results(workspace, now=NOW).held_out == 0


def test_groups_made_by_another_share_are_not_mixed_in(workspace: Workspace) -> None:
    decided(make_nudges.nudge(workspace), make.halves(workspace, 10))
    change_workspace(
        workspace=workspace,
        values={"holdout_percent": Decimal(10)},
        actor=None,
        now=THEN + timedelta(hours=1),
    )
    workspace.refresh_from_db()
    found = read_results(workspace, now=NOW)
    assert (found.since, found.treated, found.held_out) == (THEN + HOUR, 0, 0)


def test_the_holdout_is_5_per_cent_by_default_and_0_comes_with_a_warning() -> None:
    assert Workspace().holdout_percent == 5
    office = Office(holdout_percent=0).furnish()
    assert "At 0 nothing can be proven later" in office.enter("owner").get("/settings").content.decode()
    page = office.enter("analyst").get("/nudges/results").content.decode()
    assert "no holdout" in page


def test_the_pages_tell_both_groups_and_each_outcome() -> None:
    office = Office(holdout_percent=50).furnish()
    analyst = office.enter("analyst")
    for address in ("/nudges/results", f"/nudges/{office.nudge.pk}/results?days=30"):
        page = analyst.get(address).content.decode()
        for words in ("Their need was met", "Bought and kept it", "Left a topic", "Revenue a customer"):
            assert words in page, (address, words)
    assert analyst.get("/nudges/results?days=5").status_code == 200  # another number is the usual one
