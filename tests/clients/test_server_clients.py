"""Clients for servers deliver every kind of call, unmodified, over HTTP to the program as it is served."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rudderstack.analytics import Client as RudderClient
from segment.analytics import Client as SegmentClient

from engagement.keys import make_key
from engagement.models import Address, Customer, Event, Product, RejectedEvent
from engagement.people import find_customer
from tests import make
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")
KINDS = ["identify", "track", "page", "screen", "group", "alias"]


def call_everything(client: Any) -> None:
    client.identify("u-1", {"email": "one@example.org", "plan": "gold"}, anonymous_id="anon-1")
    client.track("u-1", "Product Viewed", {"product_id": "p-1", "name": "Shoe", "price": 19.5})
    client.page("u-1", None, "Guide", {"url": "https://shop.example/guide"})
    client.screen("u-1", None, "Home", {"tab": 1})
    client.group("u-1", "g-1", {"seats": 3})
    client.alias("anon-2", "u-1")
    client.flush()
    client.join()


def segment(server: Server, key: str, **options: Any) -> None:
    call_everything(SegmentClient(key, host=server.url, on_error=fail, **options))


def rudder(server: Server, key: str, **options: Any) -> None:
    call_everything(RudderClient(key, host=server.url, on_error=fail, **options))


def fail(error: Exception, items: object) -> None:
    pytest.fail(f"the client reports {error}")


def assert_everything_arrived(workspace: Any) -> None:
    ada = Customer.objects.get(workspace=workspace, merged_into=None)
    events = {event.type: event for event in Event.objects.filter(customer=ada)}
    assert sorted(events) == sorted(KINDS)
    assert Event.objects.count() == len(KINDS)
    assert not RejectedEvent.objects.exists()
    assert (ada.external_id, ada.email, ada.traits["plan"]) == ("u-1", "one@example.org", "gold")
    assert Address.objects.get(customer=ada).value == "one@example.org"
    assert find_customer(workspace=workspace, anonymous_id="anon-1") == ada
    assert find_customer(workspace=workspace, anonymous_id="anon-2") == ada
    assert (events["track"].name, events["track"].properties["price"]) == ("Product Viewed", 19.5)
    assert (events["page"].name, events["page"].properties["url"]) == ("Guide", "https://shop.example/guide")
    assert (events["screen"].name, events["screen"].properties["tab"]) == ("Home", 1)
    assert events["group"].properties == {"groupId": "g-1", "seats": 3}
    assert Product.objects.get(workspace=workspace, sku="p-1").name == "Shoe"
    for event in events.values():
        assert 0 <= (event.received_at - event.occurred_at).total_seconds() < 30
        assert event.context["library"]["version"]


@pytest.mark.parametrize("send", [segment, rudder])
@pytest.mark.parametrize("gzip", [False, True], ids=["plain", "gzip"])
def test_python_clients_deliver_every_call(server: Server, send: Callable[..., None], gzip: bool) -> None:
    workspace = make.workspace()
    _, key = make_key(workspace=workspace, kind="write", name="shop")
    send(server, key, gzip=gzip)
    assert_everything_arrived(workspace)


@pytest.mark.parametrize("name", ["segment", "rudder"])
def test_node_clients_deliver_every_call(server: Server, node: str, name: str) -> None:
    workspace = make.workspace()
    _, key = make_key(workspace=workspace, kind="write", name="shop")
    script = Path(__file__).with_name("send.mjs")
    done = subprocess.run([node, script, name, server.url, key], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert_everything_arrived(workspace)


@pytest.mark.parametrize("client", [SegmentClient, RudderClient])
def test_python_clients_report_a_wrong_key_and_do_not_try_for_ever(server: Server, client: Any) -> None:
    errors: list[str] = []
    wrong = client("wk_wrong", host=server.url, on_error=lambda error, items: errors.append(str(error)))
    wrong.track("u-1", "Click")
    wrong.flush()
    wrong.join()
    assert len(errors) == 1
    assert "unknown_write_key" in errors[0]
    assert not Event.objects.exists()


def test_large_batches_of_a_client_are_taken(server: Server) -> None:
    workspace = make.workspace()
    _, key = make_key(workspace=workspace, kind="write", name="shop")
    client = RudderClient(key, host=server.url, on_error=fail)
    for n in range(250):
        client.track(f"u-{n % 20}", "Click", {"note": "x" * 12_000})
    client.flush()
    client.join()
    assert Event.objects.filter(workspace=workspace).count() == 250
