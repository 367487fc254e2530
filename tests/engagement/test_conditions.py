"""The condition language: what each leaf means, what is refused and how that is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.conditions import ConditionError, check_condition, customers_matching, describe_condition
from engagement.models import Address, Customer, Event, Fact, Workspace
from tests import make, make_nudges
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_serial = count(1)


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace()


def fits(condition: dict[str, Any], customer: Customer, now: datetime = NOW) -> bool:
    assert check_condition(condition, workspace=customer.workspace) == []
    found = customers_matching(condition, workspace=customer.workspace, now=now).filter(pk=customer.pk)
    # What does not fit a condition fits its opposite: nothing is ever unknown.
    if condition:
        turned = customers_matching({"not": condition}, workspace=customer.workspace, now=now)
        assert turned.filter(pk=customer.pk).exists() != found.exists()
    return found.exists()


def event(customer: Customer, name: str, *, at: datetime = NOW, **properties: Any) -> Event:
    return Event.objects.create(
        workspace=customer.workspace,
        customer=customer,
        received_at=at,
        occurred_at=at,
        type="track",
        name=name,
        message_id=f"m{next(_serial)}",
        properties=properties,
        source="tracking",
    )


def test_an_empty_condition_fits_everyone_but_the_merged_and_other_tenants(workspace: Workspace) -> None:
    one = make.customer(workspace)
    make.customer(workspace, merged_into=one)
    make.customer(make.workspace())
    assert list(customers_matching({}, workspace=workspace, now=NOW)) == [one]


@pytest.mark.parametrize(
    ("test", "fitting", "other"),
    [
        ({"is": "gold"}, ["gold"], ["Gold", "golden", ["gold"], None, 1]),
        ({"is": 5}, [5, 5.0], ["5", True, [5]]),
        ({"is": True}, [True], [1, "true", False]),
        ({"in": ["a", 2]}, ["a", 2, 2.0], ["b", "2", ["a"], {"a": 2}]),
        ({"contains": "old"}, ["gold", "Old shoes", ["old", 1]], ["go", ["older"], 5, {"old": 1}]),
        ({"contains": 5}, [[5], [4, 5.0]], [5, "5", ["5"]]),
        ({"contains": "%"}, ["100 %"], ["100"]),
        ({"contains": "_"}, ["a_b"], ["ab"]),
        ({"exists": True}, ["", 0, False, [], {}], [None]),
        ({"exists": False}, [None], [0, ""]),
        ({"gt": 5}, [6, 5.5], [5, "6", True, [6], {"a": 1}]),
        ({"gte": 5}, [5], [4.9, "5"]),
        ({"lt": 5}, [4, -1], [5, "4", None, False]),
        ({"lte": 5}, [5], [5.1]),
        (
            {"after": "2026-03-01"},
            ["2026-03-01T00:00:01Z", "2026-03-02"],
            ["2026-03-01", "soon", 20260302, None],
        ),
        (
            {"before": "2026-03-01T12:00:00Z"},
            ["2026-03-01T11:00:00Z", "2026-03-01 13:59:59+02:00"],
            ["2026-03-01T12:00Z"],
        ),
        (
            {"before": "2026-03-01"},
            ["1999-12-31"],
            ["2026-02-31", "now", "infinity", "01/02/1999", "2025-01-01\n"],
        ),
    ],
)
def test_what_each_test_of_a_trait_means(
    workspace: Workspace, test: dict[str, Any], fitting: Any, other: Any
) -> None:
    for expected, values in ((True, fitting), (False, other)):
        for value in values:
            customer = make.customer(workspace, traits={"x": value})
            assert fits({"trait": "x"} | test, customer) is expected, value
    absent = make.customer(workspace, traits={})
    assert fits({"trait": "x"} | test, absent) is (test == {"exists": False})


def test_a_dot_goes_into_an_object(workspace: Workspace) -> None:
    customer = make.customer(workspace, traits={"address": {"city": "Riga"}})
    assert fits({"trait": "address.city", "is": "Riga"}, customer)
    assert not fits({"trait": "address.street", "exists": True}, customer)


@pytest.mark.parametrize("name", ["a__regex", "x' OR 1=1 --", "%s", "a%(b)s", '"', "{}", "\\", "é"])
def test_no_name_of_a_trait_reaches_the_statements_text(workspace: Workspace, name: str) -> None:
    customer = make.customer(workspace, traits={name: name})
    assert fits({"trait": name, "is": name}, customer)
    sql = str(
        customers_matching(
            {"trait": "marker", "is": "needle"}, workspace=workspace, now=NOW
        ).query.sql_with_params()[0]
    )
    assert "marker" not in sql
    assert "needle" not in sql


def test_events_are_counted_in_a_window(workspace: Workspace) -> None:
    customer = make.customer(workspace)
    for days in (1, 2, 9):
        event(customer, "Product Viewed", at=NOW - days * DAY)
    viewed = {"event": "Product Viewed"}
    assert fits(viewed, customer)
    assert fits(viewed | {"at_least": 3}, customer)
    assert not fits(viewed | {"at_least": 4}, customer)
    assert fits(viewed | {"at_least": 2, "within": "7d"}, customer)
    assert not fits(viewed | {"at_least": 3, "within": "7d"}, customer)
    assert fits(viewed | {"exactly": 2, "within": "1w"}, customer)
    assert fits(viewed | {"at_most": 2, "within": "168h"}, customer)
    assert not fits(viewed | {"at_most": 2}, customer)
    assert not fits(viewed | {"exactly": 0}, customer)
    assert fits({"event": ["Order Completed", "Product Viewed"], "exactly": 3}, customer)
    assert fits({"event": "Order Completed", "exactly": 0}, customer)
    assert fits({"event": "Order Completed", "at_least": 0}, customer)


def test_a_window_ends_now_and_is_open_at_its_beginning(workspace: Workspace) -> None:
    customer = make.customer(workspace)
    event(customer, "Viewed", at=NOW - DAY)
    event(customer, "Viewed", at=NOW + HOUR)
    assert not fits({"event": "Viewed", "within": "1d"}, customer)
    assert fits({"event": "Viewed", "within": "1441m"}, customer)
    assert fits({"event": "Viewed", "exactly": 1}, customer)  # what is still to come has not happened


def test_properties_narrow_events(workspace: Workspace) -> None:
    customer = make.customer(workspace)
    event(customer, "Product Viewed", category="Beds", price=900, brand={"name": "Ro"})
    event(customer, "Product Viewed", category="Lamps", price=20)
    beds = {"property": "category", "is": "Beds"}
    assert fits({"event": "Product Viewed", "where": [beds, {"property": "price", "gt": 500}]}, customer)
    assert not fits({"event": "Product Viewed", "where": [beds, {"property": "price", "lt": 500}]}, customer)
    assert fits(
        {"event": "Product Viewed", "where": [{"property": "brand.name", "is": "Ro"}], "exactly": 1}, customer
    )


def test_the_first_and_the_last_event(workspace: Workspace) -> None:
    customer = make.customer(workspace)
    for days in (30, 3):
        event(customer, "Signed In", at=NOW - days * DAY)
    signed = {"event": "Signed In"}
    assert fits(signed | {"last": {"within": "7d"}}, customer)
    assert not fits(signed | {"first": {"within": "7d"}}, customer)
    assert fits(signed | {"first": {"longer_ago": "3w"}}, customer)
    assert fits(signed | {"last": {"after": (NOW - 4 * DAY).date().isoformat()}}, customer)
    assert fits(signed | {"first": {"before": NOW.date().isoformat()}}, customer)
    assert not fits({"event": "Never", "first": {"within": "7d"}}, customer)
    assert not fits({"event": "Never", "last": {"longer_ago": "7d"}}, customer)


def test_what_was_bought_by_sku_and_by_category(workspace: Workspace) -> None:
    customer, other = make.customer(workspace), make.customer(workspace)
    make.product(workspace, "BED-1", category="Beds")
    make.product(make.workspace(), "LAMP-1", category="Beds")  # another tenant's catalogue
    event(customer, "Order Completed", at=NOW - 2 * DAY, products=[{"product_id": "X"}, {"sku": "BED-1"}])
    event(other, "Order Completed", products=[{"product_id": "LAMP-1", "category": "Lamps"}])
    event(other, "Product Viewed", products=[{"sku": "BED-1"}])
    event(other, "Order Completed", products="nonsense")
    assert fits({"purchased": "BED-1"}, customer)
    assert fits({"purchased": "X", "within": "3d"}, customer)
    assert not fits({"purchased": "X", "within": "1d"}, customer)
    assert not fits({"purchased": "BED-1"}, other)
    assert fits({"purchased_category": "Beds"}, customer)
    assert not fits({"purchased_category": "Beds"}, other)
    assert fits({"purchased_category": "Lamps"}, other)


def test_facts_identity_and_reach(workspace: Workspace) -> None:
    customer = make.customer(workspace, email="a@example.org")
    anonymous = make.customer(workspace, external_id=None)
    Fact.objects.create(
        workspace=workspace, customer=customer, topic="espresso", key="milk", value="oat", learned_at=NOW
    )
    assert fits({"fact": "milk", "topic": "espresso", "is": "oat"}, customer)
    assert not fits({"fact": "milk", "is": "oat"}, customer)
    assert fits({"fact": "milk", "exists": False}, customer)
    assert fits({"fact": "milk", "topic": "espresso", "exists": False}, anonymous)
    assert fits({"identified": True}, customer)
    assert fits({"identified": False}, anonymous)
    assert fits({"reachable": "email"}, customer)
    assert not fits({"reachable": "sms"}, customer)
    assert fits({"reachable": "inbox"}, anonymous)
    Address.objects.filter(customer=customer).update(suppressed_at=NOW, suppression_reason="complaint")
    assert not fits({"reachable": "email"}, customer)


@pytest.mark.parametrize("opt_in", [True, False])
@pytest.mark.parametrize("state", [None, "granted", "denied"])
def test_consent_is_what_deciding_asks(workspace: Workspace, opt_in: bool, state: str | None) -> None:
    customer = make.customer(workspace)
    category = make.category(workspace, "tips", opt_in=opt_in)
    make.category(make.workspace(), "tips", opt_in=not opt_in)
    if state:
        make.consent(customer, category, state=state)
    allowed = state == "granted" or (state is None and not opt_in)
    assert fits({"consent": "tips", "channel": "email"}, customer) is allowed


@pytest.mark.parametrize(
    ("own", "shops", "wanted", "expected"),
    [
        ("de", "en", "de", True),
        ("de-AT", "en", "de", True),
        ("DE_ch", "en", "de", True),
        ("den", "en", "de", False),
        ("", "de-DE", "de", True),
        ("en", "de", "de", False),
        ("fr", "en", ["de", "fr"], True),
    ],
)
def test_a_language_fits_its_countries(own: str, shops: str, wanted: Any, expected: bool) -> None:
    customer = make.customer(make.workspace(locale=shops), locale=own)
    assert fits({"locale": wanted}, customer) is expected


def test_a_customer_without_a_zone_is_where_the_workspace_is() -> None:
    workspace = make.workspace(timezone="Europe/Riga")
    here, there = make.customer(workspace), make.customer(workspace, timezone="Asia/Tokyo")
    assert fits({"timezone": "Europe/Riga"}, here)
    assert not fits({"timezone": "Europe/Riga"}, there)
    assert fits({"timezone": ["Asia/Tokyo", "UTC"]}, there)


def test_parts_are_joined(workspace: Workspace) -> None:
    customer = make.customer(workspace, traits={"a": 1, "b": 2})
    one, two, wrong = {"trait": "a", "is": 1}, {"trait": "b", "is": 2}, {"trait": "b", "is": 3}
    assert fits({"all": [one, two]}, customer)
    assert not fits({"all": [one, wrong]}, customer)
    assert fits({"any": [wrong, one]}, customer)
    assert not fits({"any": [wrong]}, customer)
    assert fits({"all": [{"not": wrong}, {"any": [wrong, {"all": [one, two]}]}]}, customer)


def test_needs_of_the_floor_above_are_one_more_leaf(workspace: Workspace) -> None:
    customer = make.customer(workspace)
    make_nudges.customer_need(customer, make_nudges.need(workspace), "shortlist")
    assert fits({"need": "espresso", "stage": "shortlist"}, customer)
    assert not fits({"need": "espresso", "stage": "purchase"}, customer)


@pytest.mark.parametrize(
    ("condition", "path", "remedy"),
    [
        ([], "", "write an object"),
        ({"plan": "gold"}, "", "needs one of all, any, not, trait"),
        ({"trait": "a", "is": 1, "event": "b"}, "", "mixes"),
        ({"all": []}, "all", "one or more"),
        ({"all": [{"any": "x"}]}, "all[0].any", "write a list"),
        ({"all": [{}], "x": 1}, "x", "does not belong"),
        ({"not": [1]}, "not", "write an object"),
        ({"trait": "", "is": 1}, "trait", "write a name"),
        ({"trait": "a"}, "", "exactly one test"),
        ({"trait": "a", "like": 1}, "", "choose one of is, in"),
        ({"trait": "a", "is": None}, "is", "write a text"),
        ({"trait": "a", "is": "\x00"}, "is", "write a text"),
        ({"trait": "a", "is": "\ud800"}, "is", "write a text"),
        ({"trait": "a", "is": float("inf")}, "is", "a number"),
        ({"trait": "a", "in": []}, "in", "list of 1 to"),
        ({"trait": "a", "gt": "5"}, "gt", "write a number"),
        ({"trait": "a", "gt": True}, "gt", "write a number"),
        ({"trait": "a", "before": "yesterday"}, "before", "write a date"),
        ({"trait": "a", "exists": 1}, "exists", "true or false"),
        ({"event": 5}, "event", "name of an event"),
        ({"event": "a", "within": "7 days"}, "within", "7d"),
        ({"event": "a", "at_least": -1}, "at_least", "whole number"),
        ({"event": "a", "at_least": 1, "at_most": 2}, "at_most", "does not go with"),
        ({"event": "a", "first": {"within": "1d"}, "within": "1d"}, "within", "put it inside"),
        ({"event": "a", "first": {"in": "1d"}}, "first", "longer_ago"),
        ({"event": "a", "where": [{"property": "p"}]}, "where[0]", "exactly one test"),
        ({"event": "a", "where": [{"is": "p"}]}, "where[0].property", "write the name"),
        ({"event": "a", "times": 3}, "times", "not known"),
        ({"purchased": "a", "since": "x"}, "since", "not known"),
        ({"reachable": "pigeon"}, "reachable", "email"),
        ({"consent": "nothing", "channel": "email"}, "consent", "no category"),
        ({"locale": []}, "locale", "language"),
        ({"timezone": "Mars"}, "timezone", "Europe/Riga"),
        ({"identified": "yes"}, "identified", "true or false"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_remedy(
    workspace: Workspace, condition: Any, path: str, remedy: str
) -> None:
    problems = check_condition(condition, workspace=workspace)
    assert any(problem.path == path and remedy in problem.message for problem in problems), problems
    with pytest.raises(ConditionError, match="condition|" + (path.split("[")[0] or ".")):
        customers_matching(condition, workspace=workspace, now=NOW)


def nested(depth: int) -> dict[str, Any]:
    condition: dict[str, Any] = {"identified": True}
    for _n in range(depth - 1):
        condition = {"not": condition}
    return condition


def test_depth_and_size_are_bounded(workspace: Workspace) -> None:
    assert check_condition(nested(6), workspace=workspace) == []
    assert "deep" in check_condition(nested(7), workspace=workspace)[0].message
    assert "deep" in check_condition(nested(300), workspace=workspace)[0].message
    assert "many" in check_condition({"all": [{"identified": True}] * 51}, workspace=workspace)[0].message
    assert "large" in check_condition({"trait": "a", "in": ["x" * 199] * 100}, workspace=workspace)[0].message


def test_matching_is_one_query(workspace: Workspace) -> None:
    for n in range(4):
        make.customer(workspace, traits={"n": n})
    condition = {"all": [{"trait": "n", "gt": 0}, {"not": {"event": "Order Completed", "within": "7d"}}]}
    found = customers_matching(condition, workspace=workspace, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert found.count() == 3
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({}, "Everyone."),
        ({"trait": "plan", "is": "gold"}, "Customers whose trait plan is “gold”."),
        (
            {"any": [{"identified": False}, {"all": [{"trait": "a", "gt": 5}, {"locale": "de"}]}]},
            "Customers who are anonymous or (whose trait a is more than 5 and whose language is de).",
        ),
        (
            {"event": "Viewed", "at_least": 3, "within": "7d", "where": [{"property": "p", "in": ["x", 2]}]},
            "Customers who did “Viewed” where p is one of “x”, 2 at least 3 times in the last 7 days.",
        ),
        ({"not": {"purchased": "A", "within": "1w"}}, "Customers not (who bought “A” in the last 1 week)."),
        (
            {"event": "In", "last": {"longer_ago": "30d"}},
            "Customers whose last “In” was more than 30 days ago.",
        ),
    ],
)
def test_it_is_said_in_a_sentence(condition: dict[str, Any], sentence: str) -> None:
    assert describe_condition(condition) == sentence
