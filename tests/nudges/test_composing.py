"""What a nudge declares: whom it serves, what it promises, and who may take it out of the limits."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from engagement.models import Category, Workspace
from nudges.composing import CannotChange, save_nudge
from nudges.models import Interest, Nudge, Policy, Promise
from tests import make
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def declared(workspace: Workspace, **fields: Any) -> dict[str, Any]:
    return {
        "name": "A tip",
        "promise": "choose_well",
        "interest": "customer",
        "category": Category.objects.filter(workspace=workspace).first() or make.category(workspace),
        "channels": ["email"],
        "trigger": "api",
    } | fields


def declare(office: Office, role: str = "owner", **fields: Any) -> Nudge:
    return save_nudge(
        nudge=Nudge(workspace=office.workspace),
        values=declared(office.workspace, **fields),
        actor=office.members[role].user,
        now=timezone.now(),
    )


def form(nudge: Nudge, **fields: Any) -> dict[str, Any]:
    """What the page sends; a box that is not ticked is not in it."""
    return {
        "name": nudge.name,
        "promise": nudge.promise,
        "interest": nudge.interest,
        "category": nudge.category_id,
        "channel_1": "email",
        "trigger": "api",
        "priority": 50,
        "on_cap": "drop",
        "expires_after_hours": 72,
    } | fields


def test_the_promises_are_five_and_the_interests_two() -> None:
    assert set(Promise.values) == {"choose_well", "choose_us", "feel_good", "adapt", "service"}
    assert set(Interest.values) == {"customer", "business"}


def test_interest_is_mandatory_and_has_no_default() -> None:
    assert not Nudge._meta.get_field("interest").has_default()
    assert Nudge().interest == ""  # which the database refuses: nudge_interest_declared


def test_service_is_always_customer(office: Office) -> None:
    with pytest.raises(CannotChange) as refused:
        declare(office, promise="service", interest="business")
    assert refused.value.field == "interest"
    assert not Nudge.objects.exists()


class TestOnlyServiceMayPassCapsAndAnOwnerMustAllowIt:
    def test_nothing_but_service_may(self, office: Office) -> None:
        Policy.objects.create(workspace=office.workspace, allow_service_exempt=True)
        for promise in set(Promise.values) - {"service"}:
            with pytest.raises(CannotChange, match="Only a service message") as refused:
                declare(office, promise=promise, respects_caps=False)
            assert refused.value.field == "respects_caps"

    def test_the_workspace_must_allow_it_first(self, office: Office) -> None:
        Policy.objects.create(workspace=office.workspace)
        with pytest.raises(CannotChange, match="Settings → Limits"):
            declare(office, promise="service", respects_caps=False)

    @pytest.mark.parametrize("field", ["respects_caps", "counts"])
    def test_nobody_but_an_owner_says_so_of_a_nudge(self, office: Office, field: str) -> None:
        Policy.objects.create(workspace=office.workspace, allow_service_exempt=True)
        made = declare(office, "marketer", promise="service")
        with pytest.raises(CannotChange, match="Only an owner") as refused:
            save_nudge(
                nudge=made, values={field: False}, actor=office.members["marketer"].user, now=timezone.now()
            )
        assert refused.value.field == field
        made.refresh_from_db()
        assert (made.respects_caps, made.counts, made.version) == (True, True, 1)
        allowed = save_nudge(
            nudge=made, values={field: False}, actor=office.members["owner"].user, now=timezone.now()
        )
        assert getattr(allowed, field) is False
        owner = office.members["owner"].user if field == "respects_caps" else None
        assert allowed.exempt_allowed_by == owner

    def test_the_page_offers_it_to_owners_alone_and_who_edits_later_changes_nothing_of_it(
        self, office: Office
    ) -> None:
        Policy.objects.create(workspace=office.workspace, allow_service_exempt=True)
        made = declare(office, promise="service")
        marketer, owner = office.enter("marketer"), office.enter("owner")
        page = f"/nudges/{made.pk}/edit"
        assert "Keeps to the limits" in owner.get(page).content.decode()
        assert "Keeps to the limits" not in marketer.get(page).content.decode()
        marketer.post(page, form(made, priority=60))
        made.refresh_from_db()
        assert (made.priority, made.respects_caps, made.counts) == (60, True, True)
        owner.post(page, form(made))
        marketer.post(page, form(made, priority=70))
        made.refresh_from_db()
        assert (made.priority, made.respects_caps, made.counts) == (70, False, False)
        told = marketer.get(f"/nudges/{made.pk}").content.decode()
        assert f"allowed by {office.members['owner'].user.email}" in told
