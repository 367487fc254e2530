"""Workers in processes of their own tell every change once, and one that dies leaves its endpoint to the others."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connection, transaction

from engagement.models import Delivery, Endpoint
from engagement.webhooks.delivering import LEASE, deliver_webhooks
from tests import make
from tests.https_peer import HANG, Answer, https_peer
from tests.make import NOW
from tests.make_webhooks import announced, endpoint
from tests.races.tell_endpoints import delete, tell
from tests.races.workers import Worker, all_at_once, wait_until

pytestmark = pytest.mark.usefixtures("committed")
WORKERS, ENDPOINTS, CHANGES = 3, 4, 45


def test_all_together_tell_every_change_once(settings: Any) -> None:
    with https_peer(settings) as program:
        for n in range(ENDPOINTS):
            announced(endpoint(make.workspace(), f"{program.url}/{n}").workspace, CHANGES)
        allowed = {
            "OUTBOUND_CA_FILE": settings.OUTBOUND_CA_FILE,
            "OUTBOUND_PRIVATE_HOSTS": settings.OUTBOUND_PRIVATE_HOSTS,
        }
        told = all_at_once([Worker(tell, **allowed) for _ in range(WORKERS)])
    heard = Counter(one.headers["webhook-id"] for one in program.received)
    assert len(heard) == ENDPOINTS * CHANGES
    assert set(heard.values()) == {1}
    assert sum(told) == Delivery.objects.filter(state="delivered").count() == ENDPOINTS * CHANGES


def test_what_a_killed_worker_was_telling_is_told_again_under_the_same_id(settings: Any) -> None:
    with https_peer(settings) as program:
        [delivery] = announced(endpoint(make.workspace(), f"{program.url}/").workspace, 1)
        program.answers = [Answer(fault=HANG)]
        allowed = {
            "OUTBOUND_CA_FILE": settings.OUTBOUND_CA_FILE,
            "OUTBOUND_PRIVATE_HOSTS": settings.OUTBOUND_PRIVATE_HOSTS,
        }
        worker = Worker(tell, **allowed)
        worker.is_ready()
        worker.go()
        wait_until(lambda: len(program.received) == 1)
        worker.kill()
        assert not deliver_webhooks(now=NOW).done, "it may be alive for all that others know"
        assert deliver_webhooks(now=NOW + LEASE)["delivered"] == 1
    assert len({one.headers["webhook-id"] for one in program.received}) == 1
    delivery.refresh_from_db()
    assert (delivery.state, len(delivery.attempts)) == ("delivered", 1)


def test_a_change_that_is_just_made_does_not_fail_because_an_endpoint_is_deleted() -> None:
    one = endpoint(make.workspace())
    worker = Worker(delete, one.pk)
    worker.is_ready()
    with transaction.atomic():
        announced(one.workspace, 1)
        worker.go()
        wait_until(somebody_waits_for_a_lock)
    assert worker.end() == 0
    assert not Endpoint.objects.filter(pk=one.pk).exists()
    assert not Delivery.objects.exists()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() is not None
