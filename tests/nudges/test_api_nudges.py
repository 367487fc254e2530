"""Nudges by API: written, moved between states, put forward, imagined, broadcast."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import AuditEntry, Customer
from nudges.models import Broadcast, Candidate, Decision, Message, Nudge, NudgeContent
from tests import make, make_nudges
from tests.make_api import caller

pytestmark = pytest.mark.django_db

WORDS = {"channel": "email", "subject": "Choose a tent", "body": "Hello {{ customer.name | default: 'you' }}"}


def nudge_in(**fields: Any) -> dict[str, Any]:
    return {
        "name": "How to compare",
        "promise": "choose_well",
        "interest": "customer",
        "category": "tips",
        "channels": ["email"],
        "trigger": "api",
        "contents": [WORDS],
    } | fields


def test_a_nudge_is_written_activated_paused_and_archived() -> None:
    workspace = make.workspace()
    make.category(workspace, "tips")
    make_nudges.need(workspace, "tents")
    shop = caller(workspace)
    made = shop.post(
        "nudges",
        nudge_in(
            trigger="stage_change",
            trigger_need="tents",
            trigger_stage="shortlist",
            conditions={"trait": "plan", "is": "gold"},
        ),
    )
    assert made.status_code == 201
    nudge = made.json()
    path = f"nudges/{nudge['id']}"
    assert (nudge["status"], nudge["category"], nudge["trigger_need"]) == ("draft", "tips", "tents")
    assert nudge["contents"][0]["language"] == "en"
    assert "gold" in nudge["conditions_text"]
    assert shop.post(f"{path}/activate").json()["status"] == "active"
    changed = shop.patch(
        path, {"priority": 80, "contents": [WORDS | {"language": "de", "subject": "Ein Zelt"}]}
    ).json()
    assert (changed["priority"], len(changed["contents"])) == (80, 2)
    assert changed["version"] > nudge["version"]
    assert shop.delete(f"{path}/contents/email/de").status_code == 204
    assert shop.post(f"{path}/pause").json()["status"] == "paused"
    assert shop.post(f"{path}/archive").json()["status"] == "archived"
    late = shop.patch(path, {"priority": 1})
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert shop.get(path).json()["priority"] == 80
    assert [row["id"] for row in shop.pages("nudges", category="tips", status="archived")] == [nudge["id"]]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"interest": None}, "/interest"),
        ({"category": "unknown"}, "/category"),
        ({"channels": []}, "/channels"),
        ({"channels": ["email", "email"]}, "/channels"),
        ({"channels": ["pigeon"]}, "/channels/0"),
        ({"priority": 101}, "/priority"),
        ({"trigger": "stage_change"}, "/trigger_stage"),
        ({"promise": "service", "interest": "business"}, "/interest"),
        ({"conditions": {"colour": "red"}}, "/conditions"),
        ({"conditions": {"all": [{"trait": "plan"}]}}, "/conditions/all/0"),
        ({"contents": [WORDS | {"body": "{{ broken"}]}, "/contents/0/body"),
        ({"respects_caps": False}, "/respects_caps"),
        ({"trigger_need": "unknown"}, "/trigger_need"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(fields: dict[str, Any], pointer: str) -> None:
    workspace = make.workspace()
    make.category(workspace, "tips")
    answer = caller(workspace).post("nudges", nudge_in(**fields))
    assert answer.status_code == 422, answer.json()
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not Nudge.objects.exists()
    assert not AuditEntry.objects.exists()


def test_words_that_fail_take_the_nudge_with_them() -> None:
    workspace = make.workspace()
    make.category(workspace, "tips")
    shop = caller(workspace)
    nudge = shop.post("nudges", nudge_in(contents=[])).json()
    refused = shop.post(f"nudges/{nudge['id']}/activate")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/contents")
    assert Nudge.objects.get().status == "draft"
    assert not NudgeContent.objects.exists()


def test_a_nudge_is_put_forward_once_for_an_occasion() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    ann, bob = make.customer(workspace, external_id="ann"), make.customer(workspace)
    stranger = make.customer(make.workspace(), external_id="other")
    shop = caller(workspace)
    body = {"customers": [bob.pk, stranger.pk], "external_ids": ["ann", "other"], "occasion": "spring"}
    first = shop.post(f"nudges/{nudge.pk}/put-forward", body)
    assert (first.status_code, first.json()["asked"], first.json()["put_forward"]) == (202, 2, 2)
    assert shop.post(f"nudges/{nudge.pk}/put-forward", body).json()["put_forward"] == 0
    again = shop.post(f"nudges/{nudge.pk}/put-forward", {"customers": [ann.pk]}, Idempotency_Key="k1")
    assert again.json()["occasion"] == "api:k1"
    assert sorted(Candidate.objects.values_list("customer_id", "occasion")) == sorted(
        [(ann.pk, "api:spring"), (bob.pk, "api:spring"), (ann.pk, "api:k1")]
    )
    assert not Message.objects.exists()


def test_a_silent_nudge_is_not_put_forward() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace, status="paused")
    customer = make.customer(workspace)
    shop = caller(workspace)
    refused = shop.post(f"nudges/{nudge.pk}/put-forward", {"customers": [customer.pk]})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert shop.post(f"nudges/{nudge.pk}/put-forward", {}).status_code == 422
    assert shop.post(f"nudges/{nudge.pk}/broadcasts", {}).status_code == 409
    assert not Candidate.objects.exists()
    assert not Broadcast.objects.exists()


def test_simulating_says_why_and_writes_nothing() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    reachable = make.customer(workspace, email="ann@example.org")
    unreachable = make.customer(workspace)
    reader = caller(workspace, "nudges:read")
    answer = reader.post(f"nudges/{nudge.pk}/simulate", {})
    assert answer.status_code == 200
    simulation = answer.json()
    assert {(row["outcome"], row["reason"]): row["count"] for row in simulation["counts"]} == {
        ("send", "sent"): 1,
        ("suppress", "unreachable"): 1,
    }
    by_customer = {row["customer"]: row for row in simulation["decisions"]}
    assert by_customer[reachable.pk]["channel"] == "email"
    assert "no address" in by_customer[unreachable.pk]["explanation"]
    one = reader.post(f"nudges/{nudge.pk}/simulate", {"customers": [unreachable.pk]}).json()
    assert [row["customer"] for row in one["decisions"]] == [unreachable.pk]
    assert not Decision.objects.exists()
    assert not Candidate.objects.exists()


def test_simulating_tells_what_would_happen_now_or_at_a_later_time() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    reachable = make.customer(workspace, email="ann@example.org")
    reader = caller(workspace, "nudges:read")
    now = timezone.now()
    tomorrow = {"customers": [reachable.pk], "at": (now + timedelta(days=1)).isoformat()}
    make_nudges.cap(workspace, 1)
    make_nudges.sent(nudge, reachable, at=now)
    asked = reader.post(f"nudges/{nudge.pk}/simulate", {"customers": [reachable.pk]}).json()
    assert asked["decisions"][0]["reason"] == "capped"
    then = reader.post(f"nudges/{nudge.pk}/simulate", tomorrow).json()
    assert then["decisions"][0]["reason"] == "sent"
    too_far = tomorrow | {"at": (now + timedelta(days=91)).isoformat()}
    assert reader.post(f"nudges/{nudge.pk}/simulate", too_far).status_code == 422


def test_a_preview_shows_the_words_of_one_customer() -> None:
    workspace = make.workspace()
    make.category(workspace, "tips")
    shop = caller(workspace)
    customer = make.customer(workspace, name="Ann")
    nudge = shop.post("nudges", nudge_in()).json()
    seen = shop.post(f"nudges/{nudge['id']}/preview", {"customer": customer.pk, "channel": "email"}).json()
    assert (seen["subject"], seen["problem"]) == ("Choose a tent", "")
    assert "Hello Ann" in seen["text"]
    foreign = make.customer(make.workspace())
    assert (
        shop.post(f"nudges/{nudge['id']}/preview", {"customer": foreign.pk, "channel": "email"}).status_code
        == 422
    )


def test_a_broadcast_is_started_paused_resumed_and_stopped() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    make.customer(workspace)
    shop = caller(workspace)
    end = (timezone.now() + timedelta(days=1)).isoformat()
    started = shop.post(f"nudges/{nudge.pk}/broadcasts", {"not_after": end})
    assert (started.status_code, started.json()["audience"], started.json()["state"]) == (201, 1, "running")
    path = f"broadcasts/{started.json()['id']}"
    assert shop.post(f"{path}/pause").json()["state"] == "paused"
    assert shop.post(f"{path}/resume").json()["state"] == "running"
    assert shop.post(f"{path}/stop").json()["state"] == "stopped"
    again = shop.post(f"{path}/resume")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert [row["state"] for row in shop.pages("broadcasts", nudge=str(nudge.pk))] == ["stopped"]
    assert shop.get(path).json()["state"] == "stopped"
    past = shop.post(f"nudges/{nudge.pk}/broadcasts", {"not_after": "2001-01-01T00:00:00Z"})
    assert past.status_code == 409
    assert Broadcast.objects.count() == 1


def test_only_the_own_workspace_and_its_writers_act_on_a_nudge() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    broadcast = caller(workspace).post(f"nudges/{nudge.pk}/broadcasts", {}).json()["id"]
    customer = make.customer(workspace)
    reader, stranger = caller(workspace, "nudges:read"), caller(make.workspace())
    for other, status in ((reader, 403), (stranger, 404)):
        assert other.patch(f"nudges/{nudge.pk}", {"name": "Mine"}).status_code == status
        assert other.post(f"nudges/{nudge.pk}/pause").status_code == status
        assert other.post(f"nudges/{nudge.pk}/broadcasts", {}).status_code == status
        assert (
            other.post(f"nudges/{nudge.pk}/put-forward", {"customers": [customer.pk]}).status_code == status
        )
        assert other.post(f"broadcasts/{broadcast}/stop").status_code == status
    for path in (f"nudges/{nudge.pk}", f"broadcasts/{broadcast}"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"nudges/{nudge.pk}/simulate", {}).status_code == 404
    nudge.refresh_from_db()
    assert nudge.status == "active"
    assert Broadcast.objects.get().state == "running"
    assert not Candidate.objects.exists()


def test_a_list_takes_as_many_queries_for_a_hundred_nudges_as_for_ten() -> None:
    workspace = make.workspace()
    for _ in range(110):
        make_nudges.nudge(workspace)
    shop = caller(workspace)
    shop.get("nudges")
    counts = []
    for limit in (10, 100):
        with CaptureQueriesContext(connection) as captured:
            assert len(shop.get("nudges", limit=limit).json()["data"]) == limit
        counts.append(len(captured))
    assert counts == [3, 3]  # the key, the nudges, their words


def test_erasing_a_customer_takes_their_messages_along() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    gone, stays = (
        make.customer(workspace, email="a@example.org"),
        make.customer(workspace, email="b@example.org"),
    )
    make_nudges.sent(nudge, gone, at=make.NOW)
    kept = make_nudges.sent(nudge, stays, at=make.NOW)
    make_nudges.customer_need(gone, make_nudges.need(workspace))
    assert caller(workspace).delete(f"customers/{gone.pk}").status_code == 204
    assert [message.pk for message in Message.objects.all()] == [kept.pk]
    assert [customer.pk for customer in Customer.objects.all()] == [stays.pk]
    assert set(Decision.objects.values_list("customer_id", flat=True)) == {stays.pk}
