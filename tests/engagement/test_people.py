"""Customers found, described and merged: everything of the source is the target's afterwards, and nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import (
    Address,
    Consent,
    Customer,
    Event,
    Fact,
    Identity,
    Merge,
    Unread,
    Workspace,
)
from engagement.people import find_customer, merge_customers
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def visitor(workspace: Workspace, value: str, **fields: Any) -> Customer:
    customer = make.customer(workspace, external_id=None, **fields)
    Identity.objects.create(
        workspace=workspace, kind="anonymous", value=value, customer=customer, created_at=NOW
    )
    return customer


def event(customer: Customer, message_id: str) -> Event:
    return Event.objects.create(
        workspace=customer.workspace,
        customer=customer,
        received_at=NOW,
        occurred_at=NOW,
        type="track",
        name="Click",
        message_id=message_id,
        source="tracking",
    )


def fact(customer: Customer, key: str, value: Any, learned_at: Any = NOW) -> Fact:
    return Fact.objects.create(
        workspace=customer.workspace, customer=customer, key=key, value=value, learned_at=learned_at
    )


def merge(source: Customer, target: Customer) -> bool:
    return merge_customers(
        workspace_id=source.workspace_id, source_id=source.id, target_id=target.id, cause="api", now=NOW
    )


def test_a_customer_is_found_by_each_id_in_their_own_workspace() -> None:
    workspace, other = make.workspace(), make.workspace()
    ada = make.customer(workspace, external_id="ada")
    someone = visitor(workspace, "a")
    assert find_customer(workspace=workspace, external_id="ada") == ada
    assert find_customer(workspace=workspace, anonymous_id="a") == someone
    assert find_customer(workspace=workspace, anonymous_id="ada") is None
    assert find_customer(workspace=workspace) is None
    assert find_customer(workspace=other, external_id="ada") is None


def test_a_merge_moves_everything_and_leaves_a_tombstone() -> None:
    workspace = make.workspace()
    tips = make.category(workspace)
    source, target = visitor(workspace, "a", email="a@x.org"), make.customer(workspace, external_id="ada")
    event(source, "1")
    event(target, "2")
    fact(source, "size", 42)
    make.consent(source, tips)
    assert merge(source, target) is True
    assert find_customer(workspace=workspace, anonymous_id="a") == target
    for model, rows in ((Event, 2), (Fact, 1), (Address, 1), (Consent, 1), (Identity, 2)):
        assert set(model.objects.values_list("customer_id", flat=True)) == {target.id}
        assert model.objects.count() == rows
    source.refresh_from_db()
    assert source.merged_into == target
    logged = Merge.objects.get()
    assert (logged.source, logged.target, logged.cause, logged.absorbed_by) == (source, target, "api", [])
    assert logged.source_snapshot["identities"] == [["anonymous", "a"]]
    assert logged.source_snapshot["email"] == "a@x.org"


def test_readers_look_at_the_target_and_no_longer_at_the_source() -> None:
    workspace = make.workspace()
    source, target = visitor(workspace, "a"), make.customer(workspace)
    Unread.objects.create(customer=source, reader="journeys", workspace=workspace, since=NOW)
    merge(source, target)
    assert set(Unread.objects.values_list("customer_id", "reader")) == {
        (target.id, "journeys"),
        (target.id, "learning"),
    }


def test_of_doubles_the_one_that_counts_is_kept() -> None:
    workspace = make.workspace()
    tips, news = make.category(workspace, "tips"), make.category(workspace, "news")
    source, target = visitor(workspace, "a", email="same@x.org"), make.customer(workspace, email="same@x.org")
    Address.objects.filter(customer=source).update(suppressed_at=NOW, suppression_reason="bounce")
    fact(source, "size", "later", NOW + timedelta(hours=1))
    fact(target, "size", "earlier")
    Consent.objects.create(
        workspace=workspace,
        customer=source,
        category=tips,
        channel="email",
        state="denied",
        source="form",
        at=NOW,
    )
    make.consent(target, tips)
    make.consent(source, news)
    Consent.objects.create(
        workspace=workspace,
        customer=target,
        category=news,
        channel="email",
        state="denied",
        source="form",
        at=NOW - timedelta(days=1),
    )
    merge(source, target)
    assert Fact.objects.get().value == "later"
    assert Address.objects.get().suppressed_at == NOW
    assert dict(Consent.objects.values_list("category__slug", "state")) == {
        "tips": "denied",
        "news": "granted",
    }
    assert set(Consent.objects.values_list("customer_id", flat=True)) == {target.id}


def test_a_merge_keeps_what_each_side_knew() -> None:
    workspace = make.workspace()
    source = visitor(
        workspace, "a", at=NOW - timedelta(days=9), traits={"plan": "gold", "size": 1}, name="Ada"
    )
    target = make.customer(workspace, traits={"plan": "silver"}, timezone="Europe/Riga")
    merge(source, target)
    target.refresh_from_db()
    assert target.traits == {"plan": "silver", "size": 1}
    assert (target.name, target.timezone, target.first_seen_at) == (
        "Ada",
        "Europe/Riga",
        NOW - timedelta(days=9),
    )


def test_who_was_merged_into_the_source_stands_for_the_target() -> None:
    workspace = make.workspace()
    first, second, last = visitor(workspace, "a"), visitor(workspace, "b"), make.customer(workspace)
    assert merge(first, second)
    assert merge(second, last)
    first.refresh_from_db()
    assert first.merged_into == last
    assert find_customer(workspace=workspace, anonymous_id="a") == last


def test_a_merge_happens_once() -> None:
    workspace = make.workspace()
    source, target, third = visitor(workspace, "a"), make.customer(workspace), make.customer(workspace)
    assert merge(source, target)
    assert not merge(source, target)
    assert not merge(source, third)
    assert not merge(third, source)
    assert not merge(third, third)
    assert Merge.objects.count() == 1


def test_nobody_is_merged_across_workspaces() -> None:
    here, there = make.workspace(), make.workspace()
    source, target = visitor(here, "a"), make.customer(there)
    for workspace in (here, there):
        assert not merge_customers(
            workspace_id=workspace.id, source_id=source.id, target_id=target.id, cause="api", now=NOW
        )
    assert not Merge.objects.exists()
    assert not Unread.objects.filter(customer=target, workspace=here).exists()
