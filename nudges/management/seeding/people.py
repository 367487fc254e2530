"""Invented people and what they did in the last sixty days, as events that a shop's client would have sent.

Everything follows from one seeded generator and from `now`, so that two machines tell the same stories.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from django.utils.text import slugify

from engagement.events import IncomingEvent
from nudges.management.seeding.ground import read_data

SEED = 20261121
HOW_MANY = 320
DAYS = 60
PLACES = [
    ("Europe/Berlin", "de"),
    ("Europe/Berlin", "en"),
    ("Europe/Vienna", "de"),
    ("Europe/London", "en"),
    ("Europe/Oslo", "en"),
]
# How far a story goes, how often, and how many days it takes to get there.
STORIES = [
    ("aware", 26, 2),
    ("shortlist", 29, 6),
    ("cart", 11, 8),
    ("bought", 27, 9),
    ("returned", 3, 14),
    ("glance", 4, 1),
]
TERMS = {
    "running-shoes": ["running shoes", "wide running shoe", "tern 2", "first running shoe"],
    "trail-shoes": ["trail shoes", "shoes for mud", "ibex"],
    "rain-jacket": ["rain jacket", "waterproof running jacket", "shell"],
    "night-light": ["headlamp", "running light", "lamp for trails"],
    "long-run-carry": ["running vest", "hydration vest", "bottle belt"],
}
SHARES = {"running-shoes": 38, "trail-shoes": 18, "rain-jacket": 22, "night-light": 12, "long-run-carry": 10}


class Person(NamedTuple):
    """`id` is the shop's; empty for somebody who never signed in. `anonymous_id` is of the browser used first."""

    id: str
    anonymous_id: str
    name: str
    email: str
    timezone: str
    locale: str


class Deed(NamedTuple):
    """Something done `days` after a story begins."""

    days: float
    name: str
    properties: dict[str, Any]


def shop_id(email: str) -> str:
    """The demo shop's own rule, so that signing in there as one of them continues their story."""
    return "u_" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]


def make_people() -> tuple[list[Person], dict[str, Person]]:
    """Everybody, and the authors of reviews among them by first name."""
    rng = Random(SEED)  # noqa: S311 - stories, not secrets
    names = read_data("people")
    authors: dict[str, Person] = {}
    for row in read_data("reviews"):
        authors.setdefault(
            row["author"], person(rng, row["author"], rng.choice(names["last"]), signed_in=True)
        )
    others = [
        person(rng, rng.choice(names["first"]), rng.choice(names["last"]), signed_in=rng.random() > 0.16)
        for _ in range(HOW_MANY - len(authors))
    ]
    return [*authors.values(), *others], authors


def person(rng: Random, first: str, last: str, *, signed_in: bool) -> Person:
    number = rng.randrange(10, 99)
    # In ASCII, as nearly every address is: many mail servers take no other.
    email = f"{slugify(first)}.{slugify(last)}{number}@example.org" if signed_in else ""
    timezone, locale = rng.choice(PLACES)
    anonymous_id = f"{rng.getrandbits(128):032x}"
    name = f"{first} {last}" if signed_in else ""
    return Person(shop_id(email) if signed_in else "", anonymous_id, name, email, timezone, locale)


def make_events(people: list[Person], authors: dict[str, Person], *, now: datetime) -> list[IncomingEvent]:
    """What everybody did, in the order in which it happened, nothing after `now`."""
    rng = Random(SEED + 1)  # noqa: S311 - stories, not secrets
    events: list[IncomingEvent] = []
    for one in people:
        begun = now - timedelta(
            days=DAYS * math.sqrt(rng.random()) if rng.random() < 0.35 else DAYS * rng.random()
        )
        deeds = [(begun, deed) for deed in story(rng)]
        if rng.random() < 0.22:
            deeds += [(begun + timedelta(days=rng.uniform(1, 20)), deed) for deed in story(rng)]
        events += tell(one, rng, deeds, now)
    for row in sorted(read_data("reviews"), key=lambda row: -row["days"]):
        at = now - timedelta(days=row["days"] + 16)
        author = authors[row["author"]]
        # Once each: the later ones have the same message id.
        events.append(identify(author, at, joins=False))
        if row["bought"]:
            events.append(ordered(author, row["sku"], at))
    return sorted(events, key=lambda event: event.occurred_at)


def story(rng: Random) -> Iterator[Deed]:
    """One need of one person, as far as it goes."""
    need = rng.choices(list(SHARES), list(SHARES.values()))[0]
    reach, _, length = rng.choices(STORIES, [weight for _, weight, _ in STORIES])[0]
    pace = length * rng.uniform(0.5, 1.4) / 6
    shelf = products_of(need)
    favourite = rng.choice(shelf)
    yield Deed(
        0, "Product List Viewed", {"list_id": favourite["category"], "category": favourite["category"]}
    )
    yield Deed(0.004, "Product Viewed", favourite)
    if reach == "glance":
        return
    if rng.random() < 0.6:
        yield Deed(0.002, "Products Searched", {"query": rng.choice(TERMS[need])})
    yield Deed(pace, "Product Viewed", rng.choice(shelf))
    if reach == "aware":
        return
    yield from shortlist(rng, need, shelf, favourite, pace)
    if reach != "shortlist":
        yield from purchase(rng, need, favourite, pace, reach)


def shortlist(
    rng: Random, need: str, shelf: list[dict[str, Any]], favourite: dict[str, Any], pace: float
) -> Iterator[Deed]:
    for n in range(rng.randint(2, 4)):
        yield Deed(pace * (1.5 + n * 0.6), "Product Viewed", rng.choice([favourite, rng.choice(shelf)]))
    if rng.random() < 0.7:
        yield Deed(pace * 2, "Guide Read", {"need": need, "stage": "shortlist"})
    if rng.random() < 0.4:
        yield Deed(pace * 2.01, "Guide Checked", {"need": need, "stage": "shortlist", "on": True})
    yield Deed(pace * 3, "Product Added to Wishlist", favourite)


def purchase(rng: Random, need: str, favourite: dict[str, Any], pace: float, reach: str) -> Iterator[Deed]:
    yield Deed(pace * 4.5, "Product Added", favourite | {"quantity": 1})
    yield Deed(pace * 4.51, "Cart Viewed", {"products": [favourite]})
    yield Deed(pace * 4.6, "Checkout Started", {"products": [favourite], "currency": "EUR"})
    if reach == "cart":
        return
    order = {
        "order_id": f"L-{rng.getrandbits(32):08X}",
        "products": [favourite | {"quantity": 1}],
        "currency": "EUR",
    }
    yield Deed(pace * 4.62, "Order Completed", order | {"total": favourite["price"]})
    if rng.random() < 0.5:
        yield Deed(pace * 4.62 + 4, "Guide Read", {"need": need, "stage": "post_purchase"})
    if reach == "returned":
        yield Deed(pace * 4.62 + 8, "Order Refunded", order)


def products_of(need: str) -> list[dict[str, Any]]:
    data = read_data("catalogue")
    names = {row["slug"]: row["name"] for row in data["categories"] if row["need"] == need}
    return [
        {
            "product_id": row["sku"],
            "name": row["name"],
            "category": names[row["category"]],
            "price": float(row["price"]),
        }
        for row in data["products"]
        if row["category"] in names and row.get("kind", "own") == "own"
    ]


def tell(
    one: Person, rng: Random, deeds: list[tuple[datetime, Deed]], now: datetime
) -> Iterator[IncomingEvent]:
    """A person's deeds as events; some sign in only after a while, and what they did before is joined to them."""
    told = sorted(
        ((begun + timedelta(days=deed.days), deed) for begun, deed in deeds), key=lambda pair: pair[0]
    )
    told = [(at, deed) for at, deed in told if at < now]
    signs_in_after = 0 if rng.random() < 0.7 else rng.randint(1, 4)
    for place, (at, deed) in enumerate(told):
        is_known = bool(one.id) and place >= signs_in_after
        if is_known and place == signs_in_after:
            yield identify(one, at - timedelta(seconds=5), joins=place > 0)
        yield IncomingEvent(
            type="track",
            name=deed.name,
            message_id=f"demo-{one.anonymous_id[:12]}-{place}",
            occurred_at=at,
            properties=deed.properties,
            user_id=one.id if is_known else None,
            anonymous_id=None if is_known else one.anonymous_id,
        )


def identify(one: Person, at: datetime, *, joins: bool) -> IncomingEvent:
    traits = {"name": one.name, "email": one.email, "timezone": one.timezone, "locale": one.locale}
    return IncomingEvent(
        type="identify",
        name="",
        message_id=f"demo-{one.anonymous_id[:12]}-identify",
        occurred_at=at,
        user_id=one.id,
        anonymous_id=one.anonymous_id if joins else None,
        traits=traits,
    )


def ordered(one: Person, sku: str, at: datetime) -> IncomingEvent:
    """What makes a review verified."""
    row = next(row for row in read_data("catalogue")["products"] if row["sku"] == sku)
    item = {"product_id": sku, "name": row["name"], "price": float(row["price"]), "quantity": 1}
    return IncomingEvent(
        type="track",
        name="Order Completed",
        message_id=f"demo-{one.anonymous_id[:12]}-{sku}",
        occurred_at=at,
        properties={
            "order_id": f"L-{one.anonymous_id[:6]}-{sku}",
            "products": [item],
            "total": item["price"],
        },
        user_id=one.id,
    )
