"""What the database itself refuses, whatever the code does: every constraint of nudges/models, violated once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, UniqueConstraint

from engagement.models import Customer, Workspace
from nudges.models import (
    Approval,
    Cap,
    ChannelAccount,
    Decision,
    Entry,
    ExperienceTime,
    Hit,
    InboundText,
    Message,
    Nudge,
    NudgeContent,
    NudgeWorth,
    Policy,
    Pressure,
    Reception,
    Reply,
    Snippet,
    SnippetUse,
    SnippetVersion,
    StaffTask,
    Waiting,
    Watch,
)
from tests import make, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office
from tests.nudges import test_flow_constraints as flows

pytestmark = pytest.mark.django_db
NUDGES: dict[str, dict[str, Any]] = {
    "nudge_promise_known": {"promise": "love"},
    "nudge_interest_declared": {"interest": ""},
    "service_serves_the_customer": {"promise": "service", "interest": "business"},
    "only_service_may_pass_caps": {"respects_caps": False},
    "nudge_priority_0_to_100": {"priority": 101},
    "nudge_has_a_channel": {"channels": []},
    "stage_trigger_names_a_stage": {"trigger": "stage_change", "trigger_stage": ""},
    "event_trigger_names_an_event": {"trigger": "event", "trigger_event": "", "trigger_since": NOW},
    "active_event_trigger_has_a_beginning": {"trigger": "event", "trigger_event": "Order Completed"},
    "trigger_delay_up_to_a_year": {"trigger_delay_seconds": 367 * 86400},
    "purpose_asks_all_or_none": {"purpose": "review", "conditions": {"trait": "plan", "is": "gold"}},
}
POLICIES = {
    "quiet_hours_both_or_none": [
        {"quiet_start": time(22)},
        {"quiet_end": time(8)},
        {"quiet_start": time(8), "quiet_end": time(8)},
    ],
    "share_is_percent": [{"business_share_percent": 101}],
}
CAPS: dict[str, list[dict[str, Any]]] = {
    "cap_window_whole": [
        {"window": "rolling", "seconds": 59},
        {"window": "rolling", "seconds": 7_776_001},
        {"window": "rolling", "seconds": None},
        {"window": "rolling", "seconds": 60, "unit": "day"},
        {"window": "calendar", "unit": "year"},
        {"window": "calendar", "unit": "day", "seconds": 60},
        {"window": "lunar", "unit": "day"},
    ],
    "cap_scope_known": [{"scope": "mood", "window": "calendar", "unit": "day"}],
    "cap_floor_below_its_limit": [{"window": "calendar", "unit": "day", "floor": 2}],
}
THROUGHPUTS = {
    "throughput_channel_pushes": {"channel": "inbox"},
    "throughput_lets_something_out": {"messages": 0},
    "throughput_seconds_known": {"seconds": 61},
}
# Tried below by name.
OTHERS = {
    "refusal_once",  # these two are tried in test_api_approvals
    "refusal_says_why",
    "content_once",
    "cap_once",
    "candidate_once",
    "decision_outcome_known",
    "decision_says_why",
    "message_state_known",
    "claim_has_a_token",
    "one_standing_reply_of_a_kind",
    "reply_kind_known",
    "pressure_arrays_in_step",
    "reception_arrays_in_step",
    "worth_once",
    "channel_account_once",
    "channel_account_channel_known",
    "task_claim_has_a_time",
    "text_heard_once",
    "throughput_once",
    "dry_run_state_known",
    "one_dry_run_of_a_nudge_at_a_time",
    "watch_who_known",
    "hit_kind_known",
    "hit_seen_as_known",
    "entry_once_an_event",
    "entry_of_candidate",
    "entry_state_known",
    "entry_due_after_its_event",
    "one_nudge_of_a_purpose",
    "experience_time_once",
    "experience_within_a_year",
}


# What words are made of; each is tried on the things of one office.
CONTENTS: dict[str, Callable[[Office], Any]] = {
    "content_is_words_or_blocks": lambda office: NudgeContent.objects.update(blocks=[{"kind": "divider"}]),
    "approval_by_who_may_write": lambda office: make_nudges.policy(office.workspace, approval_role="analyst"),
    "approval_once": lambda office: [approve(office), approve(office)],
    "snippet_once": lambda office: Snippet.objects.create(
        workspace=office.workspace, slug=Snippet.objects.get().slug, texts={"en": "x"}, updated_at=NOW
    ),
    "snippet_in_workspace": lambda office: SnippetUse.objects.bulk_create(
        [
            SnippetUse(
                workspace=make.workspace(), snippet=Snippet.objects.get(), content=NudgeContent.objects.get()
            )
        ]
    ),
    "snippet_has_a_text": lambda office: Snippet.objects.update(texts={}),
    "snippet_version_once": lambda office: SnippetVersion.objects.create(
        workspace=office.workspace, snippet=Snippet.objects.get(), number=1, texts={}, at=NOW
    ),
    "snippet_used_once": lambda office: [use_snippet(office), use_snippet(office)],
}


def approve(office: Office) -> Approval:
    return Approval.objects.create(
        workspace=office.workspace,
        nudge=office.nudge,
        version=office.nudge.version,
        audience=1,
        approved_by=office.members["owner"].user,
        approved_at=NOW,
    )


def use_snippet(office: Office) -> SnippetUse:
    return SnippetUse.objects.create(
        workspace=office.workspace, snippet=Snippet.objects.get(), content=NudgeContent.objects.get()
    )


@pytest.mark.parametrize(("name", "broken"), CONTENTS.items())
def test_contents(name: str, broken: Callable[[Office], Any]) -> None:
    office = Office().furnish()
    said = "snippet_use_in_workspace" if name == "snippet_in_workspace" else name
    with refused(said), transaction.atomic():
        broken(office)


def refused(name: str) -> Any:
    return pytest.raises(IntegrityError, match=name)


def test_every_constraint_is_tried_here() -> None:
    named = {
        constraint.name
        for model in apps.get_app_config("nudges").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    assert (
        named
        == OTHERS
        | flows.NAMES
        | CONTENTS.keys()
        | NUDGES.keys()
        | POLICIES.keys()
        | CAPS.keys()
        | THROUGHPUTS.keys()
    )


@pytest.mark.parametrize(("name", "fields"), NUDGES.items())
def test_nudges(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        make_nudges.nudge(workspace, **fields)
    assert not Nudge.objects.exists()


@pytest.mark.parametrize(("name", "fields"), [(name, one) for name, some in POLICIES.items() for one in some])
def test_policies(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        make_nudges.policy(workspace, **fields)
    assert not Policy.objects.exists()


@pytest.mark.parametrize(("name", "fields"), [(name, one) for name, some in CAPS.items() for one in some])
def test_caps(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        Cap.objects.create(workspace=workspace, limit=1, **{"scope": "any"} | fields)
    assert not Cap.objects.exists()


@pytest.mark.parametrize(("name", "fields"), THROUGHPUTS.items())
def test_throughputs(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        make_nudges.throughput(workspace, **{"messages": 1} | fields)
    make_nudges.throughput(workspace, 1)
    with refused("throughput_once"), transaction.atomic():
        make_nudges.throughput(workspace, 2)


@pytest.mark.parametrize(
    "window",
    [
        {"days": [], "start": "09:00", "end": "18:00"},
        {"days": [8], "start": "09:00", "end": "18:00"},
        {"days": [0], "start": "09:00", "end": "18:00"},
        {"days": [7], "start": "09:00", "end": "25:00"},
        {"days": [1], "start": "09:00", "end": "09:00"},
    ],
)
def test_send_windows(workspace: Workspace, window: dict[str, Any]) -> None:
    with refused("nudges_policy_send_windows_whole"), transaction.atomic():
        make_nudges.policy(workspace, send_windows=[window])
    with refused("nudges_nudge_send_windows_whole"), transaction.atomic():
        make_nudges.nudge(workspace, send_windows=[window])


def test_dry_runs(nudge: Nudge) -> None:
    with refused("dry_run_state_known"), transaction.atomic():
        make_nudges.dry_run(nudge, state="dreaming")
    make_nudges.dry_run(nudge, state="running")
    make_nudges.dry_run(nudge)
    with refused("one_dry_run_of_a_nudge_at_a_time"), transaction.atomic():
        make_nudges.dry_run(nudge, state="running")


def test_one_cap_in_force_for_a_scope_and_window(workspace: Workspace) -> None:
    cap = make_nudges.cap(workspace, 1, per="day")
    with refused("cap_once"), transaction.atomic():
        make_nudges.cap(workspace, 2, per="day")
    Cap.objects.filter(pk=cap.pk).update(archived_at=NOW)
    make_nudges.cap(workspace, 2, per="day")


def test_one_text_for_a_channel_and_language(nudge: Nudge) -> None:
    def write() -> None:
        NudgeContent.objects.create(
            workspace=nudge.workspace, nudge=nudge, channel="email", subject="a", body="b"
        )

    write()
    with refused("content_once"), transaction.atomic():
        write()


def test_candidates(customer: Customer, nudge: Nudge) -> None:
    one = make_nudges.candidate(nudge, customer)
    with refused("waiting_customer_in_workspace"), transaction.atomic():
        Waiting.objects.update(workspace=make.workspace())
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
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


def test_requests_for_reviews(workspace: Workspace) -> None:
    asking = {"purpose": "review", "trigger": "event", "trigger_event": "Order Delivered", "on_cap": "defer"}
    make_nudges.nudge(workspace, **asking, trigger_since=NOW)
    with refused("one_nudge_of_a_purpose"), transaction.atomic():
        make_nudges.nudge(workspace, **asking, trigger_since=NOW)
    ExperienceTime.objects.create(workspace=workspace, category="Tents", days=30)
    with refused("experience_time_once"), transaction.atomic():
        ExperienceTime.objects.create(workspace=workspace, category="Tents", days=31)
    with refused("experience_within_a_year"), transaction.atomic():
        ExperienceTime.objects.create(workspace=workspace, category="Lamps", days=366)


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


@pytest.mark.parametrize(
    "name", ["message_ids", "channels", "categories", "interests", "flows", "needs", "zones"]
)
def test_the_arrays_of_pressure_keep_step(customer: Customer, nudge: Nudge, name: str) -> None:
    make_nudges.sent(nudge, customer, at=NOW)
    with refused("pressure_arrays_in_step"), transaction.atomic():
        Pressure.objects.update(**{name: []})


@pytest.mark.parametrize("name", ["signs_at", "worths"])
def test_the_arrays_of_reception_keep_step(workspace: Workspace, customer: Customer, name: str) -> None:
    arrays = {"message_ids": [1], "signs_at": [NOW], "worths": [1.0]} | {name: []}
    with refused("reception_arrays_in_step"), transaction.atomic():
        Reception.objects.create(workspace=workspace, customer=customer, **arrays)
    assert not Reception.objects.exists()


def test_a_nudge_has_one_worth_at_a_stage(nudge: Nudge) -> None:
    def weigh(stage: str) -> None:
        NudgeWorth.objects.create(workspace=nudge.workspace, nudge=nudge, stage=stage, value=0, messages=1)

    weigh("shortlist")
    with refused("worth_once"), transaction.atomic():
        weigh("shortlist")
    weigh("")


def test_accounts_of_channels(workspace: Workspace) -> None:
    def account(channel: str) -> None:
        ChannelAccount.objects.create(workspace=workspace, channel=channel, changed_at=NOW)

    account("sms")
    with refused("channel_account_once"), transaction.atomic():
        account("sms")
    with refused("channel_account_channel_known"), transaction.atomic():
        account("pigeon")


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
