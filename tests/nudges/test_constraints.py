"""What the database itself refuses, whatever the code does: every constraint of nudges/models, violated once.

Those of flows, limits and messages in files of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import CheckConstraint, UniqueConstraint

from engagement.models import Workspace
from nudges.models import (
    Approval,
    ChannelAccount,
    ExperienceTime,
    Nudge,
    NudgeContent,
    NudgeWorth,
    Snippet,
    SnippetUse,
    SnippetVersion,
)
from tests import make, make_messages, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office
from tests.nudges import test_flow_constraints as flows
from tests.nudges import test_limit_constraints as limits
from tests.nudges import test_message_constraints as messages
from tests.nudges.refusals import refused

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
    "nudge_variants_are_whole": {
        "variants": [{"key": "a", "name": "A", "share": 100}],
        "compared_since": NOW,
    },
    "variants_have_a_beginning": {"variants": make_nudges.HALVES},
    "purpose_asks_all_or_none": {"purpose": "review", "conditions": {"trait": "plan", "is": "gold"}},
}


# Tried below by name.
OTHERS = {
    "refusal_once",  # these two are tried in test_api_approvals
    "refusal_says_why",
    "content_once",
    "worth_once",
    "channel_account_once",
    "channel_account_channel_known",
    "dry_run_state_known",
    "one_dry_run_of_a_nudge_at_a_time",
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


def test_every_constraint_is_tried_here() -> None:
    named = {
        constraint.name
        for model in apps.get_app_config("nudges").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    assert named == OTHERS | flows.NAMES | limits.NAMES | messages.NAMES | CONTENTS.keys() | NUDGES.keys()


@pytest.mark.parametrize(("name", "fields"), NUDGES.items())
def test_nudges(workspace: Workspace, name: str, fields: dict[str, Any]) -> None:
    with refused(name), transaction.atomic():
        make_nudges.nudge(workspace, **fields)
    assert not Nudge.objects.exists()


def test_dry_runs(nudge: Nudge) -> None:
    with refused("dry_run_state_known"), transaction.atomic():
        make_nudges.dry_run(nudge, state="dreaming")
    make_nudges.dry_run(nudge, state="running")
    make_nudges.dry_run(nudge)
    with refused("one_dry_run_of_a_nudge_at_a_time"), transaction.atomic():
        make_nudges.dry_run(nudge, state="running")


def test_one_text_for_a_channel_and_language(nudge: Nudge) -> None:
    def write() -> None:
        NudgeContent.objects.create(
            workspace=nudge.workspace, nudge=nudge, channel="email", subject="a", body="b"
        )

    write()
    with refused("content_once"), transaction.atomic():
        write()


@pytest.mark.parametrize(
    "broken",
    [
        {"a": 50},
        [{"key": "a", "name": "A", "share": 100}],
        [{"key": key, "name": key, "share": 20} for key in "abcde"],
        [make_nudges.HALVES[0], make_nudges.HALVES[0]],
        [make_nudges.HALVES[0], make_nudges.HALVES[1] | {"share": 49}],
        [make_nudges.HALVES[0] | {"share": 100}, make_nudges.HALVES[1] | {"share": 0}],
        [make_nudges.HALVES[0], {"name": "B", "share": 50}],
        [make_nudges.HALVES[0], make_nudges.HALVES[1] | {"key": "B!"}],
        [make_nudges.HALVES[0], make_nudges.HALVES[1] | {"name": ""}],
        [*make_nudges.HALVES, make_nudges.HALVES[0] | {"ended_at": "2026-03-04T12:00:00+00:00"}],
    ],
)
def test_variants_are_two_to_four_with_all_customers_shared_out(nudge: Nudge, broken: Any) -> None:
    with refused("nudge_variants_are_whole"), transaction.atomic():
        Nudge.objects.update(variants=broken, compared_since=NOW)


def test_words_are_plain_or_those_of_a_variant_that_is_tried(nudge: Nudge) -> None:
    with refused("of a variant that is tried"), transaction.atomic():
        make_messages.content(nudge, variant="a")
    Nudge.objects.update(variants=make_nudges.HALVES, compared_since=NOW)
    make_messages.content(nudge, variant="a")
    with refused("of a variant that is tried"), transaction.atomic():
        NudgeContent.objects.update(variant="c")
    with refused("leaves no words"), transaction.atomic():
        Nudge.objects.update(variants=[])


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
