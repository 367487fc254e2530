"""The pages of customers: what they say, and what asking does not change."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from engagement.models import Customer
from engagement.timelines import TimelineEntry, read_timeline
from nudges.models import (
    Candidate,
    Cap,
    Decision,
    Message,
    Preference,
    Pressure,
)
from tests import make, make_nudges
from tests.make_dashboard import Office, text_of

pytestmark = pytest.mark.django_db


def test_customers_are_found_by_name_address_and_either_id(office: Office) -> None:
    make.customer(office.workspace, email="grace@example.org", name="Grace Hopper", external_id="shop-7")
    client = office.enter()
    for asked in ("hopper", "GRACE@", "shop-7"):
        page = text_of(client.get("/customers", {"q": asked}))
        assert "Grace Hopper" in page
        assert "Ada Lovelace" not in page
    assert "Nobody fits" in text_of(client.get("/customers", {"q": "nobody"}))


def test_customers_are_narrowed_by_need_stage_and_condition(office: Office) -> None:
    make.customer(office.workspace, name="Grace Hopper", traits={"plan": "gold"})
    client = office.enter()
    page = text_of(client.get("/customers", {"need": office.need.slug, "stage": "shortlist"}))
    assert "Ada Lovelace" in page
    assert "Grace Hopper" not in page
    page = text_of(client.get("/customers", {"condition": json.dumps({"trait": "plan", "is": "gold"})}))
    assert "Grace Hopper" in page
    assert "Ada Lovelace" not in page
    assert "write" in text_of(client.get("/customers", {"condition": '{"trait": 3}'})), (
        "what is wrong is said"
    )


def test_a_long_list_goes_on_where_it_stopped_and_shows_everybody_once(office: Office) -> None:
    for n in range(60):
        make.customer(office.workspace, name=f"Person {n:02}", at=make.NOW + timedelta(minutes=n // 3))
    client = office.enter()
    seen: list[int] = []
    path = "/customers"
    while path:
        answer = client.get(path)
        seen += [one.pk for one in answer.context["page"].rows]
        following = answer.context["page"].next
        path = f"/customers?after={following}" if following else ""
    assert sorted(seen) == sorted(
        Customer.objects.filter(workspace=office.workspace).values_list("pk", flat=True)
    )


@pytest.mark.parametrize(
    "cursor", ["x", "eyJhIjoxfQ", "WzEsMl0", "W251bGwsMV0", "%00", "WyIyMDI2LTk5LTk5IiwxXQ"]
)
def test_a_cursor_that_is_not_ours_starts_from_the_top(office: Office, cursor: str) -> None:
    answer = office.enter().get(f"/customers?after={cursor}")
    assert answer.status_code == 200
    assert answer.context["page"].rows


def test_a_customers_page_tells_needs_pressure_consent_and_every_decision(office: Office) -> None:
    make.consent(office.customer, office.topic, state="denied")
    page = text_of(office.enter("analyst").get(f"/customers/{office.customer.pk}"))
    for said in (
        "Ada Lovelace",
        office.need.name,
        "Shortlist",
        "Decided to send: Sale",
        "Refused",
        "ada@example.org",
    ):
        assert said in page


def test_pressure_says_what_used_the_slots_and_when_there_is_room(office: Office) -> None:
    now = timezone.now()
    Cap.objects.all().delete()
    make_nudges.cap(office.workspace, 2, per=7 * 86400)
    make_nudges.cap(office.workspace, 1, per=86400, scope="channel", value="sms")
    make_nudges.sent(office.nudge, office.customer, at=now - timedelta(days=1))
    make_nudges.sent(office.nudge, office.customer, at=now - timedelta(hours=1))
    uses = office.enter().get(f"/customers/{office.customer.pk}").context["hearing"].uses
    assert [(use.count, use.limit, use.is_full) for use in uses] == [(2, 2, True), (0, 1, False)]
    [room] = [use.allowed_at for use in uses if use.is_full]
    assert abs(room - (now + timedelta(days=6))) < timedelta(seconds=1), "the older of the two frees first"


def test_pressure_tells_gap_budget_and_the_customers_own_limit_too(office: Office) -> None:
    Cap.objects.all().delete()
    make_nudges.policy(
        office.workspace, min_gap_seconds=7200, business_limit=2, quiet_start=time(21), quiet_end=time(8)
    )
    Preference.objects.create(
        workspace=office.workspace, customer=office.customer, max_per_week=3, updated_at=make.NOW
    )
    make_nudges.sent(office.nudge, office.customer, at=timezone.now() - timedelta(hours=1))
    answer = office.enter().get(f"/customers/{office.customer.pk}")
    assert [(use.rule, use.count, use.limit) for use in answer.context["hearing"].uses] == [
        ("min_gap", 1, 1),
        ("business_limit", int(office.nudge.interest == "business"), 2),
        ("preference:max_per_week", 1, 3),
    ]
    assert "Nothing between 21:00 and 08:00 where they are." in text_of(answer)


def test_the_adaptive_cap_is_explained_in_plain_words_with_its_numbers(office: Office) -> None:
    now = timezone.now()
    Cap.objects.all().delete()
    Message.objects.filter(customer=office.customer).update(counts=False)
    Pressure.objects.filter(customer=office.customer).delete()
    make_nudges.policy(office.workspace, is_adaptive=True)
    cap = make_nudges.cap(office.workspace, 5, per=30 * 86400)
    Cap.objects.filter(pk=cap.pk).update(floor=1)
    for days in (5, 9, 13):
        make_nudges.sent(office.nudge, office.customer, at=now - timedelta(days=days))
    answer = office.enter().get(f"/customers/{office.customer.pk}")
    [use] = answer.context["hearing"].uses
    assert (use.limit, use.most, use.is_full) == (3, 5, True)
    page = text_of(answer)
    for said in ("3 of 5, by how they respond", "3 messages ignored in a row", "2.00 / (2.00 +"):
        assert said in page


def test_a_merged_customers_address_leads_to_who_they_are_now(office: Office) -> None:
    other = make.customer(office.workspace, merged_into=office.customer)
    answer = office.enter().get(f"/customers/{other.pk}")
    assert answer.headers["Location"] == f"/customers/{office.customer.pk}"


def test_the_timeline_goes_back_to_the_beginning_without_a_gap(office: Office, settings: Any) -> None:
    moments = [make.NOW - timedelta(minutes=n // 4) for n in range(90)]

    def source(customer: Customer, *, before: Any, limit: int) -> list[TimelineEntry]:
        earlier = [at for at in moments if before is None or at < before]
        return [TimelineEntry(at=at, kind="event", title="x") for at in earlier[:limit]]

    settings.TIMELINE_SOURCES = ["tests.nudges.test_dashboard_customers.SOURCE"]
    globals()["SOURCE"] = source
    read, before = 0, None
    for _stretch in range(20):
        stretch = read_timeline(office.customer, before=before, limit=10)
        read += len(stretch.entries)
        if (before := stretch.older) is None:
            break
    assert read == len(moments)


def test_asking_what_if_writes_nothing(office: Office) -> None:
    before = (Candidate.objects.count(), Decision.objects.count(), Message.objects.count())
    page = text_of(
        office.enter("analyst").get(f"/customers/{office.customer.pk}/what-if?nudge={office.nudge.pk}")
    )
    assert "To the customer we would say" in page
    assert (Candidate.objects.count(), Decision.objects.count(), Message.objects.count()) == before


def test_asking_what_if_at_a_later_time_and_what_became_of_it_before(office: Office) -> None:
    Cap.objects.all().delete()
    make_nudges.cap(office.workspace, 1, per=86400)
    make_nudges.sent(office.nudge, office.customer, at=timezone.now() - timedelta(hours=1))
    client, path = office.enter("analyst"), f"/customers/{office.customer.pk}/what-if"
    now = text_of(client.get(path, {"nudge": office.nudge.pk, "at": "nonsense"}))
    assert "Would be held back" in now
    assert "What became of it before" in now
    at = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT12:00")
    later = text_of(client.get(path, {"nudge": office.nudge.pk, "at": at}))
    assert "Would be sent" in later
    assert "if nothing else happens until then" in later
    assert "90 days ahead at most" in text_of(
        client.get(path, {"nudge": office.nudge.pk, "at": "2999-01-01T12:00"})
    )


def test_a_decision_is_told_in_full(office: Office) -> None:
    page = text_of(office.enter("analyst").get(f"/decisions/{office.ids['decision_id']}"))
    assert "Why it was sent" in page
    assert "To the customer we say" in page
