"""Each account with a provider fails, is limited and warms up alone: the installation's, and those of workspaces."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Workspace
from nudges.channels import Refused
from nudges.channels.accounts import remove_account
from nudges.models import Circuit, Message, Nudge, Quota
from nudges.sending import send_messages
from nudges.sending.routes import routes_of, waiting_routes
from tests import make, make_channels, make_messages
from tests.make import NOW
from tests.nudges.sending.scripted import Scripted, message, names

pytestmark = pytest.mark.django_db
DOWN = Refused("connection refused", permanent=False, is_provider=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def owner() -> Nudge:
    """A nudge of a shop that sends by its own account."""
    nudge = make_messages.nudge(make.workspace(name="Own account"))
    make_channels.account(nudge.workspace, "email", provider="postmark", api_key="k")
    return nudge


def key_of(workspace: Workspace) -> str:
    [key] = [route.key for route in routes_of(workspace, now=NOW) if route.name == "email"]
    return key


def test_the_installations_open_circuit_holds_no_own_account(nudge: Nudge, owner: Nudge) -> None:
    Circuit.objects.create(provider="scripted", failures=3, open_until=NOW + HOUR, changed_at=NOW)
    message(nudge, "theirs")
    message(owner, "own")
    assert send_messages(now=NOW)["sent"] == 1
    assert names(Scripted.given) == ["own"]
    assert Circuit.objects.get().failures == 3, "what an account does says nothing about the installation's"


def test_an_own_account_that_fails_opens_its_own_circuit_and_holds_nobody_else(
    nudge: Nudge, owner: Nudge
) -> None:
    failing = [message(owner, f"own{n}") for n in range(8)]
    Scripted.answers = {each.address: [DOWN] * 9 for each in failing}
    other = make_messages.nudge(make.workspace())
    make_channels.account(other.workspace, "email", provider="brevo", api_key="k")
    message(nudge, "theirs")
    message(other, "another")
    assert send_messages(now=NOW)["sent"] == 2
    assert sorted(names(Scripted.given)) == ["another", "own0", "own1", "own2", "theirs"]
    assert Circuit.objects.get().provider == key_of(owner.workspace)
    assert set(Message.objects.filter(workspace=owner.workspace).values_list("state", "attempts")) == {
        ("decided", 0)
    }
    # Who mends the account need not wait.
    make_channels.account(owner.workspace, "email", api_key="another")
    assert not Circuit.objects.exists()


def test_limits_of_the_installation_are_not_those_of_an_account(
    nudge: Nudge, owner: Nudge, settings: Any
) -> None:
    settings.PROVIDER_LIMITS = {"scripted": {"warm_up_from": NOW.date().isoformat(), "first_day": 2}}
    make_channels.account(
        owner.workspace, "email", warm_up_from=(NOW - timedelta(days=1)).date().isoformat(), first_day="2"
    )
    for n in range(6):
        message(nudge, f"theirs{n}")
        message(owner, f"own{n}")
    assert send_messages(now=NOW)["sent"] == 2 + 4, "the account is in its second day"
    assert dict(Quota.objects.values_list("provider", "used")) == {
        "scripted": 2,
        key_of(owner.workspace): 4,
    }
    assert send_messages(now=NOW)["sent"] == 0
    remove_account(workspace=owner.workspace, channel="email", actor=None, now=NOW)
    assert Quota.objects.get().provider == "scripted"
    assert send_messages(now=NOW)["sent"] == 0, "now it leaves by the installation's, which has had its share"


def test_an_account_that_names_no_provider_leaves_by_the_installations(nudge: Nudge) -> None:
    make_channels.account(nudge.workspace, "email", webhook_secret="s")
    assert key_of(nudge.workspace) == "scripted"


def test_many_accounts_share_a_run_and_take_turns_to_be_first() -> None:
    for n in range(4):
        nudge = make_messages.nudge(make.workspace())
        make_channels.account(nudge.workspace, "email", provider="postmark", api_key="k")
        for m in range(3):
            message(nudge, f"p{n}-{m}")
    assert send_messages(now=NOW, limit=8)["sent"] == 8
    first = {waiting_routes(limit=8, now=NOW + timedelta(seconds=n))[0][0].workspaces[0] for n in range(60)}
    assert len(first) == 4
    assert {route.most for route in waiting_routes(limit=8, now=NOW)[0]} == {2}


def test_between_chunks_only_service_is_sent(nudge: Nudge) -> None:
    message(nudge, "tip")
    assert send_messages(now=NOW, urgent_only=True) == {}
    other = make_messages.nudge(make.workspace(), promise="service")
    message(other, "served")
    [[route]] = waiting_routes(limit=8, now=NOW, urgent_only=True)
    assert list(route.workspaces) == [other.workspace_id]
    assert send_messages(now=NOW, urgent_only=True)["sent"] == 1
    assert send_messages(now=NOW)["sent"] == 1  # the tip


def test_who_waits_is_found_by_one_query_and_what_is_due_later_does_not_wait(nudge: Nudge) -> None:
    message(nudge, "later", next_attempt_at=NOW + HOUR)
    waiting_routes(limit=8, now=NOW)  # prepares the statement, where this test is the first of its process
    with CaptureQueriesContext(connection) as queries:
        assert waiting_routes(limit=8, now=NOW) == []
        message(make_messages.nudge(nudge.workspace, promise="service"), "served")
    assert len([one for one in queries if "find_waiting" in one["sql"]]) == 1
    [[route]] = waiting_routes(limit=8, now=NOW)
    assert list(route.workspaces) == [nudge.workspace_id]
