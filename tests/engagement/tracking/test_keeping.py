"""What is kept of a call, and what is not."""

from __future__ import annotations

import pytest

from engagement.models import Customer, Event, Workspace
from tests.engagement.tracking.calls import VIEWED, Send, batch, refused, stored

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("absent", [None, ""])
def test_an_empty_id_is_none_and_a_number_is_a_text(
    send: Send, workspace: Workspace, absent: str | None
) -> None:
    send("/v1/track", {"event": "Click", "userId": 42, "anonymousId": absent})
    customer = Customer.objects.get(workspace=workspace)
    assert customer.external_id == "42"
    assert list(customer.identities.values_list("kind", "value")) == [("external", "42")]


def test_traits_are_found_in_the_context_too(send: Send, workspace: Workspace) -> None:
    send(
        "/v1/identify",
        {"userId": "ada", "context": {"traits": {"plan": "gold", "age": 3}}, "traits": {"age": 4}},
    )
    assert Customer.objects.get(workspace=workspace).traits == {"plan": "gold", "age": 4}


def test_surroundings_are_kept_without_what_singles_out_a_person(send: Send, workspace: Workspace) -> None:
    context = {
        "ip": "203.0.113.77",
        "userAgent": "Mozilla",
        "locale": "de_AT",
        "timezone": "Europe/Riga",
        "page": {"url": "https://shop.example/a", "title": "A", "tab": 7},
        "campaign": {"name": "spring", "unknown": "x"},
        "library": {"name": "analytics-python", "version": "2"},
        "sessionId": 1234,
        "device": {"id": "tracking-id", "advertisingId": "x"},
        "traits": {"email": "a@b.cd"},
    }
    send(
        "/v1/track",
        {"event": "Click", "userId": "ada", "context": context, "channel": "web", "_metadata": {"a": 1}},
    )
    assert stored(workspace).context == {
        "ip": "203.0.113.0",
        "userAgent": "Mozilla",
        "locale": "de-AT",
        "timezone": "Europe/Riga",
        "page": {"url": "https://shop.example/a", "title": "A"},
        "campaign": {"name": "spring"},
        "library": {"name": "analytics-python", "version": "2"},
        "sessionId": "1234",
        "channel": "web",
    }


def test_a_batch_says_for_all_what_an_event_does_not_say_itself(send: Send, workspace: Workspace) -> None:
    send(
        "/v1/batch",
        batch(VIEWED | {"context": {"locale": "de"}}, context={"locale": "fr", "timezone": "Europe/Riga"}),
    )
    assert stored(workspace).context == {"locale": "de", "timezone": "Europe/Riga"}


def test_a_sender_can_ask_that_nothing_be_started(send: Send, workspace: Workspace) -> None:
    send("/v1/track", VIEWED | {"integrations": {"All": False}})
    assert stored(workspace).context["automation"] is False


def test_the_peer_stands_in_for_the_visitor_only_where_it_is_one(send: Send, workspace: Workspace) -> None:
    send("/v1/track", VIEWED | {"messageId": "server"})
    send("/v1/track", VIEWED | {"messageId": "browser", "context": {"userAgent": "Mozilla"}})
    contexts = dict(Event.objects.filter(workspace=workspace).values_list("message_id", "context"))
    assert contexts == {"server": {}, "browser": {"userAgent": "Mozilla", "ip": "127.0.0.0"}}


def test_a_page_has_its_category_and_a_group_its_id(send: Send, workspace: Workspace) -> None:
    send(
        "/v1/page",
        {"userId": "ada", "name": "Guide", "category": "Docs", "properties": {"url": "https://x.example"}},
    )
    send("/v1/group", {"userId": "ada", "groupId": 7, "traits": {"plan": "team"}})
    found = {
        event.type: (event.name, event.properties) for event in Event.objects.filter(workspace=workspace)
    }
    assert found == {
        "page": ("Guide", {"category": "Docs", "url": "https://x.example"}),
        "group": ("Group", {"groupId": "7", "plan": "team"}),
    }


def test_nul_characters_are_left_out(send: Send, workspace: Workspace) -> None:
    send("/v1/track", VIEWED | {"properties": {"a\x00b": ["x\x00", {"y": "\x00"}]}})
    assert stored(workspace).properties == {"ab": ["x", {"y": ""}]}
    assert refused(workspace) == []


@pytest.mark.parametrize("name", ["viewed product", "PRODUCT VIEWED", " Product Viewed "])
def test_older_names_mean_the_same(send: Send, workspace: Workspace, name: str) -> None:
    send("/v1/track", VIEWED | {"event": name})
    assert stored(workspace).name == "Product Viewed"


def test_an_alias_of_an_id_to_itself_does_nothing(send: Send, workspace: Workspace) -> None:
    response = send("/v1/alias", {"userId": "u-2", "previousId": "u-2"})
    assert response.content == b'{"success": true}'
    assert (Event.objects.count(), refused(workspace)) == (0, [])


def test_an_alias_of_two_known_customers_joins_nobody_and_says_so(send: Send, workspace: Workspace) -> None:
    alias = {"type": "alias", "userId": "ada", "previousId": "bob"}
    send("/v1/batch", batch(VIEWED, VIEWED | {"userId": "bob", "messageId": "m2"}, alias))
    assert Customer.objects.filter(workspace=workspace, merged_into=None).count() == 2
    assert refused(workspace) == [(2, "alias_of_two_known")]


def test_a_long_message_id_still_recognises_a_retry(send: Send, workspace: Workspace) -> None:
    for _ in range(2):
        send("/v1/track", VIEWED | {"messageId": "x" * 5000})
    assert Event.objects.filter(workspace=workspace).count() == 1


def test_without_a_message_id_each_call_counts(send: Send, workspace: Workspace) -> None:
    for _ in range(2):
        send("/v1/track", {"event": "Click", "userId": "ada"})
    assert Event.objects.filter(workspace=workspace).count() == 2
