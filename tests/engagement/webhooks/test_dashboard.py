"""Endpoints in the dashboard: who may do what, and what one sees."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Delivery, Endpoint
from engagement.sealing import unseal
from engagement.webhooks.delivering import deliver_webhooks
from tests import make
from tests.https_peer import Answer, Peer
from tests.make_dashboard import Office
from tests.make_webhooks import announced, endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_an_owner_adds_a_program_and_sees_its_secret_once(office: Office) -> None:
    client = office.enter("owner")
    page = text_of(
        client.post("/settings/webhooks", {"url": "https://shop.example.org/h", "types": "reply.given"})
    )
    [one] = Endpoint.objects.filter(workspace=office.workspace)
    assert unseal(one.sealed)["secret"] in page
    assert one.types == ["reply.given"]
    for path in ("/settings/webhooks", f"/settings/webhooks/{one.pk}"):
        assert unseal(one.sealed)["secret"] not in text_of(client.get(path))


def test_a_private_address_is_refused_in_words(office: Office) -> None:
    page = text_of(
        office.enter("owner").post("/settings/webhooks", {"url": "https://localhost.localdomain@x/"})
    )
    assert "This address cannot be used" in page
    page = text_of(office.enter("owner").post("/settings/webhooks", {"url": "https://192.168.1.2/"}))
    assert "is not public" in page
    assert not Endpoint.objects.exists()


def test_the_log_shows_what_was_said_escaped_and_sends_again(office: Office, program: Peer) -> None:
    one = endpoint(office.workspace, f"{program.url}/hooks")
    [delivery] = announced(office.workspace, 1)
    program.answers = [Answer(500, "<b>not now</b>")]
    deliver_webhooks(now=make.NOW)
    client, path = office.enter("marketer"), f"/settings/webhooks/{one.pk}"
    page = client.get(path).content.decode()
    assert "&lt;b&gt;not now&lt;/b&gt;" in page
    assert "<b>not now" not in page
    assert "guide.published" in page
    assert "guide.published" not in client.get(f"{path}?state=failed").content.decode().split("<form", 1)[1]
    client.post(f"{path}/again", {"delivery": delivery.pk})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 0)


def test_a_program_of_another_workspace_is_not_there(office: Office) -> None:
    other = endpoint(make.workspace())
    client = office.enter("owner")
    assert client.get(f"/settings/webhooks/{other.pk}").status_code == 404
    for what in ("secret", "switch", "delete", "test", "again"):
        assert client.post(f"/settings/webhooks/{other.pk}/{what}").status_code == 404
    assert not Delivery.objects.exists()


def test_one_that_was_given_up_is_said_at_home_until_it_is_on_again(office: Office) -> None:
    one = endpoint(office.workspace, description="Order desk")
    assert "Order desk" not in text_of(office.enter("analyst").get("/"))
    Endpoint.objects.update(is_enabled=False, disabled_because="failing", disabled_at=make.NOW)
    assert "“Order desk” is told of no changes any more" in text_of(office.enter("analyst").get("/"))
    client = office.enter("owner")
    client.post(f"/settings/webhooks/{one.pk}/switch", {"on": "yes"})
    assert "Order desk" not in text_of(client.get("/"))
    client.post(f"/settings/webhooks/{one.pk}/switch", {"on": "no"})
    assert "Order desk" not in text_of(client.get("/")), "who switched it off by hand knows"


def test_the_pages_ask_as_often_for_much_as_for_little(office: Office) -> None:
    one = endpoint(office.workspace)
    client = office.enter("owner")
    asked: dict[str, list[int]] = {"/settings/webhooks": [], f"/settings/webhooks/{one.pk}": []}
    for count in (2, 20):
        announced(office.workspace, count, at=make.NOW + timedelta(seconds=count))
        endpoint(office.workspace)
        for path, counts in asked.items():
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert re.search("guide.published|shop.example.org", text_of(client.get(path)))
            counts.append(len(queries))
    assert all(few == many for few, many in asked.values())
