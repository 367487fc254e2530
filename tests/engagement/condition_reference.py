"""The condition language once more, slow and obviously right: one customer at a time, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ABSENT = object()


@dataclass
class Happened:
    name: str
    at: datetime
    properties: dict[str, Any]


@dataclass
class Person:
    """All that a condition may ask of one customer."""

    traits: dict[str, Any] = field(default_factory=dict)
    events: list[Happened] = field(default_factory=list)
    facts: dict[tuple[str, str], Any] = field(default_factory=dict)
    external_id: str | None = "x"
    locale: str = ""
    timezone: str = ""
    usable: set[str] = field(default_factory=set)
    consents: dict[str, str] = field(default_factory=dict)


@dataclass
class Shop:
    locale: str
    timezone: str
    opt_in: bool
    catalogue: dict[str, str]


def fits(node: dict[str, Any], person: Person, shop: Shop, now: datetime) -> bool:
    if not node:
        return True
    if "all" in node:
        return all(fits(part, person, shop, now) for part in node["all"])
    if "any" in node:
        return any(fits(part, person, shop, now) for part in node["any"])
    if "not" in node:
        return not fits(node["not"], person, shop, now)
    [kind] = [key for key in LEAVES if key in node]
    return LEAVES[kind](node, person, shop, now)


def at_path(value: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return ABSENT
        value = value[key]
    return value


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def holds(value: Any, leaf: dict[str, Any]) -> bool:
    [test] = [key for key in TESTS if key in leaf]
    wanted = leaf[test]
    if test == "exists":
        return (value is not ABSENT and value is not None) == wanted
    if value is ABSENT:
        return False
    return TESTS[test](value, wanted)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(same(item, wanted) for item in value)
    return isinstance(value, str) and isinstance(wanted, str) and wanted.lower() in value.lower()


def moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or len(text) < 10:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def scalar(value: Any) -> bool:
    return isinstance(value, str | bool) or is_number(value)


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "exists": lambda value, wanted: True,
    "is": same,
    "in": lambda value, wanted: scalar(value) and any(same(value, item) for item in wanted),
    "contains": contains,
    "gt": lambda value, wanted: is_number(value) and value > wanted,
    "gte": lambda value, wanted: is_number(value) and value >= wanted,
    "lt": lambda value, wanted: is_number(value) and value < wanted,
    "lte": lambda value, wanted: is_number(value) and value <= wanted,
    "before": lambda value, wanted: (at := moment(value)) is not None and at < moment(wanted),
    "after": lambda value, wanted: (at := moment(value)) is not None and at > moment(wanted),
}


def span(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * {"m": 60, "h": 3600, "d": 86400, "w": 604800}[text[-1]])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def events_of(person: Person, names: list[str], leaf: dict[str, Any], now: datetime) -> list[Happened]:
    since = now - span(leaf["within"]) if "within" in leaf else None
    return [
        one
        for one in person.events
        if one.name in names and one.at <= now and (since is None or one.at > since)
    ]


def event(leaf: dict[str, Any], person: Person, shop: Shop, now: datetime) -> bool:
    found = [
        one
        for one in events_of(person, listed(leaf["event"]), leaf, now)
        if all(holds(at_path(one.properties, test["property"]), test) for test in leaf.get("where", []))
    ]
    for end, choose in (("first", min), ("last", max)):
        if end in leaf:
            return bool(found) and when(choose(one.at for one in found), leaf[end], now)
    if "at_most" in leaf:
        return len(found) <= leaf["at_most"]
    if "exactly" in leaf:
        return len(found) == leaf["exactly"]
    return len(found) >= leaf.get("at_least", 1)


def when(at: datetime, test: dict[str, str], now: datetime) -> bool:
    [(key, text)] = test.items()
    if key == "within":
        return at > now - span(text)
    if key == "longer_ago":
        return at <= now - span(text)
    return at < moment(text) if key == "before" else at > moment(text)


def bought(leaf: dict[str, Any], person: Person, now: datetime) -> list[dict[str, Any]]:
    return [
        item
        for order in events_of(person, ["Order Completed"], leaf, now)
        for item in order.properties.get("products", [])
    ]


def purchased(leaf: dict[str, Any], person: Person, shop: Shop, now: datetime) -> bool:
    items = bought(leaf, person, now)
    return any(leaf["purchased"] in (item.get("product_id"), item.get("sku")) for item in items)


def purchased_category(leaf: dict[str, Any], person: Person, shop: Shop, now: datetime) -> bool:
    wanted = leaf["purchased_category"]
    skus = {sku for sku, category in shop.catalogue.items() if category == wanted}
    return any(
        item.get("category") == wanted or item.get("product_id") in skus or item.get("sku") in skus
        for item in bought(leaf, person, now)
    )


def consent(leaf: dict[str, Any], person: Person, shop: Shop, now: datetime) -> bool:
    word = person.consents.get(leaf["channel"])
    return word == "granted" if shop.opt_in else word != "denied"


def locale(leaf: dict[str, Any], person: Person, shop: Shop, now: datetime) -> bool:
    own = (person.locale or shop.locale).lower().replace("_", "-")
    return any(
        own == wanted.lower() or own.startswith(wanted.lower() + "-") for wanted in listed(leaf["locale"])
    )


LEAVES: dict[str, Callable[[dict[str, Any], Person, Shop, datetime], bool]] = {
    "trait": lambda leaf, person, shop, now: holds(at_path(person.traits, leaf["trait"]), leaf),
    "fact": lambda leaf, person, shop, now: holds(
        person.facts.get((leaf.get("topic", ""), leaf["fact"]), ABSENT), leaf
    ),
    "event": event,
    "purchased": purchased,
    "purchased_category": purchased_category,
    "identified": lambda leaf, person, shop, now: (person.external_id is not None) == leaf["identified"],
    "reachable": lambda leaf, person, shop, now: (
        leaf["reachable"] in ("inbox", "staff_task") or leaf["reachable"] in person.usable
    ),
    "consent": consent,
    "locale": locale,
    "timezone": lambda leaf, person, shop, now: (
        (person.timezone or shop.timezone) in listed(leaf["timezone"])
    ),
}
