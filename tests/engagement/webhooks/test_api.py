"""Endpoints through the API: made, changed, tested, and what they were told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from engagement.models import AuditEntry, Delivery, Endpoint, Workspace
from engagement.sealing import unseal
from engagement.webhooks import subscribing
from engagement.webhooks.delivering import deliver_webhooks
from engagement.webhooks.subscribing import MOST_ENDPOINTS
from tests import make
from tests.https_peer import Answer, Peer
from tests.make_api import Caller, caller
from tests.make_webhooks import announced, endpoint

pytestmark = pytest.mark.django_db
URL = "https://shop.example.org/hooks"


@pytest.fixture
def api(workspace: Workspace) -> Caller:
    return caller(workspace, "webhooks:read", "webhooks:write")


def test_its_secret_is_told_once_and_kept_sealed(api: Caller, workspace: Workspace) -> None:
    answer = api.post("webhook-endpoints", {"url": URL, "types": ["review.published", "review.published"]})
    assert answer.status_code == 201
    made, row = answer.json(), Endpoint.objects.get()
    assert made["secret"].startswith("whsec_")
    assert unseal(row.sealed) == {"secret": made["secret"]}
    assert made["secret"] not in row.sealed
    assert (made["types"], made["is_enabled"]) == (["review.published"], True)
    assert answer.headers["Location"] == f"/api/v1/webhook-endpoints/{row.pk}"
    for path in ("webhook-endpoints", f"webhook-endpoints/{row.pk}"):
        assert "secret" not in api.get(path).content.decode()
    assert made["secret"] not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_made_twice_with_one_idempotency_key_it_is_there_once(api: Caller) -> None:
    answers = [api.post("webhook-endpoints", {"url": URL}, Idempotency_Key="k1").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ({}, "/url", "required"),
        ({"url": "http://shop.example.org/"}, "/url", "https"),
        ({"url": "https://10.0.0.8/"}, "/url", "not public"),
        ({"url": "https://user:word@shop.example.org/"}, "/url", "user"),
        ({"url": URL, "types": ["review.eaten"]}, "/types/0", ""),
        ({"url": URL, "is_enabled": False}, "/is_enabled", "no such field"),
    ],
)
def test_what_cannot_be_is_named(api: Caller, body: dict[str, Any], place: str, words: str) -> None:
    answer = api.post("webhook-endpoints", body)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == place
    assert words in error["detail"]
    assert not Endpoint.objects.exists()


def test_there_is_an_end_to_how_many_there_may_be(api: Caller, workspace: Workspace) -> None:
    for _ in range(MOST_ENDPOINTS):
        endpoint(workspace)
    answer = api.post("webhook-endpoints", {"url": URL})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many")


def test_it_is_changed_switched_off_and_on_and_deleted(api: Caller, workspace: Workspace) -> None:
    one = endpoint(workspace)
    path = f"webhook-endpoints/{one.pk}"
    changed = api.patch(path, {"description": "Desk", "types": ["reply.given"], "is_enabled": False}).json()
    assert (changed["description"], changed["types"]) == ("Desk", ["reply.given"])
    assert (changed["is_enabled"], changed["disabled_because"]) == (False, "by_hand")
    assert api.patch(path, {"is_enabled": True}).json()["disabled_at"] is None
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    actions = AuditEntry.objects.filter(object_id=str(one.pk)).order_by("id").values_list("action", flat=True)
    assert list(actions)[1:] == ["change_endpoint", "disable_endpoint", "enable_endpoint", "delete_endpoint"]


def test_a_change_that_fails_half_way_changes_nothing(
    api: Caller, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_given: Any) -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(subscribing, "switch_endpoint", fail)
    one = endpoint(workspace, description="Desk")
    with pytest.raises(OperationalError):
        api.patch(f"webhook-endpoints/{one.pk}", {"description": "Shelf", "is_enabled": False})
    one.refresh_from_db()
    assert (one.description, one.is_enabled) == ("Desk", True)
    assert not AuditEntry.objects.filter(action="change_endpoint").exists()


def test_a_new_secret_is_told_once(api: Caller, workspace: Workspace) -> None:
    one = endpoint(workspace)
    old = unseal(one.sealed)["secret"]
    new = api.post(f"webhook-endpoints/{one.pk}/secret").json()["secret"]
    one.refresh_from_db()
    assert unseal(one.sealed) == {"secret": new, "old_secret": old}


def test_a_test_is_told_whatever_it_wants_to_hear_of(api: Caller, told: Endpoint, program: Peer) -> None:
    api.patch(f"webhook-endpoints/{told.pk}", {"types": ["reply.given"]})
    answer = api.post(f"webhook-endpoints/{told.pk}/test")
    assert (answer.status_code, answer.json()["state"]) == (201, "pending")
    deliver_webhooks(now=timezone.now() + timedelta(seconds=1))
    [received] = program.received
    assert received.json["type"] == "endpoint.tested"
    delivered = api.get(answer.headers["Location"].removeprefix("/api/v1/")).json()
    assert (delivered["state"], delivered["attempts"][0]["status"]) == ("delivered", 200)
    assert delivered["webhook_id"] == received.headers["webhook-id"]


def test_what_it_was_told_is_listed_and_sent_again(api: Caller, told: Endpoint, program: Peer) -> None:
    deliveries = announced(told.workspace, 3)
    program.answers = [Answer(500, "later, please")] * 3
    deliver_webhooks(now=make.NOW)
    Delivery.objects.filter(pk=deliveries[0].pk).update(state="failed", due_at=None)
    path = f"webhook-endpoints/{told.pk}/deliveries"
    assert [row["id"] for row in api.pages(path)] == [one.pk for one in reversed(deliveries)]
    [failed] = api.pages(path, state="failed")
    assert failed["attempts"][0]["words"] == "later, please"
    assert api.pages(path, type="review.published") == []

    again = api.post(f"{path}/{failed['id']}/send-again").json()
    assert (again["state"], len(again["attempts"])) == ("pending", 1)
    Delivery.objects.filter(pk=failed["id"]).update(state="failed", due_at=None)
    everything = f"webhook-endpoints/{told.pk}/send-again"
    later = (make.NOW + timedelta(days=1)).isoformat()
    assert api.post(everything, {"since": later}).json() == {"sent_again": 0}
    assert api.post(everything, {"since": make.NOW.isoformat()}).json() == {"sent_again": 1}
    deliver_webhooks(now=timezone.now() + timedelta(seconds=1))
    assert Delivery.objects.filter(state="delivered").count() == 3
    ids = [one.headers["webhook-id"] for one in program.received]
    assert len(ids) == 6
    assert len(set(ids)) == 3, "sent again under the id it had"


@pytest.mark.parametrize("rest", ["", "/deliveries", "/deliveries/{delivery}"])
def test_another_workspaces_endpoint_is_not_there(api: Caller, rest: str) -> None:
    other = endpoint(make.workspace())
    [delivery] = announced(other.workspace, 1)
    assert api.get(f"webhook-endpoints/{other.pk}{rest.format(delivery=delivery.pk)}").status_code == 404


def test_another_endpoints_delivery_is_not_there(api: Caller, workspace: Workspace) -> None:
    one, other = endpoint(workspace, types=["reply.given"]), endpoint(workspace)
    [delivery] = announced(workspace, 1)
    assert delivery.endpoint_id == other.pk
    assert api.get(f"webhook-endpoints/{one.pk}/deliveries/{delivery.pk}").status_code == 404
    assert api.post(f"webhook-endpoints/{one.pk}/deliveries/{delivery.pk}/send-again").status_code == 404
