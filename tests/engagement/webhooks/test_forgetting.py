"""What was told long ago is forgotten, and whom it named when they were erased as soon as it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.erasing import erase_customer
from engagement.models import Announcement, Delivery, Endpoint, Workspace
from engagement.webhooks.delivering import deliver_webhooks
from engagement.webhooks.forgetting import KEPT, forget_announcements
from tests import make
from tests.https_peer import Peer
from tests.make_webhooks import announced

pytestmark = pytest.mark.django_db
NOW = make.NOW


def test_what_is_older_than_thirty_days_goes_also_if_it_was_never_taken(
    workspace: Workspace, told: Endpoint
) -> None:
    announced(workspace, 2)
    announced(workspace, 1, at=NOW + timedelta(days=1))
    assert forget_announcements(now=NOW + KEPT) == {"taken": 0}
    assert forget_announcements(now=NOW + KEPT + timedelta(hours=1)) == {"taken": 2}
    assert (Announcement.objects.count(), Delivery.objects.count()) == (1, 1)


def test_a_run_forgets_so_many(workspace: Workspace, told: Endpoint) -> None:
    announced(workspace, 3)
    later = NOW + timedelta(days=40)
    assert [forget_announcements(now=later, limit=2).done for _ in range(3)] == [2, 1, 0]


def test_who_was_erased_is_forgotten_once_it_is_told(
    workspace: Workspace, told: Endpoint, program: Peer
) -> None:
    erase_customer(customer=make.customer(workspace, external_id="shop-7"), actor=None, now=NOW)
    assert not forget_announcements(now=NOW).done
    deliver_webhooks(now=NOW)
    assert program.received[0].json["data"]["customer"]["external_id"] == "shop-7"
    assert forget_announcements(now=NOW).done == 1
    assert not Announcement.objects.exists()
