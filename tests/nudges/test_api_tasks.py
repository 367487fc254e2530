"""Calls and visits by API: taken by a member, done once, and with what they said as a reply."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import Workspace
from nudges.models import Message, Reply
from tests import make, make_messages
from tests.make_api import caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


def task(shop: Workspace, **fields: Any) -> Message:
    given = {"state": "sent", "attempts": 1, "next_attempt_at": None, "subject": "Call them"} | fields
    given.setdefault("not_after", timezone.now() + timedelta(days=1))
    return make_messages.message(
        make_messages.nudge(shop), make.customer(shop), channel="staff_task", **given
    )


def test_what_waits_is_listed_by_its_urgency_and_nothing_else(shop: Workspace) -> None:
    late, soon = task(shop, not_after=timezone.now() + timedelta(days=2)), task(shop)
    task(shop, state="delivered")
    task(make.workspace())
    rows = caller(shop).pages("tasks", limit=1)
    assert [row["id"] for row in rows] == [soon.pk, late.pk]
    assert (rows[0]["object"], rows[0]["claimed_by"], rows[0]["tries"]) == ("task", "", 0)


def test_listing_takes_the_same_queries_for_many(shop: Workspace) -> None:
    asked = caller(shop)
    task(shop)
    asked.get("tasks")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            asked.get("tasks")
        counts.append(len(queries))
        for _more in range(4):
            task(shop)
    assert counts[0] == counts[1]


def test_one_takes_it_gives_it_back_and_another_does_it(shop: Workspace) -> None:
    one, asked = task(shop), caller(shop)
    ann, ben = make.member(shop).user, make.member(shop).user
    assert asked.post(f"tasks/{one.pk}/claim", {"by": ann.email.upper()}).json()["claimed_by"] == ann.email
    refused = asked.post(f"tasks/{one.pk}/claim", {"by": ben.email})
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_do")
    assert asked.post(f"tasks/{one.pk}/release", {"by": ann.email}).json()["claimed_by"] == ""
    told = {"by": ben.email, "outcome": "reached", "reply": "not_now", "note": "in May"}
    assert asked.post(f"tasks/{one.pk}/outcome", told).json()["state"] == "delivered"
    assert (Reply.objects.get().kind, Reply.objects.get().detail["text"]) == ("not_now", "in May")
    assert asked.get(f"tasks/{one.pk}").json()["note"] == "in May"
    again = asked.post(f"tasks/{one.pk}/outcome", {"by": ben.email, "outcome": "given_up"})
    assert again.status_code == 409
    assert Reply.objects.count() == 1


def test_later_brings_it_back_and_given_up_frees_the_slot(shop: Workspace) -> None:
    first, second, asked = task(shop), task(shop), caller(shop)
    by = {"by": make.member(shop).user.email}
    until = timezone.now() + timedelta(hours=2)
    later = asked.post(
        f"tasks/{first.pk}/outcome", by | {"outcome": "later", "until": until.isoformat()}
    ).json()
    assert (later["state"], later["tries"]) == ("sent", 1)
    assert later["not_before"] is not None
    assert asked.post(f"tasks/{second.pk}/outcome", by | {"outcome": "given_up"}).json()["state"] == "failed"
    second.refresh_from_db()
    assert second.counts is False


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({}, "/outcome"),
        ({"outcome": "eaten"}, "/outcome"),
        ({"outcome": "later"}, "/until"),
        ({"outcome": "reached", "by": "stranger@example.org"}, "/by"),
        ({"outcome": "reached", "reply": "maybe"}, "/reply"),
    ],
)
def test_a_wrong_outcome_names_its_place_and_changes_nothing(
    shop: Workspace, told: dict[str, str], pointer: str
) -> None:
    one, member = task(shop), make.member(shop)
    told = {"by": member.user.email} | told
    answer = caller(shop).post(f"tasks/{one.pk}/outcome", told)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    one.refresh_from_db()
    assert one.state == "sent"


def test_a_key_without_a_maker_must_name_somebody(shop: Workspace) -> None:
    answer = caller(shop).post(f"tasks/{task(shop).pk}/claim", {})
    assert answer.json()["errors"][0]["pointer"] == "/by"


def test_another_company_and_another_scope_find_nothing(shop: Workspace) -> None:
    one = task(shop)
    member = make.member(shop)
    told = {"by": member.user.email}
    assert caller(make.workspace()).post(f"tasks/{one.pk}/claim", told).status_code == 404
    assert caller(shop, "nudges:read").post(f"tasks/{one.pk}/claim", told).status_code == 403
    stranger = make.member(make.workspace())
    assert caller(shop).post(f"tasks/{one.pk}/claim", {"by": stranger.user.email}).status_code == 422
    mail = make_messages.message(make_messages.nudge(shop), make.customer(shop, email="a@b.example"))
    assert caller(shop).get(f"tasks/{mail.pk}").status_code == 404
