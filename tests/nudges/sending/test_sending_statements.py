"""What sending asks of the database, and which of its commits wait for the disk."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection

from engagement.models import Workspace
from engagement.statements import statement
from nudges.deciding import decide_nudges
from nudges.models import Nudge
from nudges.sending.claiming import claim_messages
from nudges.sending.enveloping import write_letters
from nudges.sending.reading import read_claimed
from nudges.sending.recording import begin
from tests.make import NOW
from tests.nudges.sending.scripted import message
from tests.plans import believe, believe_alike, nodes

pytestmark = pytest.mark.django_db


def test_only_the_mark_that_a_hand_over_begins_waits_for_the_disk(shop: Workspace, nudge: Nudge) -> None:
    """What is on disk then has all that came before it: the claim, and the decision."""
    told = waits()
    next(told)
    decide_nudges(now=NOW)
    assert next(told) == "off"
    message(nudge, "ana")
    [claimed] = claim_messages(
        channel="email", workspaces=[shop.pk], limit=1, token=(token := uuid4()), now=NOW
    )
    assert next(told) == "off"
    letters = write_letters(read_claimed([claimed]), now=NOW).letters
    assert begin(letters, provider="email", token=token, now=NOW) == {claimed}
    assert next(told) == "on"


def waits() -> Iterator[str]:
    """Whether this transaction's commit would wait by now; from then on it would again."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SHOW synchronous_commit")
            [(told,)] = cursor.fetchall()
            cursor.execute("SET LOCAL synchronous_commit = 'on'")
            yield told


def test_who_waits_is_found_without_reading_the_messages_though_many_are_said_to_wait(nudge: Nudge) -> None:
    waiting = message(nudge, "ana")
    asked = {"channels": ["email", "sms"], "urgent_only": False, "now": NOW}
    with connection.cursor() as cursor:
        believe(
            cursor, ["nudges_message", "messages_due"], 1, 1_000_000
        )  # to a page: it sees how many there are
        believe_alike(
            cursor,
            "nudges_message",
            workspace_id=waiting.workspace_id,
            channel="email",
            state="decided",
            promise="choose_well",
        )
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement('nudges.find_waiting')}", asked)
        [([told],)] = cursor.fetchall()
    read = [node for node in nodes(told["Plan"]) if node.get("Relation Name") == "nudges_message"]
    assert {node["Index Name"] for node in read if "Index Name" in node} == {"messages_due"}
    assert [node["Node Type"] for node in read if "Index Name" not in node] == []
