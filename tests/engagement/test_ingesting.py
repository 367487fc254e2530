"""Events in: taken once, for the right person, in a number of statements that does not grow."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.events import IncomingEvent, SystemEvent
from engagement.ingesting import Ingested, ingest_events, record_events
from engagement.models import (
    Address,
    Consent,
    Customer,
    Event,
    Identity,
    Merge,
    Product,
    Unread,
    Workspace,
)
from engagement.people import merge_customers
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def event(message_id: str, **fields: Any) -> IncomingEvent:
    defaults = {"type": "track", "name": "Product Viewed", "user_id": "ada", "occurred_at": NOW}
    return IncomingEvent(**(defaults | {"message_id": message_id} | fields))


def take(
    workspace: Workspace, *events: IncomingEvent, at: datetime = NOW, source: str = "tracking"
) -> Ingested:
    return ingest_events(workspace_id=workspace.id, events=list(events), received_at=at, source=source)


def test_an_event_makes_its_customer() -> None:
    workspace = make.workspace()
    done = take(workspace, event("1", properties={"a": 1}))
    customer = Customer.objects.get(workspace=workspace)
    assert (done.accepted, done.duplicates, done.customer_ids) == (1, 0, {customer.id})
    assert customer.external_id == "ada"
    stored = Event.objects.get(customer=customer)
    assert (stored.name, stored.properties, stored.source) == ("Product Viewed", {"a": 1}, "tracking")


def test_a_retry_is_recognised_whatever_its_timestamp() -> None:
    workspace = make.workspace()
    take(workspace, event("1"))
    done = take(workspace, event("1", occurred_at=NOW + timedelta(days=3)), at=NOW + timedelta(days=3))
    assert (done.accepted, done.duplicates, done.customer_ids) == (0, 1, set())
    assert Event.objects.filter(workspace=workspace).count() == 1


def test_every_reader_is_told() -> None:
    workspace = make.workspace()
    take(workspace, event("1"))
    assert set(Unread.objects.values_list("reader", flat=True)) == {"journeys", "learning"}


def test_facts_of_our_own_are_recorded_once() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    fact = SystemEvent(customer_id=customer.id, name="Message Sent", message_id="sent-1", occurred_at=NOW)
    assert record_events(workspace_id=workspace.id, events=[fact, fact], now=NOW).accepted == 1
    assert record_events(workspace_id=workspace.id, events=[fact], now=NOW).duplicates == 1
    assert Event.objects.get(customer=customer).source == "system"


# ---- who is meant ----------------------------------------------------------------------------------------------------


def customer(workspace: Workspace, **fields: Any) -> Customer:
    return Customer.objects.get(workspace=workspace, merged_into=None, **fields)


def test_what_a_visitor_did_belongs_to_who_they_turn_out_to_be() -> None:
    workspace = make.workspace()
    take(workspace, event("1", user_id=None, anonymous_id="a"))
    take(workspace, event("2", user_id="ada", anonymous_id="a"))
    ada = customer(workspace)
    assert ada.external_id == "ada"
    assert Event.objects.filter(customer=ada).count() == 2
    assert not Merge.objects.exists()


def test_a_visitor_who_signs_in_is_merged_into_the_known_customer() -> None:
    workspace = make.workspace()
    take(workspace, event("1"))
    take(workspace, event("2", user_id=None, anonymous_id="a"))
    done = take(
        workspace, event("3", user_id="ada", anonymous_id="a"), event("4", user_id=None, anonymous_id="a")
    )
    ada = customer(workspace)
    assert done.customer_ids == {ada.id}
    assert set(Event.objects.filter(customer=ada).values_list("message_id", flat=True)) == {
        "1",
        "2",
        "3",
        "4",
    }
    assert Merge.objects.get().cause == "identify"


def test_an_alias_merges_and_a_retry_of_it_does_nothing() -> None:
    workspace = make.workspace()
    take(workspace, event("1"), event("2", user_id=None, anonymous_id="a"))
    for _ in range(2):
        take(workspace, event("3", type="alias", name="", previous_id="a"))
    assert Event.objects.filter(customer=customer(workspace)).count() == 3
    assert Merge.objects.get().cause == "alias"


def test_a_public_key_cannot_join_two_known_customers_and_says_so() -> None:
    workspace = make.workspace()
    take(workspace, event("1"), event("2", user_id="bob"))
    assert take(workspace, event("3", type="alias", name="", previous_id="bob")).refused == {"3"}
    assert not Merge.objects.exists()
    take(workspace, event("4", type="alias", name="", previous_id="bob"), source="api")
    assert Merge.objects.get().source.external_id == "bob"


def test_after_a_merge_events_of_the_old_id_reach_the_living_customer() -> None:
    workspace = make.workspace()
    take(workspace, event("1"), event("2", user_id="bob"))
    bob, ada = customer(workspace, external_id="bob"), customer(workspace, external_id="ada")
    merge_customers(workspace_id=workspace.id, source_id=bob.id, target_id=ada.id, cause="api", now=NOW)
    take(workspace, event("3", user_id="bob"))
    fact = SystemEvent(customer_id=bob.id, name="Message Sent", message_id="sent-1", occurred_at=NOW)
    assert record_events(workspace_id=workspace.id, events=[fact], now=NOW).customer_ids == {ada.id}
    assert Event.objects.filter(customer=ada).count() == 4


def test_the_same_ids_in_two_workspaces_are_two_people() -> None:
    here, there = make.workspace(), make.workspace()
    take(here, event("1", anonymous_id="a"))
    take(there, event("1", anonymous_id="a"))
    assert Event.objects.filter(workspace=here).count() == Event.objects.filter(workspace=there).count() == 1
    assert customer(here) != customer(there)


# ---- what is said about them -----------------------------------------------------------------------------------------


def test_an_identify_describes_its_customer() -> None:
    workspace = make.workspace()
    traits = {"email": "Ada@X.org", "first_name": "Ada", "plan": "gold"}
    context = {"timezone": "Europe/Riga", "locale": "lv"}
    take(workspace, event("1", type="identify", name="", traits=traits, context=context))
    ada = customer(workspace)
    assert (ada.email, ada.name, ada.timezone, ada.locale) == ("ada@x.org", "Ada", "Europe/Riga", "lv")
    assert ada.traits["plan"] == "gold"
    assert Address.objects.get(customer=ada).value == "ada@x.org"
    assert not Consent.objects.exists()


def test_a_retry_of_an_old_identify_does_not_undo_a_newer_one() -> None:
    workspace = make.workspace()
    old = event("1", type="identify", name="", traits={"plan": "silver"})
    take(workspace, old)
    take(workspace, event("2", type="identify", name="", traits={"plan": "gold"}, occurred_at=NOW), at=NOW)
    later = NOW + timedelta(hours=1)
    take(
        workspace,
        event("1", type="identify", name="", traits={"plan": "silver"}, occurred_at=later),
        at=later,
    )
    assert customer(workspace).traits == {"plan": "gold"}


def test_a_suppressed_address_stays_so_when_it_is_told_again() -> None:
    workspace = make.workspace()
    take(workspace, event("1", type="identify", name="", traits={"email": "a@x.org"}))
    Address.objects.update(suppressed_at=NOW, suppression_reason="bounce")
    take(workspace, event("2", type="identify", name="", traits={"email": "a@x.org"}))
    assert Address.objects.get().suppressed_at == NOW


def test_only_an_event_of_theirs_shows_that_customers_are_there() -> None:
    workspace = make.workspace()
    take(workspace, event("1"))
    later = NOW + timedelta(hours=1)
    fact = SystemEvent(
        customer_id=customer(workspace).id, name="Message Sent", message_id="s", occurred_at=later
    )
    record_events(workspace_id=workspace.id, events=[fact], now=later)
    assert customer(workspace).last_seen_at == NOW
    take(workspace, event("2"), at=later)
    assert customer(workspace).last_seen_at == later


# ---- products --------------------------------------------------------------------------------------------------------


def test_an_unknown_product_becomes_a_stub_and_later_events_fill_it() -> None:
    workspace = make.workspace()
    take(workspace, event("1", properties={"product_id": 507, "price": "19.999"}))
    take(workspace, event("2", properties={"sku": "507", "name": "Shoe", "category": "shoes", "price": 5}))
    shoe = Product.objects.get(workspace=workspace)
    assert (shoe.sku, shoe.name, shoe.category, shoe.price, shoe.is_stub) == (
        "507",
        "Shoe",
        "shoes",
        Decimal("20.00"),
        True,
    )


def test_a_described_product_is_left_alone() -> None:
    workspace = make.workspace()
    make.product(workspace, "507", name="Real name", is_stub=False)
    take(workspace, event("1", properties={"product_id": "507", "name": "Forged", "category": "x"}))
    shoe = Product.objects.get(workspace=workspace)
    assert (shoe.name, shoe.category) == ("Real name", "")


def test_each_product_of_an_order_is_noted() -> None:
    workspace = make.workspace()
    lines = [{"product_id": str(n), "name": f"P{n}", "price": n} for n in range(150)]
    take(workspace, event("1", name="Order Completed", properties={"order_id": "o", "products": lines}))
    assert Product.objects.filter(workspace=workspace).count() == 150


@pytest.mark.parametrize(
    "properties",
    [
        {"product_id": "x" * 300},
        {"product_id": None, "sku": ""},
        {"product_id": {"a": 1}},
        {"product_id": True},
        {"products": "none"},
        {"products": [None, 7, []]},
    ],
)
def test_nonsense_makes_no_product(properties: dict[str, Any]) -> None:
    workspace = make.workspace()
    assert take(workspace, event("1", properties=properties)).accepted == 1
    assert not Product.objects.filter(workspace=workspace).exists()


@pytest.mark.parametrize("price", ["free", -1, "NaN", "Infinity", 1e300, None, [], "1e99999"])
def test_a_price_that_is_none_is_left_out(price: Any) -> None:
    workspace = make.workspace()
    url = "javascript:alert(1)"
    take(
        workspace, event("1", properties={"product_id": "p", "price": price, "url": url, "currency": "euros"})
    )
    product = Product.objects.get(workspace=workspace)
    assert (product.price, product.url, product.currency) == (None, "", "")


# ---- cost and order --------------------------------------------------------------------------------------------------


def mixed(count: int, start: int = 0) -> list[IncomingEvent]:
    """Visitors, sign-ins, descriptions, aliases and products, a fifth each."""
    made = []
    for n in range(start, start + count):
        some = {"message_id": f"m{n}", "properties": {"product_id": f"p{n}"}}
        kinds = [
            {"user_id": None, "anonymous_id": f"a{n}"},
            {"user_id": f"u{n}", "anonymous_id": f"a{n - 1}"},
            {"user_id": f"u{n - 1}", "type": "identify", "traits": {"email": f"u{n}@x.org"}},
            {"user_id": f"u{n}", "type": "alias", "previous_id": f"a{n + 10_000}"},
            {"user_id": f"u{n - 3}", "anonymous_id": f"b{n}"},
        ]
        made.append(event(**(some | kinds[n % 5])))
    return made


def statements(workspace: Workspace, events: list[IncomingEvent]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert take(workspace, *events).accepted == len(events)
    return len(captured)


@pytest.mark.parametrize("history", [False, True], ids=["of new people", "of people who are merged"])
def test_the_number_of_statements_does_not_grow_with_the_batch(history: bool) -> None:
    counts = []
    for size in (10, 1000):
        workspace = make.workspace()
        if history:
            before = [
                event(f"v{n}", user_id=None, anonymous_id=f"{kind}{n}") for n in range(size) for kind in "ab"
            ]
            take(workspace, *before)
            take(workspace, *[event(f"w{n}", user_id=f"u{n}") for n in range(size)])
        counts.append(statements(workspace, mixed(size)))
    assert counts[0] == counts[1]


def test_events_of_known_people_cost_one_statement() -> None:
    workspace = make.workspace()
    take(workspace, *[event(f"b{n}", user_id=f"u{n}", anonymous_id=f"a{n}") for n in range(100)])
    known = [{"user_id": f"u{n}"} | ({"anonymous_id": f"a{n}"} if n % 2 else {}) for n in range(100)]
    visitors = [{"user_id": None, "anonymous_id": f"a{n}"} for n in range(100)]
    assert statements(workspace, [event(f"m{n}", **ids) for n, ids in enumerate(known + visitors)]) == 1


def test_unknown_people_in_a_batch_do_not_hold_up_the_known() -> None:
    workspace = make.workspace()
    take(workspace, event("1"), event("2", user_id=None, anonymous_id="a"))
    with CaptureQueriesContext(connection) as captured:
        take(
            workspace,
            event("3"),
            event("4", user_id=None, anonymous_id="a"),
            event("5", user_id="bob"),
            event("6", user_id=None, anonymous_id="b"),
        )
    inserts = [query["sql"] for query in captured if query["sql"].startswith("EXECUTE")]
    assert [sorted(n for n in "3456" if f'"message_id":"{n}"' in sql) for sql in inserts] == [
        list("3456"),
        list("56"),
    ]
    assert Event.objects.filter(workspace=workspace).count() == 6


def test_who_signs_in_during_a_batch_has_the_later_events_of_the_device() -> None:
    workspace = make.workspace()
    take(workspace, event("1", anonymous_id="a"), event("2", user_id="bob"))
    at = [NOW - timedelta(minutes=n) for n in range(5)]
    take(
        workspace,
        event("3", user_id=None, anonymous_id="a", occurred_at=at[4]),
        event("4", user_id="bob", anonymous_id="a", occurred_at=at[3]),
        event("5", user_id=None, anonymous_id="a", occurred_at=at[2]),
        event("6", user_id="ada", occurred_at=at[1]),
    )
    stored = Event.objects.filter(workspace=workspace)
    whose = {each.message_id: each.customer.external_id for each in stored.select_related("customer")}
    assert whose == {"1": "ada", "2": "bob", "3": "ada", "4": "bob", "5": "bob", "6": "ada"}


def test_ids_of_a_customer_rise_in_the_order_of_what_happened() -> None:
    workspace = make.workspace()
    events = [event(f"m{n}", occurred_at=NOW - timedelta(minutes=n)) for n in range(20)]
    take(workspace, *events)
    stored = Event.objects.filter(workspace=workspace).order_by("id").values_list("message_id", flat=True)
    assert list(stored) == [f"m{n}" for n in reversed(range(20))]


# ---- retries ---------------------------------------------------------------------------------------------------------

CALLS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "identify", "alias"]),
        "user_id": st.sampled_from(["u1", "u2", "u3"]),
        "anonymous_id": st.sampled_from([None, "a1", "a2"]),
        "minutes": st.integers(0, 60),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(CALLS, min_size=1, max_size=8),
    sendings=st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=8), max_size=6),
    source=st.sampled_from(["tracking", "api"]),
)
def test_however_batches_are_retried_there_is_one_event_for_each_message_id(
    calls: list[dict[str, Any]], sendings: list[list[int]], source: str
) -> None:
    workspace = make.workspace()
    events = []
    for n, call in enumerate(calls):
        fields = {name: value for name, value in call.items() if name != "minutes"}
        if call["type"] == "alias":
            fields["previous_id"] = call["anonymous_id"] or "a9"
        at = NOW - timedelta(minutes=call["minutes"])
        events.append(
            event(f"m{n}", traits={"n": n} if call["type"] == "identify" else {}, occurred_at=at, **fields)
        )
    accepted = 0
    for places in [*sendings, list(range(len(events)))]:
        chosen = [events[place % len(events)] for place in places]
        done = take(workspace, *chosen, source=source)
        assert done.accepted + done.duplicates == len(chosen)
        accepted += done.accepted
    stored = Event.objects.filter(workspace=workspace)
    assert accepted == stored.count() == len(events)
    assert set(stored.values_list("message_id", flat=True)) == {each.message_id for each in events}
    assert not stored.filter(customer__merged_into__isnull=False).exists()
    assert not Identity.objects.filter(workspace=workspace, customer__merged_into__isnull=False).exists()
    living = Customer.objects.filter(workspace=workspace, merged_into=None)
    assert living.filter(external_id__isnull=False).count() == len({call["user_id"] for call in calls})
