"""When an event happened, whatever the sender's clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engagement.models import Workspace
from tests.engagement.tracking.calls import VIEWED, Send, batch, refused, stored

pytestmark = pytest.mark.django_db


AGO = timedelta(minutes=10)


def moment(send: Send, workspace: Workspace, call: dict[str, Any], **members: Any) -> timedelta:
    """How long before it was received a call is said to have happened."""
    headers = members.pop("headers", {})
    send("/v1/batch", batch(VIEWED | call, **members), **headers)
    event = stored(workspace)
    return event.received_at - event.occurred_at


@pytest.mark.parametrize("skew", [timedelta(0), timedelta(days=400), -timedelta(days=300)])
@pytest.mark.parametrize("place", ["batch", "event", "header"])
@pytest.mark.parametrize("field", ["timestamp", "originalTimestamp"])
def test_a_wrong_clock_of_the_sender_does_not_matter(
    send: Send, workspace: Workspace, skew: timedelta, place: str, field: str
) -> None:
    theirs = datetime.now(UTC) + skew
    call = {field: (theirs - AGO).isoformat()} | ({"sentAt": theirs.isoformat()} if place == "event" else {})
    members = {"sentAt": theirs.isoformat()} if place == "batch" else {}
    if place == "header":
        members = {"headers": {"SentAt": theirs.isoformat()}}
    assert moment(send, workspace, call, **members) == AGO


def test_a_time_given_outright_wins_over_the_time_of_the_call(send: Send, workspace: Workspace) -> None:
    now = datetime.now(UTC)
    call = {
        "timestamp": (now - AGO).isoformat(),
        "originalTimestamp": now.isoformat(),
        "sentAt": now.isoformat(),
    }
    assert moment(send, workspace, call) == AGO


def test_nothing_happens_after_it_was_received(send: Send, workspace: Workspace) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert moment(send, workspace, {"timestamp": later}) == timedelta(0)


@pytest.mark.parametrize("value", ["yesterday", "", 1e300, [], True, "9999-99-99"])
def test_a_time_that_is_none_is_the_time_of_arrival(send: Send, workspace: Workspace, value: Any) -> None:
    assert moment(send, workspace, {"timestamp": value}) == timedelta(0)


def test_times_may_be_numbers(send: Send, workspace: Workspace) -> None:
    at = datetime.now(UTC) - AGO
    assert (
        AGO
        <= moment(send, workspace, {"timestamp": int(at.timestamp() * 1000)})
        < AGO + timedelta(seconds=10)
    )


def test_what_the_workspace_would_not_keep_is_refused(send: Send, workspace: Workspace) -> None:
    old = datetime.now(UTC) - timedelta(days=workspace.retention_days + 1)
    send("/v1/batch", batch(VIEWED | {"timestamp": old.isoformat()}, VIEWED | {"messageId": "m2"}))
    assert stored(workspace).message_id == "m2"
    assert refused(workspace) == [(0, "too_old")]
