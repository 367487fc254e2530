"""The audit finds what should not have been sent, and nothing else."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from engagement.models import Customer, Merge, Workspace
from nudges import audits
from nudges.audits import find_drift, find_violations
from nudges.deciding import absorb_merges, decide_nudges
from nudges.models import Cap, Message, Nudge, Preference, Pressure
from nudges.pressure import release_slots
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE

pytestmark = pytest.mark.django_db


def audit() -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("audit_caps", stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue().strip(), err.getvalue()


def test_what_was_decided_by_the_engine_breaks_nothing(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.policy(workspace, min_gap_seconds=1800, business_limit=1)
    for limit, per in ((2, "day"), (5, "week"), (2, 86400)):
        make_nudges.cap(workspace, limit, per=per)
    selling = make_nudges.nudge(workspace, interest="business", promise="choose_us")
    people = [make.customer(workspace, email=f"{n}@example.org", timezone="Asia/Kolkata") for n in range(3)]
    for hour in range(0, 72, 5):
        at = NOW + hour * HOUR
        for person in people:
            make_nudges.candidate(nudge, person, at=at)
            make_nudges.candidate(selling, person, at=at)
        decide_nudges(now=at)
    assert Message.objects.count() > 10
    assert (find_violations(), find_drift(now=NOW + 3 * DAY)) == ([], [])


@pytest.mark.parametrize(
    "rule",
    [
        {"per": 86400},
        {"per": "day"},
        {"per": "week", "scope": "channel"},
        {"per": 86400, "scope": "category", "value": "tips"},
        {"per": 86400, "scope": "interest"},
        {"per": 86400, "scope": "promise"},
    ],
)
def test_one_too_many_is_found(
    workspace: Workspace, customer: Customer, nudge: Nudge, rule: dict[str, Any]
) -> None:
    cap = make_nudges.cap(workspace, 1, **rule)
    make_nudges.sent(nudge, customer, at=NOW)
    assert find_violations() == []
    second = make_nudges.sent(nudge, customer, at=NOW + HOUR)
    make_nudges.sent(nudge, make.customer(workspace), at=NOW + HOUR)
    assert find_violations() == [(workspace.pk, customer.pk, second.pk, f"cap:{cap.pk}", 1, 2)]


def test_gaps_budgets_and_own_limits_are_recounted_too(workspace: Workspace, customer: Customer) -> None:
    make_nudges.policy(workspace, min_gap_seconds=7200, business_limit=1)
    Preference.objects.create(workspace=workspace, customer=customer, max_per_week=1, updated_at=NOW - DAY)
    selling = make_nudges.nudge(workspace, interest="business", promise="choose_us")
    for hours in (0, 1):
        make_nudges.sent(selling, customer, at=NOW + hours * HOUR)
    assert {one.rule for one in find_violations()} == {"min_gap", "business_limit", "preference:max_per_week"}


def test_a_rule_binds_only_what_was_decided_under_it(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    for minutes in (0, 1):
        make_nudges.sent(nudge, customer, at=NOW + minutes * MINUTE)
    Cap.objects.update(changed_at=NOW + HOUR)
    assert find_violations() == []
    make_nudges.sent(nudge, customer, at=NOW + 2 * HOUR)
    assert len(find_violations()) == 1
    Cap.objects.update(archived_at=NOW + 90 * MINUTE)
    assert find_violations() == []


def test_customers_are_recounted_a_range_at_a_time(
    workspace: Workspace, customer: Customer, nudge: Nudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "CHUNK", 1)
    make_nudges.cap(workspace, 1)
    people = [customer, make.customer(workspace), make.customer(workspace)]
    for hours, person in enumerate([*people, people[0], people[2]]):
        make_nudges.sent(nudge, person, at=NOW + hours * HOUR)
    assert [one.customer_id for one in find_violations()] == [people[0].pk, people[2].pk]
    Pressure.objects.filter(customer__in=people[:2]).delete()
    assert [one.customer_id for one in find_drift(now=NOW)] == [people[0].pk, people[0].pk, people[1].pk]


def test_what_was_given_back_and_what_is_pulled_do_not_count(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    first = make_nudges.sent(nudge, customer, at=NOW)
    release_slots([first.pk])
    make_nudges.sent(nudge, customer, at=NOW + HOUR)
    make_nudges.sent(nudge, customer, at=NOW + HOUR, channel="inbox", counts=False)
    assert (find_violations(), find_drift(now=NOW)) == ([], [])


def test_an_exempt_service_message_may_exceed_a_cap_but_counts(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, allow_service_exempt=True)
    make_nudges.cap(workspace, 1)
    service = make_nudges.nudge(workspace, promise="service", respects_caps=False)
    for _n in range(3):
        make_nudges.candidate(service, customer)
    assert decide_nudges(now=NOW)["send"] == 3
    assert find_violations() == []
    make_nudges.sent(nudge, customer, at=NOW + HOUR)
    assert [one.found for one in find_violations()] == [4]


def test_two_people_found_to_be_one_broke_nothing_before(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.cap(workspace, 1)
    ghost = make.customer(workspace, email="ghost@example.org")
    make_nudges.sent(nudge, customer, at=NOW)
    make_nudges.sent(nudge, ghost, at=NOW + HOUR)
    ghost.merged_into = customer
    ghost.save()
    Merge.objects.create(workspace=workspace, source=ghost, target=customer, cause="alias", at=NOW)
    absorb_merges(now=NOW + 2 * HOUR)
    assert (find_violations(), find_drift(now=NOW)) == ([], [])
    make_nudges.sent(nudge, customer, at=NOW + 3 * HOUR)
    assert [one.found for one in find_violations()] == [3]


def test_pressure_that_drifted_is_found(customer: Customer, nudge: Nudge) -> None:
    message = make_nudges.sent(nudge, customer, at=NOW)
    make_nudges.sent(nudge, customer, at=NOW - 120 * DAY)  # beyond every window: nobody's concern
    assert find_drift(now=NOW) == []
    Pressure.objects.update(zones=["Asia/Tokyo"] * 2)
    assert find_drift(now=NOW) == [(customer.pk, message.pk, "different")]
    Message.objects.filter(pk=message.pk).update(counts=False)
    assert find_drift(now=NOW) == [(customer.pk, message.pk, "extra")]
    Pressure.objects.all().delete()
    Message.objects.filter(pk=message.pk).update(counts=True)
    assert find_drift(now=NOW) == [(customer.pk, message.pk, "missing")]


def test_the_command_prints_the_number_and_fails_on_any(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    assert audit() == ("0", "")
    cap = make_nudges.cap(workspace, 0)
    message = make_nudges.sent(nudge, customer, at=NOW)
    printed, said = audit()
    assert printed == "1"
    assert f"message {message.pk} to customer {customer.pk}: cap:{cap.pk} allows 0" in said
