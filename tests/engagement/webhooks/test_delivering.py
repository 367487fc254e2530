"""What was announced reaches the company's own program, over a real connection, and is tried again until it does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import AuditEntry, Endpoint, Workspace
from engagement.sealing import unseal
from engagement.webhooks.delivering import LEASE, MOST_ATTEMPTS_KEPT, SHARE, deliver_webhooks
from engagement.webhooks.subscribing import renew_secret, send_again, switch_endpoint
from engagement.webhooks.waits import GIVEN_UP_AFTER, MOST_TRIES, WAITS
from tests import make
from tests.https_peer import HANG, RESET, Answer, Peer
from tests.make_webhooks import announced, endpoint, is_signed

pytestmark = pytest.mark.django_db
NOW = make.NOW
SECOND = timedelta(seconds=1)


def secret_of(told: Endpoint) -> str:
    told.refresh_from_db()
    return unseal(told.sealed)["secret"]


def test_it_is_posted_signed_with_the_same_body_and_id_at_every_attempt(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    [delivery] = announced(workspace, 1)
    program.answers = [Answer(500, "busy")]
    assert deliver_webhooks(now=NOW) == {"taken": 1, "refused": 1}
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 1)
    later = delivery.due_at
    assert later is not None
    assert deliver_webhooks(now=later) == {"taken": 1, "delivered": 1}

    first, second = program.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == first.json["id"]
    assert first.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert second.headers["webhook-timestamp"] == str(int(later.timestamp()))
    for one in (first, second):
        assert is_signed(one.headers, one.body, secret_of(told))
        assert not is_signed(one.headers, one.body + b" ", secret_of(told))
    assert first.json == {
        "id": f"evt_{delivery.announcement.key.hex}",
        "type": "guide.published",
        "timestamp": "2026-03-04T12:00:00Z",
        "sequence": delivery.announcement_id,
        "data": {"n": 0},
    }
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at) == ("delivered", None)
    assert [(one["status"], one["words"]) for one in delivery.attempts] == [(500, "busy"), (200, "")]
    assert not deliver_webhooks(now=later + timedelta(days=9)).done


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 422, 500])
def test_any_answer_but_2xx_is_a_refusal_and_is_never_followed(
    workspace: Workspace, told: Endpoint, program: Peer, status: int
) -> None:
    announced(workspace, 2)
    program.answers = [Answer(status, "no", {"Location": f"{program.url}/elsewhere"})]
    assert deliver_webhooks(now=NOW) == {"taken": 1, "delivered": 1, "refused": 1}
    assert {one.path for one in program.received} == {"/hooks"}
    told.refresh_from_db()
    assert (told.failing_since, told.free_at) == (None, NOW), (
        "one change refused is no reason to stop the others"
    )


@pytest.mark.parametrize("answer", [Answer(fault=RESET), Answer(503, "down"), Answer(429, "slow down")])
def test_an_endpoint_that_is_out_rests_and_what_waits_stays_untried(
    workspace: Workspace, told: Endpoint, program: Peer, answer: Answer
) -> None:
    deliveries = announced(workspace, 30)
    program.otherwise = answer
    assert deliver_webhooks(now=NOW)["delivered"] == 0
    assert len(program.received) <= 4, "one for each lane at most"
    told.refresh_from_db()
    assert (told.failing_since, told.free_at) == (NOW, NOW + timedelta(seconds=15))
    assert not deliver_webhooks(now=NOW + SECOND).done
    program.otherwise = Answer()
    assert deliver_webhooks(now=NOW + timedelta(seconds=20))["delivered"] == len(deliveries)
    told.refresh_from_db()
    assert told.failing_since is None


def test_who_asks_to_wait_is_left_for_so_long(workspace: Workspace, told: Endpoint, program: Peer) -> None:
    [delivery] = announced(workspace, 1)
    program.answers = [Answer(429, "", {"Retry-After": "3600"})]
    deliver_webhooks(now=NOW)
    delivery.refresh_from_db()
    assert delivery.due_at == NOW + timedelta(hours=1)


def test_a_slow_endpoint_holds_up_nobody_else(
    workspace: Workspace, told: Endpoint, program: Peer, settings: Any
) -> None:
    settings.PROVIDER_TIMEOUT = 2
    hanging = endpoint(make.workspace(), f"{program.url}/hanging")
    announced(hanging.workspace, 10)
    announced(workspace, SHARE + 5)
    answer_to = program.answer_to
    program.answer_to = lambda request: (  # type: ignore[method-assign]
        Answer(fault=HANG) if request.path == "/hanging" else answer_to(request)
    )
    assert deliver_webhooks(now=NOW)["delivered"] == SHARE
    assert deliver_webhooks(now=NOW) == {"taken": 1, "delivered": 5}
    hanging.refresh_from_db()
    assert hanging.free_at > NOW
    assert "ReadTimeout" in hanging.deliveries.order_by("id")[0].attempts[0]["words"]


def test_every_workspace_gets_its_turn_however_much_another_has(program: Peer) -> None:
    busy, quiet = make.workspace(), make.workspace()
    for n in range(5):
        endpoint(busy, f"{program.url}/busy/{n}")
    endpoint(quiet, f"{program.url}/quiet")
    announced(busy, 3)
    announced(quiet, 1, at=NOW + SECOND)
    deliver_webhooks(now=NOW + SECOND, limit=2)
    assert {one.path.split("/")[1] for one in program.received} == {"busy", "quiet"}


def test_what_a_dead_worker_had_is_told_after_its_lease(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    announced(workspace, 1)
    Endpoint.objects.update(free_at=NOW + LEASE)
    assert not deliver_webhooks(now=NOW).done
    assert deliver_webhooks(now=NOW + LEASE)["delivered"] == 1


def test_it_is_tried_for_three_days_and_then_given_up(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    [delivery] = announced(workspace, 1)
    program.otherwise = Answer(500, "no")
    now, waits = NOW, []
    while delivery.state == "pending":
        deliver_webhooks(now=now)
        delivery.refresh_from_db()
        waits.append((delivery.due_at or now) - now)
        now = delivery.due_at or now
    assert delivery.state == "failed"
    assert len(program.received) == delivery.tries == MOST_TRIES
    assert all(wait <= waited <= wait * 1.2 for wait, waited in zip(WAITS, waits, strict=False))
    assert timedelta(days=3) < now - NOW < timedelta(days=4)
    told.refresh_from_db()
    assert (told.is_enabled, told.failing_since) == (True, NOW)
    program.otherwise = Answer()
    assert send_again(endpoint=told, delivery_id=delivery.pk, now=now)
    assert deliver_webhooks(now=now)["delivered"] == 1
    delivery.refresh_from_db()
    assert len(delivery.attempts) == MOST_TRIES + 1 <= MOST_ATTEMPTS_KEPT


def test_one_that_takes_nothing_for_days_is_switched_off_and_the_trail_says_so(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    announced(workspace, 1)
    program.otherwise = Answer(500)
    deliver_webhooks(now=NOW)
    announced(workspace, 1, at=NOW + GIVEN_UP_AFTER)
    deliver_webhooks(now=NOW + GIVEN_UP_AFTER)
    told.refresh_from_db()
    assert (told.is_enabled, told.disabled_because) == (False, "failing")
    entry = AuditEntry.objects.get(action="disable_endpoint")
    assert (entry.actor_label, entry.object_id) == ("system", str(told.pk))
    heard = len(program.received)
    later = NOW + timedelta(days=8)
    assert not deliver_webhooks(now=later).done
    assert len(program.received) == heard

    program.otherwise = Answer()
    switch_endpoint(endpoint=told, is_on=True, actor=None, now=later)
    assert deliver_webhooks(now=later)["delivered"] == 2, "what waited while it was off is told"


def test_one_that_says_it_is_gone_is_switched_off_at_once(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    announced(workspace, 1)
    program.answers = [Answer(410)]
    deliver_webhooks(now=NOW)
    told.refresh_from_db()
    assert (told.is_enabled, told.disabled_because, told.disabled_at) == (False, "gone", NOW)


def test_for_a_day_after_a_renewal_both_secrets_sign(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    old = secret_of(told)
    new = renew_secret(endpoint=told, actor=None, now=NOW)
    for day in (0, 1):
        announced(workspace, 1, at=NOW + timedelta(days=day))
        deliver_webhooks(now=NOW + timedelta(days=day))
    during, after = program.received
    assert is_signed(during.headers, during.body, old)
    assert is_signed(during.headers, during.body, new)
    assert not is_signed(after.headers, after.body, old)
    assert is_signed(after.headers, after.body, new)


def test_a_secret_that_cannot_be_opened_is_said_and_nothing_is_posted(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    Endpoint.objects.update(sealed="gAAAA-of-another-installation")
    [delivery] = announced(workspace, 1)
    deliver_webhooks(now=NOW)
    delivery.refresh_from_db()
    assert "make a new one" in delivery.attempts[0]["words"]
    assert not program.received


def test_a_private_address_is_never_spoken_to(
    workspace: Workspace, told: Endpoint, program: Peer, settings: Any
) -> None:
    [delivery] = announced(workspace, 1)
    settings.OUTBOUND_PRIVATE_HOSTS = []
    deliver_webhooks(now=NOW)
    delivery.refresh_from_db()
    assert "is not public" in delivery.attempts[0]["words"]
    assert not program.received


def test_it_asks_as_often_for_many_as_for_few(workspace: Workspace, told: Endpoint, program: Peer) -> None:
    asked = []
    for count in (1, SHARE):
        announced(workspace, count, at=NOW + timedelta(seconds=count))
        with CaptureQueriesContext(connection) as queries:
            assert deliver_webhooks(now=NOW + timedelta(seconds=count))["delivered"] == count
        asked.append(len(queries))
    assert asked[0] == asked[1]
