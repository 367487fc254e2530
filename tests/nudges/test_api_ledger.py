"""Decisions with their reasons, messages and replies by API."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Event
from nudges.models import Decision, Reply
from tests import make, make_messages, make_nudges
from tests.make_api import caller

pytestmark = pytest.mark.django_db


def test_a_decision_says_why_to_the_marketer_and_to_the_customer() -> None:
    workspace = make.workspace()
    nudge, customer = make_nudges.nudge(workspace), make.customer(workspace, email="a@example.org")
    message = make_nudges.sent(nudge, customer, at=make.NOW)
    held = make_nudges.candidate(nudge, customer)
    Decision.objects.create(
        workspace=workspace,
        candidate=held,
        customer=customer,
        nudge=nudge,
        nudge_version=1,
        outcome="suppress",
        reason="capped",
        rule="cap:1",
        limit=1,
        count=1,
        used_by=[message.pk],
        allowed_at=make.NOW + timedelta(days=1),
        decided_at=make.NOW + timedelta(minutes=1),
    )
    shop = caller(workspace)
    decisions = shop.pages("decisions", limit=1)
    assert [(row["outcome"], row["reason"]) for row in decisions] == [
        ("suppress", "capped"),
        ("send", "sent"),
    ]
    capped = decisions[0]
    assert (capped["rule"], capped["limit"], capped["used_by"]) == ("cap:1", 1, [message.pk])
    assert "1 of 1" in capped["explanation"]
    assert "kept this one back" in capped["explanation_for_customer"]
    assert capped["allowed_at"] is not None
    assert shop.get(f"decisions/{capped['id']}").json() == capped
    assert shop.pages("decisions", reason="capped", outcome="suppress", customer=str(customer.pk)) == [capped]
    assert shop.pages("decisions", nudge=str(nudge.pk), decided_after=make.NOW.isoformat()) == [capped]
    assert shop.get("decisions", reason="bored").status_code == 400


def test_messages_are_listed_and_read() -> None:
    workspace = make.workspace()
    nudge, customer = make_nudges.nudge(workspace), make.customer(workspace, email="a@example.org")
    message = make_nudges.sent(nudge, customer, at=make.NOW, subject="Choose a tent", state="delivered")
    make_nudges.sent(nudge, make.customer(workspace, email="b@example.org"), at=make.NOW)
    shop = caller(workspace)
    [row] = shop.pages("messages", state="delivered", customer=str(customer.pk), channel="email")
    assert (row["id"], row["subject"], row["category"]) == (message.pk, "Choose a tent", "tips")
    assert shop.get(f"messages/{message.pk}").json() == row
    assert len(shop.pages("messages", nudge=str(nudge.pk), limit=1)) == 2


def test_a_reply_given_another_way_takes_effect_and_is_taken_back() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace, email="a@example.org")
    need = make_messages.need(customer)
    message = make_messages.message(make_messages.nudge(workspace), customer, customer_need=need)
    shop = caller(workspace)
    answer = shop.post("replies", {"message": message.pk, "kind": "not_relevant", "choice": "need"})
    assert answer.status_code == 201
    reply = answer.json()
    assert (reply["kind"], reply["customer"]) == ("not_relevant", customer.pk)
    assert "closed" in reply["what_changed"]
    need.refresh_from_db()
    assert need.closed_at is not None
    assert Event.objects.filter(name="Nudge Replied").count() == 1
    assert shop.post("replies", {"message": message.pk, "kind": "not_relevant"}).json()["id"] == reply["id"]

    undone = shop.post(f"replies/{reply['id']}/undo").json()
    assert undone["undone_at"] is not None
    need.refresh_from_db()
    assert need.closed_at is None
    assert [row["id"] for row in shop.pages("replies", kind="not_relevant", message=str(message.pk))] == [
        reply["id"]
    ]
    assert shop.get(f"replies/{reply['id']}").json() == undone


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"kind": "shrug"}, "/kind"),
        ({"kind": "not_now", "until": "2001-01-01T00:00:00Z"}, "/until"),
        ({"kind": "changed", "facts": {"shoe": "44"}}, "/facts"),
        ({"kind": "not_relevant", "choice": "need"}, "/choice"),
        ({"kind": "helpful", "message": 1}, "/message"),
    ],
)
def test_a_reply_that_cannot_be_taken_changes_nothing(fields: dict[str, Any], pointer: str) -> None:
    workspace = make.workspace()
    customer = make.customer(workspace, email="a@example.org")
    message = make_messages.message(make_messages.nudge(workspace), customer)
    other = make.workspace()
    foreign = make_messages.message(make_messages.nudge(other), make.customer(other, email="b@example.org"))
    body = {"message": message.pk} | fields
    if body["message"] == 1:
        body["message"] = foreign.pk
    answer = caller(workspace).post("replies", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Reply.objects.exists()
    assert not Event.objects.exists()


def test_the_ledger_is_closed_to_strangers_and_readers_write_nothing() -> None:
    workspace = make.workspace()
    nudge, customer = make_nudges.nudge(workspace), make.customer(workspace, email="a@example.org")
    message = make_nudges.sent(nudge, customer, at=make.NOW)
    decision = Decision.objects.get()
    stranger, reader = caller(make.workspace()), caller(workspace, "nudges:read")
    for path in (f"decisions/{decision.pk}", f"messages/{message.pk}"):
        assert stranger.get(path).status_code == 404
        assert reader.get(path).status_code == 200
    for path in ("decisions", "messages", "replies"):
        assert stranger.pages(path) == []
    assert reader.post("replies", {"message": message.pk, "kind": "helpful"}).status_code == 403
    assert not Reply.objects.exists()


def test_lists_take_as_many_queries_for_a_hundred_rows_as_for_ten() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    for n in range(110):
        make_nudges.sent(nudge, make.customer(workspace, email=f"{n}@example.org"), at=make.NOW)
    shop = caller(workspace)
    shop.get("decisions")
    for path in ("decisions", "messages"):
        counts = []
        for limit in (10, 100):
            with CaptureQueriesContext(connection) as captured:
                assert len(shop.get(path, limit=limit).json()["data"]) == limit
            counts.append(len(captured))
        assert counts == [2, 2]
