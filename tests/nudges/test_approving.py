"""Approval by audience size: nothing large speaks in a version that nobody let speak, whatever the code does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.models import AuditEntry, Customer
from nudges.approving import approve_nudge
from nudges.composing import CannotChange, change_status, save_nudge
from nudges.considering import (
    BroadcastError,
    consider_broadcasts,
    pause_broadcast,
    resume_broadcast,
    start_broadcast,
)
from nudges.deciding import decide_nudges
from nudges.models import Approval, Broadcast, Decision, Message, Nudge, Waiting
from nudges.sending import send_messages
from nudges.snippeting import save_snippet
from nudges.writing import save_content
from tests import make, make_contents, make_messages, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    """Above 2 customers somebody must approve; there are 3."""
    office = Office()
    make_nudges.policy(office.workspace, approval_above=2, collect_seconds=0)
    for n in range(3):
        make.customer(office.workspace, email=f"c{n}@example.org")
    return office


@pytest.fixture
def nudge(office: Office) -> Nudge:
    made = make_messages.nudge(office.workspace, status="draft", words=None, channels=["inbox"])
    write(made, "Hello", office, by="marketer")
    return Nudge.objects.get(pk=made.pk)


def write(nudge: Nudge, body: str, office: Office, by: str = "marketer") -> None:
    save_content(
        nudge=nudge, channel="email", language="en", values={"subject": "S", "body": body},
        actor=office.members[by].user, now=NOW,
    )  # fmt: skip


def approve(nudge: Nudge, office: Office, by: str = "owner") -> Approval:
    version = Nudge.objects.get(pk=nudge.pk).version
    return approve_nudge(nudge=nudge, version=version, member=office.members[by], now=NOW)


def activate(nudge: Nudge) -> Nudge:
    change_status(nudge=nudge, status="active", actor=None, now=NOW)
    return Nudge.objects.get(pk=nudge.pk)


def test_a_large_one_speaks_once_it_is_approved(office: Office, nudge: Nudge) -> None:
    with pytest.raises(CannotChange, match="for 3 customers: version 2 has to be approved"):
        activate(nudge)
    assert Nudge.objects.get().status == "draft"
    approval = approve(nudge, office)
    assert (approval.version, approval.audience) == (2, 3)
    assert start_broadcast(nudge=activate(nudge), started_by=None, now=NOW).audience == 3
    assert AuditEntry.objects.filter(action="approve_nudge", detail__version=2).exists()


def test_a_small_one_needs_nobody(office: Office, nudge: Nudge) -> None:
    Customer.objects.filter(email="c0@example.org").update(merged_into=Customer.objects.last())
    assert start_broadcast(nudge=activate(nudge), started_by=None, now=NOW).audience == 2
    assert not Approval.objects.exists()


@pytest.mark.parametrize("change", ["words", "declaration", "snippet"])
def test_any_edit_resets_it_and_what_waits_goes_when_it_is_approved_again(
    office: Office, nudge: Nudge, change: str
) -> None:
    snippet = make_contents.snippet(office.workspace, "bye")
    write(nudge, 'Hello {% snippet "bye" %}', office)
    approve(nudge, office)
    start_broadcast(nudge=activate(nudge), started_by=None, now=NOW)
    assert consider_broadcasts(now=NOW)["put_forward"] == 3
    assert decide_nudges(now=NOW, limit=1)["send"] == 1, "one is on its way when it is changed"
    if change == "words":
        write(nudge, "Hallo", office)
    elif change == "declaration":
        save_nudge(nudge=nudge, values={"priority": 60}, actor=None, now=NOW)
    else:
        save_snippet(
            workspace=office.workspace, snippet=snippet, name="bye", texts={"en": "Bye"}, actor=None, now=NOW
        )
    assert Nudge.objects.get().awaits_approval
    assert decide_nudges(now=NOW) == {"taken": 2, "defer": 2, "decided": 2}
    assert set(Decision.objects.filter(outcome="defer").values_list("reason", flat=True)) == {"unapproved"}
    assert send_messages(now=NOW)["postponed"] == 1, "also what was decided before waits"
    assert not Message.objects.exclude(state="decided").exists()
    approve(nudge, office)
    later = NOW + timedelta(minutes=2)
    assert decide_nudges(now=later)["send"] == 2
    assert send_messages(now=later)["delivered"] == 3
    assert not Waiting.objects.exists()


def test_who_may_approve_is_the_owners_choice_and_nobody_their_own(office: Office, nudge: Nudge) -> None:
    with pytest.raises(CannotChange, match="needs the role “Owner”"):
        approve(nudge, office, by="marketer")
    office.workspace.policy.approval_role = "marketer"
    office.workspace.policy.save()
    with pytest.raises(CannotChange, match="You changed it last"):
        approve(nudge, office, by="marketer")
    with pytest.raises(CannotChange, match="role"):
        approve(nudge, office, by="analyst")
    assert not Approval.objects.exists()
    write(nudge, "Other words", office, by="owner")
    approve(nudge, office, by="marketer")
    assert not Nudge.objects.get().awaits_approval


def test_what_was_looked_at_is_what_is_approved(office: Office, nudge: Nudge) -> None:
    with pytest.raises(CannotChange, match="changed meanwhile"):
        approve_nudge(nudge=nudge, version=1, member=office.members["owner"], now=NOW)
    approve(nudge, office)
    assert approve(nudge, office).pk == Approval.objects.get().pk, "twice is once"


def test_a_paused_broadcast_is_not_resumed_in_a_version_that_nobody_approved(
    office: Office, nudge: Nudge
) -> None:
    approve(nudge, office)
    broadcast = start_broadcast(nudge=activate(nudge), started_by=None, now=NOW)
    pause_broadcast(broadcast_id=broadcast.pk, now=NOW)
    write(nudge, "Hallo", office)
    with pytest.raises(BroadcastError, match="has to be approved first"):
        resume_broadcast(broadcast_id=broadcast.pk, now=NOW)
    approve(nudge, office)
    assert resume_broadcast(broadcast_id=broadcast.pk, now=NOW).state == "running"


class TestTheDatabase:
    """What no code can go round."""

    def refused(self, what: str, statement: str) -> None:
        with pytest.raises(IntegrityError, match=what), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_it_lets_no_large_nudge_speak(self, nudge: Nudge) -> None:
        self.refused("needs an approval", "UPDATE nudges_nudge SET audience = 3, status = 'active'")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE nudges_nudge SET audience = 2, status = 'active'")
            cursor.execute("UPDATE nudges_nudge SET audience = 3, awaits_approval = false")
        assert Nudge.objects.get().awaits_approval, "the mark is the database's own"

    def test_it_starts_and_resumes_no_large_broadcast(self, office: Office, nudge: Nudge) -> None:
        end = NOW + timedelta(days=1)
        fields = {"workspace": office.workspace, "nudge": nudge, "started_at": NOW, "not_after": end}
        with pytest.raises(IntegrityError, match="needs an approval"), transaction.atomic():
            Broadcast.objects.create(**fields, audience=3)
        Broadcast.objects.create(**fields, audience=3, state="paused")
        self.refused("needs an approval", "UPDATE nudges_broadcast SET state = 'running'")

    def test_it_takes_an_approval_of_this_version_by_who_may_and_changes_none(
        self, office: Office, nudge: Nudge
    ) -> None:
        fields = {"workspace": office.workspace, "nudge": nudge, "audience": 3, "approved_at": NOW}
        for refusal, more in (
            ("version that stands", {"version": 1, "approved_by": office.members["owner"].user}),
            ("only who may", {"version": 2, "approved_by": office.members["marketer"].user}),
            ("only who may", {"version": 2, "approved_by": Office().members["owner"].user}),
        ):
            with pytest.raises(IntegrityError, match=refusal), transaction.atomic():
                Approval.objects.create(**fields, **more)
        approve(nudge, office)
        self.refused("append-only", "UPDATE nudges_approval SET version = 9")
