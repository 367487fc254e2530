"""A bad event costs only itself, and its sender can read why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engagement.models import Customer, Event, RejectedEvent, Workspace
from tests.engagement.tracking.calls import VIEWED, Send, batch, refused

pytestmark = pytest.mark.django_db


BAD = [
    ("text", "not_an_object"),
    ({"userId": "a"}, "unknown_type"),
    ({"type": "purchase", "userId": "a"}, "unknown_type"),
    ({"type": ["track"], "userId": "a"}, "unknown_type"),
    ({"type": "track", "event": "x"}, "id_missing"),
    ({"type": "track", "event": "x", "userId": "", "anonymousId": None}, "id_missing"),
    ({"type": "track", "event": "x", "userId": {"id": 1}}, "id_invalid"),
    ({"type": "track", "event": "x", "userId": "u" * 201}, "id_too_long"),
    ({"type": "track", "userId": "a"}, "event_missing"),
    ({"type": "track", "userId": "a", "event": "  "}, "event_missing"),
    ({"type": "track", "userId": "a", "event": "x" * 201}, "name_too_long"),
    ({"type": "track", "userId": "a", "event": "nudge replied"}, "reserved_name"),
    ({"type": "alias", "userId": "a"}, "id_missing"),
    ({"type": "alias", "previousId": "a"}, "id_missing"),
    ({"type": "group", "userId": "a"}, "group_missing"),
    ({"type": "track", "userId": "a", "event": "x", "properties": [1]}, "not_an_object"),
    ({"type": "identify", "userId": "a", "traits": "x"}, "not_an_object"),
    (
        {"type": "track", "userId": "a", "event": "x", "properties": {str(n): n for n in range(1001)}},
        "too_many_keys",
    ),
    (
        {
            "type": "track",
            "userId": "a",
            "event": "x",
            "properties": json.loads('{"a":' * 20 + "1" + "}" * 20),
        },
        "too_deep",
    ),
    ({"type": "track", "userId": "a", "event": "x", "properties": {"a": "x" * 600_000}}, "event_too_large"),
]


@pytest.mark.parametrize(("bad", "code"), BAD, ids=[f"{n} {code}" for n, (_, code) in enumerate(BAD)])
def test_a_bad_event_does_not_take_the_good_ones_with_it(
    send: Send, workspace: Workspace, bad: Any, code: str
) -> None:
    response = send("/v1/batch", batch(VIEWED, bad, VIEWED | {"messageId": "m3"}))
    assert (response.status_code, response.content) == (200, b'{"success": true}')
    assert set(Event.objects.filter(workspace=workspace).values_list("message_id", flat=True)) == {"m1", "m3"}
    assert refused(workspace) == [(1, code)]
    assert not Customer.objects.filter(workspace=workspace).exclude(external_id="ada").exists()


def test_a_refused_event_is_kept_as_sent_when_it_is_small_and_cut_when_it_is_not(
    send: Send, workspace: Workspace
) -> None:
    small, large = (
        {"type": "track", "event": "x"},
        {"type": "track", "event": "x", "properties": {"a": "x" * 9000}},
    )
    send("/v1/batch", batch(small, large))
    kept = list(
        RejectedEvent.objects.filter(workspace=workspace).order_by("index").values_list("payload", flat=True)
    )
    assert kept[0] == small
    assert (kept[1]["type"], len(str(kept[1])) < 200) == ("track", True)


def test_a_value_that_the_store_refuses_costs_only_its_event(send: Send, workspace: Workspace) -> None:
    raw = json.dumps(
        batch(VIEWED, VIEWED | {"messageId": "bad", "properties": {"n": 0}}, VIEWED | {"messageId": "m3"})
    )
    response = send("/v1/batch", raw.replace('"n": 0', '"n": 1e400').encode())
    taken = set(Event.objects.filter(workspace=workspace).values_list("message_id", flat=True))
    assert response.status_code in (200, 400)
    assert taken in ({"m1", "m3"}, {"m1", "m3", "bad"}, set())


def test_only_so_many_refused_events_of_a_request_are_kept(send: Send, workspace: Workspace) -> None:
    send("/v1/batch", batch(*[{"type": "track"}] * 300))
    assert RejectedEvent.objects.filter(workspace=workspace).count() == 100
