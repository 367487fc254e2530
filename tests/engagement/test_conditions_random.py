"""Random conditions over random histories: the compiled query finds exactly those whom a plain reading finds."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.conditions import check_condition, customers_matching, describe_condition
from engagement.models import Address, Category, Consent, Customer, Event, Fact, Product, Workspace
from tests import make
from tests.engagement.condition_reference import Happened, Person, Shop, fits
from tests.make import NOW

pytestmark = pytest.mark.django_db
IS_LONG = os.environ.get("RACES") == "long"  # `make races`
_serial = count(1)

KEYS = st.sampled_from(["a", "b", "a.b"])
TEXTS = st.sampled_from(["", "x", "X", "xy", "10", "2026-03-03", "2026-03-04T12:00:00Z", "2026-02-30"])
NUMBERS = st.sampled_from([0, 1, 1.0, 2.5, -3, 10])
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans())
VALUES = st.one_of(SCALARS, st.none(), st.lists(SCALARS, max_size=2), st.fixed_dictionaries({"b": SCALARS}))
OBJECTS = st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2)
MOMENTS = st.sampled_from(["2026-03-03", "2026-03-04T12:00:00Z", "2026-03-04 13:00:00+02:00"])
SPANS = st.sampled_from(["30m", "24h", "1d", "3d", "1w"])
NAMES = st.sampled_from(["Viewed", "Searched", "Order Completed"])
CHANNELS = st.sampled_from(["email", "sms"])
AGES = st.sampled_from(
    [timedelta(0), timedelta(minutes=30), timedelta(days=1), timedelta(days=2), timedelta(days=-1)]
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "product_id": st.sampled_from(["P1", "P2"]),
        "sku": st.sampled_from(["P1", "P3"]),
        "category": TEXTS,
    },
)


def one_of(**tests: Any) -> Any:
    return st.one_of([st.fixed_dictionaries({name: values}) for name, values in tests.items()])


VALUE_TESTS = one_of(
    **{
        "is": SCALARS,
        "in": st.lists(SCALARS, min_size=1, max_size=3),
        "contains": SCALARS,
        "exists": st.booleans(),
    },
    **dict.fromkeys(("gt", "gte", "lt", "lte"), NUMBERS),
    **dict.fromkeys(("before", "after"), MOMENTS),
)


def with_test(named: Any) -> Any:
    return st.builds(lambda one, test: one | test, named, VALUE_TESTS)


COUNTS = st.one_of(
    st.just({}), one_of(**dict.fromkeys(("at_least", "at_most", "exactly"), st.integers(0, 3)))
)
WITHIN = st.one_of(st.just({}), st.fixed_dictionaries({"within": SPANS}))
ENDS = one_of(
    first=one_of(within=SPANS, longer_ago=SPANS, before=MOMENTS, after=MOMENTS),
    last=one_of(within=SPANS, longer_ago=SPANS, before=MOMENTS, after=MOMENTS),
)
EVENT = st.builds(
    lambda name, where, rest: {"event": name, "where": where} | rest,
    st.one_of(NAMES, st.lists(NAMES, min_size=1, max_size=2)),
    st.lists(with_test(st.fixed_dictionaries({"property": KEYS})), max_size=2),
    st.one_of(ENDS, st.builds(lambda one, other: one | other, COUNTS, WITHIN)),
)
LEAVES = st.one_of(
    with_test(st.fixed_dictionaries({"trait": KEYS})),
    with_test(st.fixed_dictionaries({"fact": st.just("f")}, optional={"topic": st.sampled_from(["", "t"])})),
    EVENT,
    st.builds(lambda one, rest: one | rest, one_of(purchased=st.sampled_from(["P1", "P3"])), WITHIN),
    st.builds(lambda one, rest: one | rest, one_of(purchased_category=st.sampled_from(["x", "c"])), WITHIN),
    one_of(identified=st.booleans(), reachable=st.sampled_from(["email", "sms", "inbox"])),
    st.fixed_dictionaries({"consent": st.just("tips"), "channel": CHANNELS}),
    one_of(
        locale=st.sampled_from(["de", "en", ["de", "fr"]]), timezone=st.sampled_from(["UTC", ["Europe/Riga"]])
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
).filter(lambda condition: depth(condition) <= 6)


def depth(node: dict[str, Any]) -> int:
    if "not" in node:
        return 1 + depth(node["not"])
    parts = node.get("all") or node.get("any") or []
    return 1 + max(map(depth, parts), default=0)


PEOPLE = st.builds(
    Person,
    traits=OBJECTS,
    events=st.lists(
        st.builds(
            lambda name, age, told, items: Happened(name, NOW - age, told | {"products": items}),
            NAMES,
            AGES,
            OBJECTS,
            st.lists(ITEMS, max_size=2),
        ),
        max_size=4,
    ),
    facts=st.dictionaries(
        st.tuples(st.sampled_from(["", "t"]), st.just("f")),
        VALUES.filter(lambda v: v is not None),
        max_size=2,
    ),
    external_id=st.sampled_from([None, "known"]),
    locale=st.sampled_from(["", "de", "de-AT", "EN", "fr_CH", "den"]),
    timezone=st.sampled_from(["", "UTC", "Europe/Riga"]),
    usable=st.sets(CHANNELS),
    consents=st.dictionaries(CHANNELS, st.sampled_from(["granted", "denied"])),
)
SHOPS = st.builds(
    Shop,
    locale=st.sampled_from(["en", "de-DE"]),
    timezone=st.sampled_from(["UTC", "Europe/Riga"]),
    opt_in=st.booleans(),
    catalogue=st.dictionaries(st.sampled_from(["P1", "P2", "P3"]), st.sampled_from(["x", "c"])),
)


@settings(max_examples=1000 if IS_LONG else 100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    shop=SHOPS,
    people=st.lists(PEOPLE, min_size=1, max_size=4),
    conditions=st.lists(CONDITIONS, min_size=1, max_size=6),
)
def test_the_query_and_a_plain_reading_agree(
    shop: Shop, people: list[Person], conditions: list[dict[str, Any]]
) -> None:
    with transaction.atomic():
        workspace = make.workspace(locale=shop.locale, timezone=shop.timezone)
        category = make.category(workspace, "tips", opt_in=shop.opt_in)
        Product.objects.bulk_create(
            [Product(workspace=workspace, sku=sku, category=kind) for sku, kind in shop.catalogue.items()]
        )
        known = {store(person, workspace, category): person for person in people}
        for condition in conditions:
            assert check_condition(condition, workspace=workspace) == [], condition
            assert describe_condition(condition).endswith(".")
            found = set(
                customers_matching(condition, workspace=workspace, now=NOW).values_list("pk", flat=True)
            )
            expected = {pk for pk, person in known.items() if fits(condition, person, shop, NOW)}
            assert found == expected, condition
        transaction.set_rollback(True)


def store(person: Person, workspace: Workspace, category: Category) -> int:
    customer: Customer = make.customer(
        workspace,
        external_id=person.external_id and f"{person.external_id}{next(_serial)}",
        traits=person.traits,
        locale=person.locale,
        timezone=person.timezone,
    )
    Event.objects.bulk_create(
        Event(
            workspace=workspace,
            customer=customer,
            received_at=max(one.at, NOW),
            occurred_at=one.at,
            type="track",
            name=one.name,
            message_id=f"r{next(_serial)}",
            properties=one.properties,
            context={},
            source="tracking",
        )
        for one in person.events
    )
    Fact.objects.bulk_create(
        Fact(workspace=workspace, customer=customer, topic=topic, key=key, value=value, learned_at=NOW)
        for (topic, key), value in person.facts.items()
    )
    Address.objects.bulk_create(
        Address(workspace=workspace, customer=customer, channel=channel, value=channel, updated_at=NOW)
        for channel in person.usable
    )
    Consent.objects.bulk_create(
        Consent(
            workspace=workspace,
            customer=customer,
            category=category,
            channel=channel,
            state=state,
            source="api",
            at=NOW,
        )
        for channel, state in person.consents.items()
    )
    return customer.pk
