"""What customers tell about their situation becomes facts, and the last telling counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.events import IncomingEvent, SystemEvent
from engagement.ingesting import ingest_events, record_events
from engagement.learning import facts_in, learn_facts
from engagement.models import Customer, Event, Fact, Unread
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
serial = count(1)


def tell(customer: Customer, facts: dict[str, Any], at: datetime, topic: str = "shoes", **more: Any) -> None:
    event = SystemEvent(
        customer_id=customer.pk,
        name=more.pop("name", "Context Told"),
        message_id=f"told-{next(serial)}",
        occurred_at=at,
        properties={"topic": topic, "facts": facts, **more},
    )
    record_events(workspace_id=customer.workspace_id, events=[event], now=NOW)


def identify(customer: Customer, traits: dict[str, Any], at: datetime = NOW) -> None:
    event = IncomingEvent(
        type="identify",
        name="",
        message_id=f"identify-{at.isoformat()}",
        occurred_at=at,
        user_id=customer.external_id,
        traits=traits,
    )
    ingest_events(workspace_id=customer.workspace_id, events=[event], received_at=NOW, source="tracking")


def learn() -> None:
    while learn_facts(now=NOW).done:
        pass


def known(customer: Customer) -> dict[tuple[str, str], Any]:
    facts = Fact.objects.filter(customer=customer)
    return {(fact.topic, fact.key): fact.value for fact in facts}


@pytest.fixture
def ana() -> Customer:
    return make.customer(make.workspace())


def test_what_was_told_is_a_fact_that_names_its_event(ana: Customer) -> None:
    tell(ana, {"terrain": "trail", "km": 40}, NOW - HOUR)
    learn()
    assert known(ana) == {("shoes", "terrain"): "trail", ("shoes", "km"): 40}
    assert {fact.source_event_id for fact in Fact.objects.all()} == {Event.objects.get().pk}
    assert {fact.learned_at for fact in Fact.objects.all()} == {NOW - HOUR}
    assert not Unread.objects.filter(reader="learning").exists()
    assert learn_facts(now=NOW).done == 0


def test_the_telling_that_happened_last_counts_however_late_the_others_come_in(ana: Customer) -> None:
    tell(ana, {"terrain": "road"}, NOW - HOUR)
    learn()
    tell(ana, {"terrain": "trail"}, NOW - 5 * HOUR)
    learn()
    assert known(ana) == {("shoes", "terrain"): "road"}
    tell(ana, {"terrain": "sand"}, NOW)
    learn()
    assert known(ana) == {("shoes", "terrain"): "sand"}


def test_of_two_tellings_at_one_moment_the_later_event_counts(ana: Customer) -> None:
    tell(ana, {"terrain": "first"}, NOW)
    tell(ana, {"terrain": "second"}, NOW)
    learn()
    assert known(ana) == {("shoes", "terrain"): "second"}


def test_a_reply_that_tells_facts_is_learned_from(ana: Customer) -> None:
    tell(ana, {"budget": "low"}, NOW, name="Nudge Replied", kind="changed")
    learn()
    assert known(ana) == {("shoes", "budget"): "low"}


def test_null_makes_a_fact_unknown_and_an_older_telling_does_not_bring_it_back(ana: Customer) -> None:
    tell(ana, {"terrain": "trail", "km": 40}, NOW - 3 * HOUR)
    learn()
    tell(ana, {"terrain": None}, NOW - HOUR)
    learn()
    assert known(ana) == {("shoes", "km"): 40}
    tell(ana, {"terrain": "road"}, NOW - 2 * HOUR)
    learn()
    assert known(ana) == {("shoes", "km"): 40}


def test_only_the_context_of_traits_is_learned(ana: Customer) -> None:
    identify(ana, {"plan": "gold", "context": {"shoes": {"terrain": "trail"}, "children": 2}})
    learn()
    assert known(ana) == {("shoes", "terrain"): "trail", ("", "children"): 2}


def test_a_fact_learned_otherwise_and_later_stays(ana: Customer) -> None:
    Fact.objects.create(
        workspace=ana.workspace, customer=ana, topic="shoes", key="terrain", value="sand", learned_at=NOW
    )
    tell(ana, {"terrain": "trail"}, NOW - HOUR)
    learn()
    assert known(ana) == {("shoes", "terrain"): "sand"}


def test_other_events_teach_nothing_and_other_customers_are_left_alone(ana: Customer) -> None:
    ben = make.customer(ana.workspace)
    tell(ben, {"terrain": "road"}, NOW)
    tell(ana, {"terrain": "trail"}, NOW, name="Message Sent")
    learn()
    assert known(ana) == {}
    assert known(ben) == {("shoes", "terrain"): "road"}


@pytest.mark.parametrize(
    ("event_type", "properties"),
    [
        ("track", {"topic": "shoes", "facts": ["terrain"]}),
        ("track", {"topic": ["shoes"], "facts": {"a": 1}}),
        ("track", {"topic": "s" * 61, "facts": {"a": 1}}),
        ("track", {"topic": "shoes", "facts": {"k" * 61: 1, "": 2, "deep": {"er": 1}, "long": "x" * 1001}}),
        ("identify", {"context": "trail"}),
        ("identify", {"terrain": "trail"}),
    ],
)
def test_what_has_no_sensible_shape_is_passed_over(event_type: str, properties: dict[str, Any]) -> None:
    assert list(facts_in(event_type, properties)) == []


def test_the_number_of_statements_does_not_grow_with_the_customers() -> None:
    def statements(number: int) -> int:
        workspace = make.workspace()
        for _ in range(number):
            tell(make.customer(workspace), {"terrain": "trail"}, NOW)
        with CaptureQueriesContext(connection) as captured:
            assert learn_facts(now=NOW, limit=number)["learned"] == number
        return len(captured)

    assert statements(10) == statements(200) <= 8
