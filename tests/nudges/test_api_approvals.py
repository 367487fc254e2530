"""Approvals by API: what waits is listed; who made the key approves or refuses, and every edit asks anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.models import AuditEntry
from nudges.models import Approval, Nudge, Refusal
from tests import make, make_messages, make_nudges
from tests.make import NOW
from tests.make_api import Caller, caller
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    """Above 2 customers somebody must approve; there are 3."""
    office = Office()
    make_nudges.policy(office.workspace, approval_above=2)
    for n in range(3):
        make.customer(office.workspace, email=f"c{n}@example.org")
    return office


@pytest.fixture
def nudge(office: Office) -> Nudge:
    return make_messages.nudge(office.workspace, status="draft", channels=["inbox"])


def key_of(office: Office, role: str, *scopes: str) -> Caller:
    """A key that a member with this role has made."""
    made = caller(office.workspace, *scopes)
    assert made.key is not None
    made.key.created_by = office.members[role].user
    made.key.save()
    return made


def test_what_waits_is_listed_refused_mended_and_approved(office: Office, nudge: Nudge) -> None:
    writer, owner = key_of(office, "marketer"), key_of(office, "owner")
    path = f"nudges/{nudge.pk}"
    assert writer.get("nudges", waits_for_approval="true").json()["data"] == []
    asked = writer.post(f"{path}/ask-approval").json()
    assert (asked["is_needed"], asked["audience"], asked["threshold"], asked["approval_role"]) == (
        True,
        3,
        2,
        "owner",
    )
    [waiting] = owner.get("nudges", waits_for_approval="true").json()["data"]
    assert (waiting["id"], waiting["awaits_approval"]) == (nudge.pk, True)
    assert "approved first" in writer.post(f"{path}/activate").json()["errors"][0]["detail"]

    told = {"version": nudge.version, "reason": "Too loud"}
    refused = [owner.post(f"{path}/refuse", told).json() for _ in range(2)]
    assert refused[0] == refused[1]
    assert (refused[0]["refusal"]["reason"], refused[0]["approval"]) == ("Too loud", None)
    assert owner.get("nudges", waits_for_approval="true").json()["data"] == []
    assert Nudge.objects.get().awaits_approval, "a refusal lets nothing speak"

    version = writer.patch(path, {"priority": 10}).json()["version"]
    assert [one["id"] for one in owner.get("nudges", waits_for_approval="true").json()["data"]] == [nudge.pk]
    assert owner.post(f"{path}/approve", {"version": nudge.version}).status_code == 409, "it was edited since"
    approved = owner.post(f"{path}/approve", {"version": version, "note": "Good"}).json()
    assert (approved["approval"]["note"], approved["refusal"]) == ("Good", None)
    assert approved["approval"]["by"] == office.members["owner"].user.email
    assert owner.post(f"{path}/refuse", {"version": version, "reason": "No"}).status_code == 409
    assert writer.post(f"{path}/activate").json()["status"] == "active"
    assert (Approval.objects.count(), Refusal.objects.count()) == (1, 1)
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["ask_approval", "refuse_nudge", "change_nudge", "approve_nudge", "change_status"]


def test_nobody_judges_what_they_changed_last_also_not_by_a_key(office: Office, nudge: Nudge) -> None:
    office.workspace.policy.approval_role = "marketer"
    office.workspace.policy.save()
    marketer = key_of(office, "marketer")
    version = marketer.patch(f"nudges/{nudge.pk}", {"priority": 10}).json()["version"]
    for verb, words in (("approve", {}), ("refuse", {"reason": "No"})):
        answer = marketer.post(f"nudges/{nudge.pk}/{verb}", {"version": version} | words)
        assert (answer.status_code, answer.json()["code"]) == (403, "may_not_approve")
    assert not Approval.objects.exists()
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("role", ["marketer", None])
def test_a_key_may_what_its_maker_may(office: Office, nudge: Nudge, role: str | None) -> None:
    made = key_of(office, role) if role else caller(office.workspace)
    answer = made.post(f"nudges/{nudge.pk}/approve", {"version": nudge.version})
    assert answer.status_code == 403
    assert answer.json()["code"] == ("may_not_approve" if role else "nobody_answers")
    without = key_of(office, "owner", "nudges:write")
    assert (
        without.post(f"nudges/{nudge.pk}/approve", {"version": nudge.version}).json()["code"]
        == "scope_missing"
    )
    left = key_of(office, "owner")
    office.members["owner"].delete()
    assert left.post(f"nudges/{nudge.pk}/approve", {"version": nudge.version}).status_code == 403
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("approve", {}, 422),
        ("approve", {"version": 9}, 409),
        ("refuse", {"version": 1}, 422),
        ("refuse", {"version": 1, "reason": " "}, 422),
    ],
)
def test_a_judgement_names_its_version_and_a_refusal_says_why(
    office: Office, nudge: Nudge, verb: str, body: dict[str, Any], status: int
) -> None:
    assert key_of(office, "owner").post(f"nudges/{nudge.pk}/{verb}", body).status_code == status
    assert not Approval.objects.exists()
    assert not Refusal.objects.exists()


def test_a_small_one_has_nothing_to_ask_and_strangers_find_nothing(office: Office, nudge: Nudge) -> None:
    stranger = key_of(Office(), "owner")
    for verb, body in (
        ("approve", {"version": 1}),
        ("refuse", {"version": 1, "reason": "x"}),
        ("ask-approval", {}),
    ):
        assert stranger.post(f"nudges/{nudge.pk}/{verb}", body).status_code == 404
    assert stranger.get(f"nudges/{nudge.pk}/approval").status_code == 404
    office.workspace.policy.approval_above = 3
    office.workspace.policy.save()
    answer = key_of(office, "marketer").post(f"nudges/{nudge.pk}/ask-approval")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert key_of(office, "analyst").get(f"nudges/{nudge.pk}/approval").json()["is_needed"] is False


def test_the_threshold_is_set_by_api_and_stays_where_it_is_left_out(office: Office) -> None:
    owner = key_of(office, "owner")
    assert owner.put("policy", {"caps": []}).json()["approval_above"] == 2
    changed = owner.put("policy", {"caps": [], "approval_above": 500, "approval_role": "marketer"}).json()
    assert (changed["approval_above"], changed["approval_role"]) == (500, "marketer")
    assert owner.put("policy", {"caps": [], "approval_role": "analyst"}).status_code == 422
    assert owner.put("policy", {"caps": [], "approval_above": None}).json()["approval_above"] is None


def test_the_pages_ask_refuse_and_show_why(office: Office, nudge: Nudge) -> None:
    marketer, owner = office.enter("marketer"), office.enter("owner")
    page = f"/nudges/{nudge.pk}/readiness"
    assert "1 nudge waits for an approval" not in owner.get("/").content.decode()
    assert "Ask for an approval" in marketer.get(page).content.decode()
    assert "on the list" in marketer.post(f"{page}/ask", follow=True).content.decode()
    assert "1 nudge waits for an approval" in owner.get("/").content.decode()
    assert nudge.name in owner.get("/nudges?status=waits").content.decode()
    judged = {"version": nudge.version, "refuse": "1"}
    assert "Say why" in owner.post(f"{page}/approve", judged | {"note": " "}, follow=True).content.decode()
    owner.post(f"{page}/approve", judged | {"note": "Too <loud>"})
    assert "Too &lt;loud&gt;" in marketer.get(page).content.decode()
    assert "No nudge fits" in owner.get("/nudges?status=waits").content.decode()


def test_the_database_takes_a_refusal_of_what_stands_by_who_may_and_changes_none(
    office: Office, nudge: Nudge
) -> None:
    fields = {"workspace": office.workspace, "nudge": nudge, "reason": "No", "refused_at": NOW}
    right = {"version": nudge.version, "refused_by": office.members["owner"].user}
    for refusal, more in (
        ("version that stands", right | {"version": nudge.version + 1}),
        ("only who may", right | {"refused_by": office.members["marketer"].user}),
        ("only who may", right | {"refused_by": Office().members["owner"].user}),
        ("refusal_says_why", right | {"reason": ""}),
    ):
        with pytest.raises(IntegrityError, match=refusal), transaction.atomic():
            Refusal.objects.create(**fields | more)
    Refusal.objects.create(**fields | right)
    with pytest.raises(IntegrityError, match="refusal_once"), transaction.atomic():
        Refusal.objects.create(**fields | right)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE nudges_refusal SET reason = 'Yes'")
