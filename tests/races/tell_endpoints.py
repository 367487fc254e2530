"""What workers do with endpoints while others do something with them too."""

from __future__ import annotations

from engagement.models import Endpoint
from engagement.webhooks.delivering import deliver_webhooks
from engagement.webhooks.subscribing import delete_endpoint
from tests.make import NOW
from tests.races.workers import wait_for_the_others


def tell() -> int:
    """How many it told until nothing was due."""
    wait_for_the_others()
    told = 0
    while (counts := deliver_webhooks(now=NOW, limit=1)).done:
        told += counts["delivered"]
    return told


def delete(endpoint_id: int) -> None:
    """Delete an endpoint."""
    endpoint = Endpoint.objects.select_related("workspace").get(pk=endpoint_id)
    wait_for_the_others()
    delete_endpoint(endpoint=endpoint, actor=None, now=NOW)
