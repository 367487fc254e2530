"""Step 7, context learned: what customers told about their situation → facts, each with the event it came from.

Told by our own `Context Told` and `Nudge Replied` events, {"topic": need slug or "", "facts": {key: value}}, and by the
trait `context` of an identify call, {topic: {key: value}} or {key: value} for the person as such. A value of null makes
the fact unknown again. Of several tellings the one that happened last counts (occurred_at, then event id), however late
it comes in: a customer about whom something new was told is read from the whole log of such events, which is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from engagement.counts import Counts
from engagement.statements import run_statement
from engagement.unread import claim_unread, finish_unread

READER = "learning"
NAMES = ["Context Told", "Nudge Replied"]
CONTEXT = "context"
LONGEST_KEY = 60  # of a topic and of a key
LONGEST_VALUE = 1000  # as JSON

Place = tuple[int, str, str]  # (customer id, topic, key)


class Told(NamedTuple):
    """What was said last about one thing; a value of None: it is unknown."""

    value: Any
    source_event_id: int | None
    learned_at: datetime


@transaction.atomic
def learn_facts(*, now: datetime, limit: int = 500) -> Counts:
    """Learn from the new events of up to `limit` customers, in at most six statements.

    `now` bounds nothing: facts carry the time of their event. Counts: taken (customers), learned, forgotten.
    """
    claims = claim_unread(reader=READER, limit=limit)
    if not claims:
        return Counts()
    workspaces = {claim.customer_id: claim.workspace_id for claim in claims}
    news = run_statement(
        "engagement.find_context_news",
        {
            "workspace_ids": [claim.workspace_id for claim in claims],
            "customer_ids": [claim.customer_id for claim in claims],
            "since": [claim.since for claim in claims],
            "names": NAMES,
        },
    )
    counts = Counts(taken=len(claims))
    if news:
        counts.update(keep_told(_last_told([row["customer_id"] for row in news], workspaces), workspaces))
    finish_unread(reader=READER, customer_ids=workspaces)
    return counts


def _last_told(customer_ids: list[int], workspaces: Mapping[int, int]) -> dict[Place, Told]:
    told: dict[Place, Told] = {}
    log = run_statement(
        "engagement.read_context_log",
        {
            "workspace_ids": [workspaces[customer_id] for customer_id in customer_ids],
            "customer_ids": customer_ids,
            "names": NAMES,
        },
    )
    for row in log:
        for topic, key, value in facts_in(row["type"], msgspec.json.decode(row["properties"])):
            told[row["customer_id"], topic, key] = Told(value, row["id"], row["occurred_at"])
    return told


def keep_told(told: Mapping[Place, Told], workspaces: Mapping[int, int]) -> Counts:
    """Make facts of what was told last; `workspaces` by customer. What was learned later by another way stays."""
    rows = [
        {"workspace_id": workspaces[place[0]], "customer_id": place[0], "topic": place[1], "key": place[2]}
        | each._asdict()
        for place, each in sorted(told.items())
    ]
    counts = Counts()
    for count, statement, chosen in (
        ("learned", "engagement.save_facts", [row for row in rows if row["value"] is not None]),
        ("forgotten", "engagement.forget_facts", [row for row in rows if row["value"] is None]),
    ):
        if chosen:
            counts[count] = len(run_statement(statement, {"facts": msgspec.json.encode(chosen).decode()}))
    return counts


def facts_in(event_type: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(topic, key, value) of all that an event tells; what is too long or of no sensible shape is passed over."""
    if event_type == "identify":
        told = properties.get(CONTEXT)
        by_topic = by_topic_of(told) if isinstance(told, dict) else {}
    else:
        topic, facts = properties.get("topic", ""), properties.get("facts")
        by_topic = {topic: facts} if isinstance(topic, str) and isinstance(facts, dict) else {}
    for topic, facts in by_topic.items():
        for key, value in facts.items():
            if is_name(key) and len(topic) <= LONGEST_KEY and is_value(value):
                yield topic, key, value


def by_topic_of(told: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The trait `context`: an object is a topic, anything else is about the person as such."""
    by_topic: dict[str, dict[str, Any]] = {
        topic: facts for topic, facts in told.items() if isinstance(facts, dict)
    }
    own = {key: value for key, value in told.items() if not isinstance(value, dict)}
    return by_topic | ({"": own} if own else {})


def is_name(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY


def is_value(value: Any) -> bool:
    return not isinstance(value, dict) and len(msgspec.json.encode(value)) <= LONGEST_VALUE
