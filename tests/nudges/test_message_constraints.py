"""What the database itself refuses of what is decided, sent and heard, whatever the code does."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from engagement.models import Customer, Workspace
from nudges.models import (
    Candidate,
    Decision,
    Entry,
    Hit,
    InboundText,
    Message,
    Nudge,
    Reply,
    StaffTask,
    Waiting,
    Watch,
)
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.refusals import refused

pytestmark = pytest.mark.django_db
NAMES = {
    "candidate_once",
    "decision_outcome_known",
    "decision_says_why",
    "message_state_known",
    "claim_has_a_token",
    "message_variant_has_a_chance",
    "one_standing_reply_of_a_kind",
    "reply_kind_known",
    "task_claim_has_a_time",
    "text_heard_once",
    "hit_kind_known",
    "hit_seen_as_known",
    "watch_who_known",
    "entry_once_an_event",
    "entry_of_candidate",
    "entry_state_known",
    "entry_due_after_its_event",
}


def test_candidates(customer: Customer, nudge: Nudge) -> None:
    one = make_nudges.candidate(nudge, customer)
    with refused("waiting_customer_in_workspace"), transaction.atomic():
        Waiting.objects.update(workspace=make.workspace())
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with refused("candidate_customer_in_workspace"), transaction.atomic():
        Candidate.objects.update(workspace=make.workspace())
        connection.check_constraints()
    one.pk = None
    with refused("candidate_once"), transaction.atomic():
        one.save(force_insert=True)


def test_entries(customer: Customer, nudge: Nudge) -> None:
    def enter(**fields: Any) -> Entry:
        known: dict[str, Any] = {
            "event_id": 1,
            "event_name": "Order Completed",
            "event_at": NOW,
            "due_at": NOW,
        }
        own = {"workspace": nudge.workspace, "customer": customer, "nudge": nudge}
        return Entry.objects.create(**own | known | fields)

    enter(candidate_id=7)
    cases: dict[str, dict[str, Any]] = {
        "entry_once_an_event": {},
        "entry_of_candidate": {"event_id": 2, "candidate_id": 7},
        "entry_state_known": {"event_id": 2, "state": "lost"},
        "entry_due_after_its_event": {"event_id": 2, "due_at": NOW - timedelta(seconds=1)},
    }
    for name, fields in cases.items():
        with refused(name), transaction.atomic():
            enter(**fields)
    with refused("entry_customer_in_workspace"), transaction.atomic():
        enter(event_id=2, workspace=make.workspace())
        connection.check_constraints()


def test_a_message_is_to_a_customer_of_its_workspace(customer: Customer, nudge: Nudge) -> None:
    make_nudges.sent(nudge, customer, at=NOW)
    with refused("message_customer_in_workspace"), transaction.atomic():
        Message.objects.update(workspace=make.workspace())
        connection.check_constraints()


def test_a_candidate_has_one_decision_and_one_message(customer: Customer, nudge: Nudge) -> None:
    message = make_nudges.sent(nudge, customer, at=NOW)
    decision = Decision.objects.get()
    message.pk, message.dispatch_id, decision.pk = None, uuid.uuid4(), None
    for twin in (message, decision):
        with refused("candidate_id"), transaction.atomic():
            twin.save(force_insert=True)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("decision_outcome_known", {"outcome": "maybe"}), ("decision_says_why", {"reason": ""})],
)
def test_decisions(customer: Customer, nudge: Nudge, name: str, fields: dict[str, Any]) -> None:
    make_nudges.sent(nudge, customer, at=NOW)
    with refused(name), transaction.atomic():
        Decision.objects.update(**fields)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("message_state_known", {"state": "gone"}),
        ("claim_has_a_token", {"state": "claimed", "claim_token": None}),
        ("message_variant_has_a_chance", {"variant": "a"}),
        ("message_variant_has_a_chance", {"variant_chance": 50}),
        ("message_variant_has_a_chance", {"variant": "a", "variant_chance": 100}),
    ],
)
def test_messages(customer: Customer, nudge: Nudge, name: str, fields: dict[str, Any]) -> None:
    make_nudges.sent(nudge, customer, at=NOW)
    with refused(name), transaction.atomic():
        Message.objects.update(**fields)


def test_replies(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    message = make_nudges.sent(nudge, customer, at=NOW)

    def reply(**fields: Any) -> Reply:
        return Reply.objects.create(
            workspace=workspace, message=message, customer=customer, at=NOW, **{"kind": "helpful"} | fields
        )

    first = reply()
    with refused("one_standing_reply_of_a_kind"), transaction.atomic():
        reply()
    with refused("reply_kind_known"), transaction.atomic():
        reply(kind="meh")
    Reply.objects.filter(pk=first.pk).update(undone_at=NOW)
    reply()


def test_who_claims_a_task_does_so_at_a_time(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    message = make_nudges.sent(nudge, customer, at=NOW)
    somebody = User.objects.create_user("somebody")
    with refused("task_claim_has_a_time"), transaction.atomic():
        StaffTask.objects.create(workspace=workspace, message=message, claimed_by=somebody)
    StaffTask.objects.create(workspace=workspace, message=message, claimed_by=somebody, claimed_at=NOW)


def test_a_text_is_heard_once(workspace: Workspace) -> None:
    def hear(provider_id: str) -> None:
        InboundText.objects.create(
            workspace=workspace, channel="sms", provider_id=provider_id, address="+491", text="Hello", at=NOW
        )

    hear("SM1")
    with refused("text_heard_once"), transaction.atomic():
        hear("SM1")
    hear("SM2")


def test_opens_and_clicks(customer: Customer, nudge: Nudge) -> None:
    message = make_nudges.sent(nudge, customer, at=NOW)
    row = {"workspace": customer.workspace, "message": message, "nudge": nudge, "at": NOW}
    with refused("watch_who_known"), transaction.atomic():
        Watch.objects.create(workspace=customer.workspace, who="everybody")
    with refused("hit_kind_known"), transaction.atomic():
        Hit.objects.create(**row, kind="look", seen_as="person")
    with refused("hit_seen_as_known"), transaction.atomic():
        Hit.objects.create(**row, kind="open", seen_as="cat")
    assert not Watch.objects.exists()
    assert not Hit.objects.exists()
